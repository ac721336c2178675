"""What a step of one's own refers to is known here: nothing that cannot be looked up stays in the record."""

import pytest
from support_matters import DS590, step
from support_stop import OCTOBER, Pair

from entente.domain.agreement.instants import format_instant
from entente.node.desk import check_refs
from entente.node.errors import UsageError

DAY = 86_400_000


def unknown(pair: Pair, *refs: str) -> bool:
    try:
        check_refs(pair.kr.node, pair.kr.ledger, refs)
    except UsageError as error:
        assert error.code == "NO_SUCH_REF"
        assert refs[-1] in str(error)
        return True
    return False


def test_acts_matters_items_and_documents_may_be_referred_to(october: Pair) -> None:
    pair = october
    matter = step(pair.jp, "measure", "announce", **DS590)
    pair.jp.release()
    pair.kr.release()
    pair.carry()
    items = {row.direction: row.item for row in pair.kr.node.store.register()}
    assert set(items) == {"given", "held"}
    (document,) = pair.kr.ledger.projection.documents.values()
    refs = (matter, "kr-1", "jp-1", *items.values(), pair.kr.ledger.agreement.hex(), document.name)
    assert not unknown(pair, *refs)
    assert not unknown(pair)


@pytest.mark.parametrize("ref", ["nope-1", "kr-99", "jp-measure-9", "0" * 64])
def test_what_nobody_here_knows_is_not_referred_to(pair: Pair, ref: str) -> None:
    assert unknown(pair, "kr-1", ref)


def test_of_a_drawn_number_nobody_is_told_whether_it_is_there(october: Pair) -> None:
    """It may be a statement under embargo, and the desk that wrote it may refer to it."""
    pair = october
    until = format_instant(OCTOBER + DAY)
    name = step(pair.jp, "statement", "issue", title={"en": "Later"}, attribution="on_record", embargo=until,
                texts={"en": "Later."})  # fmt: skip
    pair.carry()
    assert not unknown(pair, name)
    assert not unknown(pair, "jp-statement-12345678")
    assert unknown(pair, "jp-statement-7")

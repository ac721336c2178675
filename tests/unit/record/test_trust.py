"""Which keys count where: by position, under the root that people confirmed."""

import pytest
from builder import Party

from entente.record.trust import KeyHistory
from entente.sealing.errors import BadSignatureError, BadStatementError
from entente.sealing.identity import parse_root
from entente.sealing.signing import NodeKey

KR = Party("kr")


def history(*statements: tuple[int, int]) -> KeyHistory:
    """Statements as (position, number)."""
    keys = KR.history()
    for seq, number in statements:
        keys = keys.apply(seq, *KR.statement(number))
    return keys


def number_at(keys: KeyHistory, seq: int) -> int | None:
    statement = keys.at(seq)
    return statement.number if statement else None


def test_no_key_counts_before_the_first_statement() -> None:
    assert KR.history().at(0) is None
    assert KR.history().newest is None
    assert KR.history().checkpoint_key(1) is None
    assert KR.history().office(0, "office", "bind") is None


def test_a_statement_counts_from_its_own_entry_until_the_next() -> None:
    keys = history((0, 1), (7, 2), (9, 5))
    assert [number_at(keys, seq) for seq in (0, 6, 7, 8, 9, 1000)] == [1, 1, 2, 2, 5, 5]
    assert keys.newest is not None
    assert keys.newest.number == 5


def test_a_checkpoint_is_signed_by_the_key_of_its_last_entry() -> None:
    second = NodeKey.from_secret(bytes([9]) * 32)
    keys = history((0, 1)).apply(7, *KR.statement(2, checkpoint=second))
    assert keys.checkpoint_key(7) == KR.checkpoint.public
    assert keys.checkpoint_key(8) == second.public


def test_applying_a_statement_leaves_the_history_before_as_it_was() -> None:
    before = history((0, 1))
    before.apply(5, *KR.statement(2))
    assert number_at(before, 5) == 1


@pytest.mark.parametrize("number", [1, 2])
def test_the_number_of_a_statement_must_rise(number: int) -> None:
    with pytest.raises(BadStatementError):
        history((0, 2)).apply(1, *KR.statement(number))


def test_a_statement_must_come_later_in_the_log() -> None:
    with pytest.raises(ValueError, match="after one at entry 3"):
        history((3, 1)).apply(3, *KR.statement(2))


def test_a_statement_by_another_root_is_refused() -> None:
    with pytest.raises(BadSignatureError):
        KR.history().apply(0, *Party("jp").statement())


def test_a_statement_counts_only_under_the_root_digest_that_was_confirmed() -> None:
    keys = KeyHistory.start(parse_root(KR.card), bytes(32))
    with pytest.raises(BadStatementError):
        keys.apply(0, *KR.statement())


def test_an_altered_statement_is_refused() -> None:
    data, signature = KR.statement()
    with pytest.raises(BadSignatureError):
        KR.history().apply(0, data.replace(b"office", b"0ffice"), signature)


def test_an_office_counts_where_it_is_named_and_in_the_role_it_has() -> None:
    keys = KR.history().apply(0, *KR.statement(1, roles=("bind",))).apply(4, *KR.statement(2, roles=("release",)))
    assert keys.office(3, "office", "bind") == KR.office.public
    assert keys.office(3, "office", "release") is None
    assert keys.office(4, "office", "bind") is None
    assert keys.office(4, "office", "release") == KR.office.public
    assert keys.office(4, "another", "release") is None

"""A peer's entries that are well-formed and mean nothing: kept, refused by name, and never an accident."""

from collections.abc import Callable

import msgspec
import pytest
from support_pair import Forger, outcome, refusals
from support_stop import Pair

from entente.node import releases
from entente.node.agreements import epoch_for
from entente.node.commit import Work
from entente.record.bodies import (
    Approval,
    EpochSetup,
    Received,
    ReceivedOf,
    SealingAnnouncement,
    Transfer,
    TransferHeader,
)
from entente.record.envelope import SALT, Delivery, Wrap
from entente.record.frames import encode_frame
from entente.sealing.canonical import decode, encode
from entente.sealing.seal import EpochSeal, ItemSeal, SealingKey, WrapBinding
from entente.sealing.signing import Signature


def announcement(**changes: object) -> bytes:
    key = SealingKey.generate().public
    announced = SealingAnnouncement("E1", key.id, key.mlkem768, key.x25519)
    return encode(msgspec.structs.replace(announced, **changes))


MEANINGLESS = {
    "an unknown kind": ("gossip", b"anything", "UNKNOWN_KIND"),
    "a sealing key that is no structure": ("sealing", b"\xc0", "MALFORMED"),
    "a sealing key of another suite": ("sealing", announcement(suite="E9"), "UNKNOWN_SUITE"),
    "a sealing key that is none": ("sealing", announcement(mlkem768=bytes(7)), "BAD_KEY"),
    "a sealing key under another's id": ("sealing", announcement(key=bytes(8)), "MALFORMED"),
    "an epoch that is no structure": ("epoch", b"\x93", "MALFORMED"),
    "an epoch of another suite": ("epoch", encode(EpochSetup("E9", "kr", bytes(8), bytes(8), b"")), "UNKNOWN_SUITE"),
    "an act that is no structure": ("act", b"{}", "MALFORMED"),
    "a document that is none": ("document", b"schema =", "MALFORMED"),
    "a receipt of what is not there": (
        "received",
        encode(Received((ReceivedOf("kr", "0" * 16, ((0, 2**40),), ()),))),
        "MALFORMED",
    ),
    "a receipt backwards": ("received", encode(Received((ReceivedOf("kr", "0" * 16, ((2, 1),), ()),))), "MALFORMED"),
}


@pytest.mark.parametrize("what", MEANINGLESS)
def test_an_entry_without_meaning_is_kept_and_refused_by_name(pair: Pair, what: str) -> None:
    kind, body, code = MEANINGLESS[what]
    forger = Forger(pair.jp, pair.jp.ledger.agreement)
    before = pair.kr.ledger.sealing["jp"]
    pair.kr.arriving([encode_frame(forger.frame(forger.entry(kind, body)))])
    log = pair.kr.ledger.current("jp")
    assert log is not None
    assert log.row.size == forger.frontier.size
    assert list(refusals(pair.kr).values()) == [code]
    assert pair.kr.ledger.sealing["jp"] == before
    assert pair.kr.release()


Change = Callable[[TransferHeader], TransferHeader]


def item(pair: Pair, change: Change = lambda header: header, *, approve: Callable[[bytes], tuple] | None = None,
         extra: int = 0, twice: bool = False) -> list[str]:  # fmt: skip
    """Give kr an item as jp's software could if it were in bad hands; returns the answers in kr's receipts."""
    jp, kr, ledger = pair.jp, pair.kr, pair.jp.ledger
    draft = jp.compose(b"a payload")
    header = change(draft.header)
    data = encode(header)
    forged = releases.Draft(data, header, draft.content_key, draft.inline)
    approvals = approve(data) if approve else jp.approve(forged)

    def find(unit: Work) -> tuple[bytes, EpochSeal]:
        assert ledger.own is not None
        return epoch_for(jp.node, unit, ledger, ledger.own, "kr")

    epoch, epoch_seal = jp.node.committer.run(find)
    seal = ItemSeal(draft.content_key, ledger.agreement, "jp", header.item)
    pair.carry()
    known = kr.ledger.current("jp")
    assert known is not None
    forger = Forger(jp, ledger.agreement)
    forger.frontier, forger.first = known.frontier, known.row.size  # as kr has it, with what was forged before
    bodies = [encode(Transfer(data, approvals)), b"a payload", *[b"more"] * extra]

    def entry() -> Delivery:
        binding = WrapBinding(ledger.agreement, header.terms, "jp", "kr", header.item, forged.digest, epoch)
        nonce, key = epoch_seal.wrap(draft.content_key, binding)
        carried = Wrap("kr", epoch, header.item, header.terms, forged.digest, nonce, key)
        made = forger.entry("transfer", *bodies, wrap=carried, precedence=header.precedence, reality=header.reality,
                            payload=0)  # fmt: skip
        clear = [body.data for body in made.bodies if body]
        sealed = tuple(
            msgspec.structs.replace(
                body,
                sealed=True,
                data=seal.seal(place, clear[place]),
            )
            for place, body in enumerate(made.bodies)
            if body
        )  # fmt: skip
        return msgspec.structs.replace(made, bodies=sealed)

    deliveries = [entry(), entry()] if twice else [entry()]
    pair.kr.arriving([encode_frame(forger.frame(*deliveries))])
    own = kr.ledger.own
    assert own is not None
    answers = []
    for row in kr.node.store.entries(own.row.id, 0, 10_000):
        if row.kind == "received":
            receipt = decode(Received, kr.node.store.bodies(own.row.id, row.seq)[0][1][SALT:])
            for of in receipt.of:
                numbers = range(forger.first, forger.frontier.size)
                answers += [
                    f"taken {seq}" for low, high in of.accepted for seq in range(low, high + 1) if seq in numbers
                ]
                answers += [refused.code for refused in of.refused if refused.seq in numbers]
    return answers


def test_the_forger_makes_items_that_are_taken_where_nothing_is_changed(pair: Pair) -> None:
    (answer,) = item(pair)
    assert answer.startswith("taken")


def payload(**changes: object) -> Change:
    return lambda header: msgspec.structs.replace(header, payload=msgspec.structs.replace(header.payload, **changes))


BAD_HEADERS: dict[str, tuple[Change, str]] = {
    "a salt of another length": (payload(salt=b"short"), "SEAL"),
    "another digest": (payload(digest=bytes(32)), "SEAL"),
    "another size": (payload(size=3), "SEAL"),
    "a negative size": (payload(size=-1), "SEAL"),
    "segments that are not there": (payload(segments=2), "SEAL"),
    "another agreement": (lambda header: msgspec.structs.replace(header, agreement=bytes(32)), "SEAL"),
    "another sender": (lambda header: msgspec.structs.replace(header, sender="kr"), "SEAL"),
}


@pytest.mark.parametrize("what", BAD_HEADERS)
def test_an_item_whose_parts_contradict_one_another_is_refused_and_not_kept(pair: Pair, what: str) -> None:
    change, code = BAD_HEADERS[what]
    held = len(pair.kr.node.store.register("held"))
    assert item(pair, change) == [code]
    assert len(pair.kr.node.store.register("held")) == held


def test_an_item_with_more_bodies_than_an_item_has_is_refused(pair: Pair) -> None:
    assert item(pair, extra=1) == ["SEAL"]


def test_an_item_not_addressed_to_us_in_its_header_is_refused(pair: Pair) -> None:
    answers = item(pair, lambda header: msgspec.structs.replace(header, recipients=("us",)))
    assert len(answers) == 1
    assert not answers[0].startswith("taken")


@pytest.mark.parametrize("what", ["none", "no structure", "unsigned", "another header", "an office that may not"])
def test_an_item_without_an_approval_that_holds_is_refused(pair: Pair, what: str) -> None:
    jp = pair.jp

    def approve(data: bytes) -> tuple[Approval, ...]:
        header = decode(TransferHeader, data)
        good = jp.approve(releases.Draft(data, header, b"", None))[0]
        other = jp.approve(jp.compose(b"something else"))[0]
        statement = releases.approval_statement(jp.node, releases.Draft(data, header, b"", None), "treaty", "x")
        return {
            "none": (),
            "no structure": (Approval(b"\xc1", good.signature),),
            "unsigned": (Approval(good.statement, Signature("E1", b"", b"")),),
            "another header": (other,),
            "an office that may not": (Approval(statement, jp.office("treaty").sign("approval", statement)),),
        }[what]

    (answer,) = item(pair, approve=approve)
    assert not answer.startswith("taken")


def test_an_item_id_is_taken_once(pair: Pair) -> None:
    first, second = sorted(item(pair, twice=True))
    assert (first, second[:5]) == ("DUPLICATE", "taken")


def test_an_item_id_of_another_day_is_taken_once(pair: Pair) -> None:
    pair.jp.release()
    pair.carry()
    taken = pair.kr.node.store.register("held")[-1].item
    assert item(pair, lambda header: msgspec.structs.replace(header, item=taken)) == ["DUPLICATE"]


def test_a_log_goes_on_after_an_item_that_was_refused(pair: Pair) -> None:
    assert outcome(lambda: item(pair, payload(salt=b""))) == "TAKEN"
    log = pair.kr.ledger.current("jp")
    assert log is not None
    assert "log/jp" not in pair.kr.node.alarms

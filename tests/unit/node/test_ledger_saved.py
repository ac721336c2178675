"""A rolled-back transaction leaves a ledger as it was: whatever was fed to it, and whoever holds it or a log of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_ledger import picture
from support_pair import Forger, outcome
from support_standing import approve, under
from support_stop import AGREEMENT, OCTOBER, Pair, Party, copy_template, open_pair

from entente.node import agreements, standing
from entente.node.clock import SimulatedClock
from entente.node.commit import Fresh, SaltedBody, Work, salted
from entente.node.errors import NodeError
from entente.record.bodies import (
    EpochSetup,
    NationalHead,
    Received,
    ReceivedOf,
    Refused,
    SealingAnnouncement,
    SignedAct,
    SignedRevocation,
    SignedStanding,
    Signer,
)
from entente.record.envelope import parse_envelope
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode
from entente.sealing.seal import SealingKey

Step = Callable[[Work], object]


class RolledBackError(Exception):
    """Ends a transaction that is not to stand."""


@pytest.fixture(scope="module")
def shared(template: Path) -> Iterator[Pair]:
    """One pair for all: what is tried with it never stands."""
    with TemporaryDirectory() as folder:
        base = copy_template(template, Path(folder) / "nodes")
        both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
        under(both.jp, approve(both.jp))
        both.carry()
        both.jp.act("declare_reading", reading="spent")
        yield both
        both.close()


def bodies(*given: bytes) -> list[SaltedBody]:
    return [salted(each) for each in given]


def steps(party: Party) -> dict[str, list[Fresh]]:
    """An entry of every kind that a party's own log can have, by what it is."""
    ledger, node = party.ledger, party.node
    own, theirs = ledger.own, ledger.current(party.peer)
    assert own is not None
    assert theirs is not None
    key = SealingKey.generate().public
    office = party.office("treaty")
    draft = agreements.prepare_act(node, ledger, "declare_reading", reading="asleep").data
    now = node.instant()
    asked = standing.ItemClass(("text/plain",), "秘", ("missile-warning",), (party.peer,), ("FLASH",), ("exercise",),
                               (), 10, now, now + 1000)  # fmt: skip
    statement = encode(standing.prepare(node, ledger, asked, (Signer("release", "p1"),)))
    held = next(name for by, name in ledger.projection.standings.records if by == party.party)
    ended = encode(standing.prepare_revocation(node, ledger, held, "release", "p2"))
    release = party.office("release")
    everything = ((0, theirs.row.size - 1),)
    document = AGREEMENT.read_bytes() + b"\n# amended\n"
    return {
        "national": [Fresh("national", bodies(encode(NationalHead(bytes(32)))))],
        "sealing": [Fresh("sealing", bodies(encode(SealingAnnouncement("E1", key.id, key.mlkem768, key.x25519))))],
        "epoch": [Fresh("epoch", bodies(encode(EpochSetup("E1", party.peer, b"an epoch", key.id, b"sealed"))))],
        "document": [Fresh("document", bodies(document))],
        "act": [Fresh("act", bodies(encode(SignedAct(draft, "treaty", office.sign("act", draft), None))))],
        "received": [Fresh("received", bodies(encode(Received((ReceivedOf(*theirs.name, everything, ()),)))))],
        "refused": [
            Fresh("received", bodies(encode(Received((ReceivedOf(*theirs.name, (), (Refused(3, "OTHER"),)),)))))
        ],
        "standing": [
            Fresh("standing", bodies(encode(SignedStanding(statement, (release.sign("standing", statement),)))))
        ],
        "revocation": [Fresh("revocation", bodies(encode(SignedRevocation(ended, release.sign("revocation", ended)))))],
        "transfer": [Fresh("transfer", bodies(b"sealed"), "ROUTINE", "exercise")] * 3,
        "ill-formed": [Fresh("sealing", bodies(b"\xc0"))],
    }


def fed(party: Party, kind: str, entries: Sequence[Fresh]) -> Step:
    """The peer's log goes on by these entries: fed to the ledger as they come in, one of them without its body."""

    def step(unit: Work) -> None:
        ledger = party.ledger
        log = ledger.current(party.peer)
        assert log is not None
        unit.touch(ledger)
        for entry in entries:
            seq = ledger.projection.next_seq[log.name]
            forger = Forger(party, ledger.agreement)
            data = forger.entry(entry.kind, *(each.body for each in entry.bodies), writer=party.peer,
                                incarnation=log.row.incarnation, seq=seq, precedence=entry.precedence,
                                reality=entry.reality, seen=ledger.seen()).envelope  # fmt: skip
            withheld = kind in ("standing", "revocation")
            ledger.take(log, parse_envelope(data), [None if withheld else each.body for each in entry.bodies])
            log.row = log.row._replace(size=seq + 1, last_instant=party.node.instant())

    return step


def written(party: Party, entries: Sequence[Fresh]) -> Step:
    return lambda unit: unit.append_all(party.ledger, party.ledger.logs[party.ledger.own.name], entries)  # type: ignore[union-attr]


KINDS = ("national", "sealing", "epoch", "document", "act", "received", "refused", "standing", "revocation",
         "transfer", "ill-formed")  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(given=st.lists(st.tuples(st.booleans(), st.sampled_from(KINDS)), min_size=1, max_size=6))
def test_a_ledger_is_the_one_before_whatever_was_fed_to_it_in_a_transaction_that_is_rolled_back(
    shared: Pair, made: dict[str, list[Fresh]], given: list[tuple[bool, str]]
) -> None:
    jp, own = shared.jp, shared.jp.ledger.own
    before, ledger, logs = picture(jp.ledger), jp.ledger, list(jp.ledger.logs.values())

    def work(unit: Work) -> None:
        for mine, kind in given:
            (written(jp, made[kind]) if mine else fed(jp, kind, made[kind]))(unit)
        raise RolledBackError

    with suppress(RolledBackError, NodeError):
        jp.node.committer.run(work)
    assert picture(jp.ledger) == before
    assert jp.ledger is ledger
    assert jp.ledger.own is own
    assert all(one is other for one, other in zip(jp.ledger.logs.values(), logs, strict=True))


@pytest.fixture(scope="module")
def made(shared: Pair) -> dict[str, list[Fresh]]:
    return steps(shared.jp)


def test_the_ledger_is_another_while_the_transaction_lasts(shared: Pair, made: dict[str, list[Fresh]]) -> None:
    """Or the rule above would hold of anything: every kind is seen to change it."""
    jp = shared.jp
    for mine in (True, False):
        for kind in KINDS:
            before = picture(jp.ledger)
            seen = []

            def work(unit: Work, mine: bool = mine, kind: str = kind, seen: list[Any] = seen) -> None:
                with suppress(NodeError):
                    (written(jp, made[kind]) if mine else fed(jp, kind, made[kind]))(unit)
                seen.append(picture(jp.ledger))
                raise RolledBackError

            with pytest.raises(RolledBackError):
                jp.node.committer.run(work)
            assert seen[0] != before, (mine, kind)


def test_a_ledger_begun_in_a_transaction_that_is_rolled_back_is_not_there_and_can_be_begun_again(pair: Pair) -> None:
    """A proposal whose document does not come: nothing of it stands, and the next frame opens it."""
    data = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "begun"')
    ledger = agreements.propose(pair.jp.node, data)
    frames = pair.jp.leaving()
    before = set(pair.kr.node.ledgers)
    forger = Forger(pair.jp, ledger.agreement)
    (frame,) = [each for each in map(_decoded, frames) if each.agreement == ledger.agreement]
    document = next(each for each in frame.deliveries if parse_envelope(each.envelope).kind == "document")
    other = tuple(each for each in frame.deliveries if each is not document)
    wrong = msgspec.structs.replace(frame, checkpoint=forger.checkpoint(key=pair.kr.node.keyring.checkpoint))
    for bad in (wrong, msgspec.structs.replace(frame, deliveries=other)):
        assert outcome(lambda bad=bad: pair.kr.arriving([encode_frame(bad)])) != "TAKEN"  # type: ignore[misc]
        assert set(pair.kr.node.ledgers) == before
        assert [row.agreement for row in pair.kr.node.store.logs()].count(ledger.agreement) == 0
    pair.kr.arriving(frames)
    assert pair.kr.node.ledgers[ledger.agreement].document is not None


def _decoded(data: bytes) -> Any:
    from entente.record.frames import decode_frame

    return decode_frame(data)

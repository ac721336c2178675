"""Standing releases between two nodes: what they cover goes without a signature, at once, and not a moment longer."""

import shutil
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from support_pair import Forger, outcome, pair_under
from support_standing import HOUR, approve, item_at, revoke, under
from support_stop import AGREEMENT, OCTOBER, Pair, verified

from entente.node import releases, standing
from entente.node.evidence import export
from entente.node.ledger import clear_bodies
from entente.record.bodies import (
    Received,
    RevocationStatement,
    SignedRevocation,
    SignedStanding,
    Signer,
    StandingStatement,
)
from entente.record.evidence import MAGIC
from entente.record.frames import Entries, encode_frame, read_frames
from entente.record.report import Report
from entente.record.verify import verify
from entente.sealing.canonical import decode, encode


def states(pair: Pair) -> list[str]:
    """How jp's items stand in jp's register after everything was carried."""
    pair.carry()
    return [row.state for row in pair.jp.node.store.register("given")][1:]


def test_a_warning_under_a_standing_release_is_accepted_and_verified_without_an_approval(
    pair: Pair, tmp_path: Any
) -> None:
    name = approve(pair.jp)
    assert name == "jp-s1"
    under(pair.jp, name)
    assert states(pair) == ["received"]
    for party in pair:
        report = verified(tmp_path / "nodes", party)
        assert report.ok, report.bad
        assert report.transfers[-1].allowed


@pytest.mark.parametrize(
    ("limits", "fields", "says"),
    [
        ({}, {"precedence": "ROUTINE"}, "precedence 'ROUTINE'"),
        ({}, {"media_type": "image/png"}, "media type 'image/png'"),
        ({}, {"reality": "actual"}, "reality 'actual'"),
        ({"purposes": ("exercise",)}, {}, "purpose 'missile-warning'"),
        ({}, {"level": "極秘"}, "at most '秘'"),
        ({}, {"caveats": ("ORCON",)}, "caveat 'ORCON'"),
        ({"max_size": 3}, {}, "at most 3 bytes"),
        ({"begins": OCTOBER + 10}, {}, "begins at"),
    ],
)
def test_what_it_does_not_cover_is_refused_by_name(pair: Pair, limits: Any, fields: Any, says: str) -> None:
    name = approve(pair.jp, **limits)
    size = len(pair.jp.transfers())
    with pytest.raises(releases.RefusedError, match=says) as refused:
        under(pair.jp, name, **fields)
    assert [reason.code for reason in refused.value.reasons] == ["RELEASE_AUTHORITY_MISSING"]
    assert len(pair.jp.transfers()) == size


def test_nothing_goes_at_or_after_its_end(pair: Pair) -> None:
    name = approve(pair.jp)
    pair.turn(OCTOBER + HOUR - 1)
    under(pair.jp, name)
    assert states(pair) == ["received"]
    pair.turn(OCTOBER + HOUR)
    with pytest.raises(releases.RefusedError, match="expired at"):
        under(pair.jp, name)


def test_what_arrives_at_or_after_its_end_is_refused(pair: Pair) -> None:
    name = approve(pair.jp)
    pair.turn(OCTOBER + HOUR - 1)
    under(pair.jp, name)
    frames = pair.jp.leaving()
    pair.turn(OCTOBER + HOUR)
    pair.exchange(pair.jp, frames)
    assert states(pair) == ["refused: AUTHORITY"]


class Turning:
    """A clock that shows ``end`` from the look after ``looks`` on, and remembers the latest that it has shown."""

    simulated = True

    def __init__(self, end: int, looks: int) -> None:
        self.end, self.looks, self.shown = end, looks, 0

    def now(self) -> int:
        self.looks -= 1
        self.shown = self.end - (self.looks >= 0)
        return self.shown

    def uncertainty(self) -> int:
        return 0


@pytest.mark.parametrize("who", ["sender", "recipient"])
def test_nothing_is_committed_once_the_clock_has_shown_its_end(pair: Pair, who: str) -> None:
    """The clock turns at every look in turn: between the decision and COMMIT as well."""
    outcomes = set()
    for looks in range(14):
        end = pair.jp.node.instant() + HOUR
        name = approve(pair.jp)
        pair.carry()
        pair.turn(end - 1)
        draft = pair.jp.compose(standing=name)
        party = pair.jp if who == "sender" else pair.kr
        frames = []
        if who == "recipient":
            releases.release(pair.jp.node, pair.jp.ledger, draft)
            frames = pair.jp.leaving()
        clock = party.node.clock = Turning(end, looks)
        at_commit: list[int] = []

        def trace(sql: str, clock: Turning = clock, at_commit: list[int] = at_commit) -> None:
            if sql == "COMMIT":
                at_commit.append(clock.shown)

        party.node.store._writer.set_trace_callback(trace)
        if who == "sender":
            done = outcome(lambda draft=draft: releases.release(pair.jp.node, pair.jp.ledger, draft)) == "TAKEN"  # type: ignore[misc]
        else:
            pair.kr.arriving(frames)
            done = pair.kr.line("held", draft.header.item) is not None
        assert not done or at_commit[0] < end
        outcomes.add(done)
        party.node.store._writer.set_trace_callback(None)
        party.node.clock = party.clock
        pair.turn(end)
        pair.connect()
    assert outcomes == {True, False}


def test_a_revocation_binds_the_gate_at_once_and_leaves_what_was_given_lawful(pair: Pair, tmp_path: Any) -> None:
    name = approve(pair.jp)
    under(pair.jp, name)
    pair.carry()
    revoke(pair.jp, name)
    with pytest.raises(releases.RefusedError, match="jp-s1 was revoked"):
        under(pair.jp, name)
    assert states(pair) == ["received"]
    assert ("jp", name) in pair.kr.ledger.projection.standings.revoked
    assert verified(tmp_path / "nodes", pair.kr).ok


def test_a_revocation_stops_what_has_not_left_yet(pair: Pair) -> None:
    name = approve(pair.jp)
    under(pair.jp, name)
    revoke(pair.jp, name)
    assert states(pair) == ["refused: SEAL"]
    assert len(pair.kr.held()) == 1


def test_an_item_after_the_revocation_is_refused_by_position_whatever_its_sender_says(
    pair: Pair, tmp_path: Any
) -> None:
    name = approve(pair.jp)
    revoke(pair.jp, name)
    pair.jp.ledger.projection.standings.revoked.clear()  # a node in bad hands forgets what it wrote
    under(pair.jp, name)
    assert states(pair) == ["refused: AUTHORITY"]
    report = verified(tmp_path / "nodes", pair.jp)
    assert {bad.code for bad in report.bad} == {"RELEASE_AUTHORITY_MISSING"}


def test_one_that_the_recipient_was_never_shown_covers_nothing_there(pair: Pair) -> None:
    name = approve(pair.jp)
    own = pair.jp.ledger.own
    assert own is not None
    with pair.jp.node.store.write() as tx:
        tx.drop_bodies(own.row.id, own.row.size - 1)
    under(pair.jp, name)
    assert states(pair) == ["refused: AUTHORITY"]


def test_between_two_parties_a_revocation_that_was_not_shown_may_have_ended_it(pair: Pair) -> None:
    name, other = approve(pair.jp), approve(pair.jp)
    position = revoke(pair.jp, name)
    with pair.jp.node.store.write() as tx:
        tx.drop_bodies(pair.jp.ledger.logs[position[:2]].row.id, position.seq)  # in bad hands: nobody is told
    under(pair.jp, other)
    assert states(pair) == ["refused: AUTHORITY"]
    under(pair.jp, approve(pair.jp))
    assert states(pair)[-1] == "received"


def test_an_item_that_cites_none_that_exists_is_refused(pair: Pair) -> None:
    with pytest.raises(releases.RefusedError, match="jp-s7 is not known here"):
        under(pair.jp, "jp-s7")


def test_an_approval_of_its_own_lets_an_item_go_where_the_standing_release_does_not(pair: Pair) -> None:
    pair.jp.release(pair.jp.compose(standing=approve(pair.jp), precedence="ROUTINE"))
    assert states(pair) == ["received"]


def test_two_persons_sign_it_where_the_terms_ask_for_two(tmp_path: Any) -> None:
    offices = {"treaty": ("bind",), "release": ("release",), "second": ("release",)}
    terms = AGREEMENT.read_bytes() + b"\n[release]\ntwo_persons = true\n"
    pair = pair_under(tmp_path, terms, offices)
    assert outcome(lambda: approve(pair.jp)) == "SECOND_PERSON_MISSING"
    under(pair.jp, approve(pair.jp, signers=("release", "second")))
    pair.carry()
    assert [row.state for row in pair.jp.node.store.register("given")] == ["received"]
    pair.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipients": ()}, "BAD_CLASS"),
        ({"recipients": ("us",)}, "BAD_CLASS"),
        ({"recipients": ("jp",)}, "BAD_CLASS"),
        ({"media_types": ()}, "BAD_CLASS"),
        ({"purposes": ("trade",)}, "BAD_CLASS"),
        ({"precedences": ("URGENT",)}, "BAD_CLASS"),
        ({"realities": ()}, "BAD_CLASS"),
        ({"realities": ("exercise", "exercise")}, "BAD_CLASS"),
        ({"caveats": ("NOFORN",)}, "BAD_CLASS"),
        ({"level": "군사Ⅲ급비밀"}, "UNKNOWN_LEVEL"),
        ({"expires": OCTOBER}, "BAD_INSTANT"),
        ({"begins": OCTOBER + 2 * HOUR}, "BAD_INSTANT"),
        ({"max_size": 0}, "TOO_SMALL"),
        ({"signers": ()}, "SIGNER_MISSING"),
        ({"signers": ("release",) * 3}, "SIGNER_MISSING"),
        ({"signers": ("treaty",)}, "OFFICE_MAY_NOT_RELEASE"),
    ],
)
def test_a_class_that_could_cover_nothing_is_not_signed(pair: Pair, changes: Any, code: str) -> None:
    size = pair.jp.size()
    assert outcome(lambda: approve(pair.jp, **changes)) == code
    assert pair.jp.size() == size


def test_what_was_not_prepared_here_or_not_signed_so_is_not_written(pair: Pair) -> None:
    jp = pair.jp
    asked = standing.ItemClass(
        ("text/plain",), "秘", ("exercise",), ("kr",), ("FLASH",), ("exercise",), (), 10, OCTOBER, OCTOBER + HOUR
    )
    good = standing.prepare(jp.node, jp.ledger, asked, (Signer("release", "p1"),))

    def written(statement: StandingStatement, office: str = "release", kind: str = "standing", times: int = 1) -> str:
        data = encode(statement)
        signatures = (jp.office(office).sign(kind, data),) * times
        return outcome(lambda: standing.commit(jp.node, jp.ledger, data, signatures))

    wrongs: list[dict[str, Any]] = [{"by": "kr"}, {"id": "jp-s2"}, {"agreement": bytes(32)}]
    for wrong in wrongs:
        assert written(msgspec.structs.replace(good, **wrong)) == "WRONG_STANDING"
    assert written(good, times=2) == "WRONG_STANDING"
    assert written(good, kind="approval") == "BAD_SIGNATURE"
    assert written(good, office="treaty") == "BAD_SIGNATURE"
    assert outcome(lambda: standing.commit(jp.node, jp.ledger, b"\x90", ())) == "MALFORMED"
    assert written(good) == "TAKEN"
    assert written(good) == "WRONG_STANDING"


def test_only_ones_own_is_revoked_once_by_an_office_that_may_release(pair: Pair) -> None:
    jp, name = pair.jp, approve(pair.jp)
    pair.carry()
    assert outcome(lambda: revoke(pair.kr, name)) == "NO_SUCH_STANDING"
    assert outcome(lambda: revoke(jp, "jp-s2")) == "NO_SUCH_STANDING"
    assert outcome(lambda: revoke(jp, name, "treaty")) == "OFFICE_MAY_NOT_RELEASE"
    data = encode(RevocationStatement("entente/revocation/1", jp.ledger.agreement, "kr", name, "release", "p1"))
    forged = jp.office("release").sign("revocation", data)
    assert outcome(lambda: standing.revoke(jp.node, jp.ledger, data, forged)) == "WRONG_STANDING"
    assert outcome(lambda: standing.revoke(jp.node, jp.ledger, b"\xc0", forged)) == "MALFORMED"
    assert outcome(lambda: revoke(jp, name)) == "TAKEN"
    assert outcome(lambda: revoke(jp, name)) == "ALREADY_REVOKED"


def statement(pair: Pair, **changes: Any) -> StandingStatement:
    given = StandingStatement(
        "entente/standing/1", pair.jp.ledger.agreement, "jp", "jp-s1", (Signer("release", "p1"),), ("text/plain",),
        "秘", ("exercise",), ("kr",), ("FLASH",), ("exercise",), (), 10, OCTOBER, OCTOBER + HOUR, "",
    )  # fmt: skip
    return msgspec.structs.replace(given, **changes)


def forged(pair: Pair, kind: str, *bodies: bytes) -> list[str]:
    """The codes that kr refuses jp's forged entries with."""
    forger, own = Forger(pair.jp, pair.jp.ledger.agreement), pair.kr.ledger.own
    assert own is not None
    before = own.row.size
    pair.kr.arriving([encode_frame(forger.frame(*[forger.entry(kind, body) for body in bodies]))])
    answers = [
        clear_bodies(pair.kr.node.envelope(row), pair.kr.node.store.bodies(row.log, row.seq))[0]
        for row in pair.kr.node.store.entries(own.row.id, before, 100)
        if row.kind == "received"
    ]
    receipts = [of for answer in answers if answer is not None for of in decode(Received, answer).of]
    return [refused.code for of in receipts for refused in of.refused]


def signed(pair: Pair, office: str = "release", **changes: Any) -> bytes:
    data = encode(statement(pair, **changes))
    return encode(SignedStanding(data, (pair.jp.office(office).sign("standing", data),)))


BAD: dict[str, tuple[Callable[[Pair], bytes], str]] = {
    "no structure": (lambda _: b"\x92", "MALFORMED"),
    "another agreement": (lambda pair: signed(pair, agreement=bytes(32)), "WRONG_AGREEMENT"),
    "another party's": (lambda pair: signed(pair, by="kr"), "WRONG_AGREEMENT"),
    "another party's id": (lambda pair: signed(pair, id="kr-s1"), "MALFORMED"),
    "an act's id": (lambda pair: signed(pair, id="jp-1"), "MALFORMED"),
    "no signer": (lambda pair: encode(SignedStanding(encode(statement(pair, signers=())), ())), "MALFORMED"),
    "a signer without a signature": (lambda pair: encode(SignedStanding(encode(statement(pair)), ())), "MALFORMED"),
    "an end before its beginning": (lambda pair: signed(pair, expires=OCTOBER), "MALFORMED"),
    "an end that no calendar has": (lambda pair: signed(pair, expires=2**62), "MALFORMED"),
    "a beginning that no calendar has": (lambda pair: signed(pair, begins=-(2**62)), "MALFORMED"),
    "a negative size": (lambda pair: signed(pair, max_size=-1), "MALFORMED"),
    "an office that is none": (lambda pair: signed(pair, signers=(Signer("nobody", "p"),)), "BAD_SIGNATURE"),
    "an office that may not release": (
        lambda pair: signed(pair, "treaty", signers=(Signer("treaty", "p"),)),
        "BAD_SIGNATURE",
    ),
    "another office's signature": (lambda pair: signed(pair, "treaty"), "BAD_SIGNATURE"),
}


@pytest.mark.parametrize("what", BAD)
def test_an_ill_formed_standing_release_is_kept_refused_by_name_and_without_effect(pair: Pair, what: str) -> None:
    body, code = BAD[what]
    assert forged(pair, "standing", body(pair)) == [code]
    assert pair.kr.ledger.projection.standings.records == {}


def test_an_id_stands_for_one_standing_release(pair: Pair) -> None:
    assert forged(pair, "standing", signed(pair), signed(pair, max_size=10**6)) == ["DUPLICATE"]
    assert pair.kr.ledger.projection.standings.records["jp", "jp-s1"].release.max_size == 10


@pytest.mark.parametrize(
    ("changes", "office", "code"),
    [
        ({"agreement": bytes(32)}, "release", "WRONG_AGREEMENT"),
        ({"by": "kr"}, "release", "WRONG_AGREEMENT"),
        ({"id": "kr-s1"}, "release", "MALFORMED"),
        ({"office": "nobody"}, "release", "BAD_SIGNATURE"),
        ({"office": "treaty"}, "treaty", "BAD_SIGNATURE"),
        ({}, "treaty", "BAD_SIGNATURE"),
    ],
)
def test_an_ill_formed_revocation_ends_nothing(pair: Pair, changes: Any, office: str, code: str) -> None:
    name = approve(pair.jp)
    pair.carry()
    given = RevocationStatement("entente/revocation/1", pair.jp.ledger.agreement, "jp", name, "release", "p1")
    data = encode(msgspec.structs.replace(given, **changes))
    body = encode(SignedRevocation(data, pair.jp.office(office).sign("revocation", data)))
    assert forged(pair, "revocation", body, b"\xc0") == [code, "MALFORMED"]
    assert pair.kr.ledger.projection.standings.revoked == {}


def test_a_node_knows_its_standing_releases_again_after_a_start(pair: Pair) -> None:
    name, gone = approve(pair.jp), approve(pair.jp)
    revoke(pair.jp, gone)
    pair.carry()
    for party in pair:
        party.node.close()
        party.open()
    pair.connect()
    for party in pair:
        standings = party.ledger.projection.standings
        assert set(standings.records) == {("jp", name), ("jp", gone)}
        assert set(standings.revoked) == {("jp", gone)}
    under(pair.jp, name)
    assert states(pair) == ["received"]


def test_a_restored_copy_takes_its_standing_releases_and_their_revocations_back(pair: Pair, tmp_path: Any) -> None:
    home = tmp_path / "nodes" / "jp"
    pair.jp.node.close()
    shutil.copytree(home, tmp_path / "yesterday")
    pair.jp.open()
    pair.connect()
    name, gone = approve(pair.jp), approve(pair.jp)
    revoke(pair.jp, gone)
    pair.carry()
    pair.jp.node.close()
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "yesterday", home)
    pair.jp.open()
    assert pair.jp.ledger.projection.standings.records == {}
    pair.connect()
    with pytest.raises(releases.RefusedError, match="was revoked"):
        under(pair.jp, gone)
    under(pair.jp, name)
    assert states(pair) == ["received"]
    assert approve(pair.jp) == "jp-s3"


def test_a_party_that_lost_what_may_have_revoked_it_relies_on_none(pair: Pair) -> None:
    name, gone = approve(pair.jp), approve(pair.jp)
    position = revoke(pair.jp, gone)
    own = pair.jp.ledger.own
    assert own is not None
    with pair.jp.node.store.write() as tx:
        tx.drop_bodies(own.row.id, position.seq)
    pair.jp.node.close()
    pair.jp.open()
    pair.connect()
    for each in (name, gone):
        with pytest.raises(releases.RefusedError, match="approve it anew"):
            under(pair.jp, each)
    anew = approve(pair.jp)
    assert anew == "jp-s3"
    under(pair.jp, anew)
    assert states(pair) == ["received"]


def test_the_national_log_notes_the_gates_decision_of_every_item_released_so(pair: Pair) -> None:
    name = approve(pair.jp)
    position = under(pair.jp, name)
    store = pair.jp.node.store
    national = next(log for log in store.logs() if log.agreement == bytes(32))
    last = [row for row in store.entries(national.id, 0, 1000) if row.kind == "gate"][-1]
    locked = store.bodies(national.id, last.seq)[0][1]
    facts = msgspec.json.decode(pair.jp.node.unlock(f"national/{last.seq}", locked)[32:])
    assert (facts["item"], facts["standing"]) == (item_at(pair.jp, position), name)
    assert facts["decision"]["allowed"]


# What evidence shows of it


def without(pair: Pair, base: Any, kind: str | None) -> Report:
    """What an outsider finds in jp's evidence with every body of a kind of jp's entries withheld."""
    path = base / f"without-{kind}"
    export(pair.jp.node, pair.jp.ledger, path, disclose=True)
    own = pair.jp.ledger.own
    assert own is not None
    kinds = [row.kind for row in pair.jp.node.store.entries(own.row.id, 0, 1000)]
    frames = []
    for frame in read_frames(MAGIC, path.read_bytes()):
        shown = frame
        if isinstance(frame, Entries) and frame.writer == "jp":
            given = [
                msgspec.structs.replace(delivery, bodies=(None,)) if kinds[seq] == kind else delivery
                for seq, delivery in enumerate(frame.deliveries, frame.first)
            ]
            shown = msgspec.structs.replace(frame, deliveries=tuple(given))
        frames.append(shown)
    return verify(frames, [(base / party / "root.json").read_bytes() for party in ("jp", "kr")])


@pytest.mark.parametrize("hidden", ["standing", "revocation"])
def test_where_evidence_withholds_what_decides_the_steps_are_attested(pair: Pair, tmp_path: Any, hidden: str) -> None:
    name, other = approve(pair.jp), approve(pair.jp)
    revoke(pair.jp, other)
    under(pair.jp, name)
    pair.carry()
    report = without(pair, tmp_path / "nodes", hidden)
    assert report.ok, report.bad
    last = [each for each in report.transfers if each.log.split("/")[2] == "jp"][-1]
    assert last.allowed
    assert "RELEASE_AUTHORITY_MISSING" in last.rests_on
    shown = without(pair, tmp_path / "nodes", None)
    assert all("RELEASE_AUTHORITY_MISSING" not in each.rests_on for each in shown.transfers)


def test_evidence_that_discloses_nothing_shows_no_standing_release(pair: Pair, tmp_path: Any) -> None:
    approve(pair.jp)
    pair.carry()
    for party in pair:
        export(party.node, party.ledger, tmp_path / f"{party.party}.closed", disclose=False)
        export(party.node, party.ledger, tmp_path / f"{party.party}.open", disclose=True)
        assert b"entente/standing/1" not in (tmp_path / f"{party.party}.closed").read_bytes()
        assert b"entente/standing/1" in (tmp_path / f"{party.party}.open").read_bytes()

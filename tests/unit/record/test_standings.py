"""A standing release counts for what stands after it in its own log, up to its revocation, and signed ones alone."""

from typing import Any

import pytest
from builder import AGREEMENT, Party, in_force_history
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.domain.release_facts import StandingRelease
from entente.record.bodies import RevocationStatement, SignedRevocation, SignedStanding, Signer, StandingStatement
from entente.record.envelope import BodyRef, Envelope
from entente.record.position import Position
from entente.record.standings import Standings
from entente.sealing.canonical import encode
from entente.sealing.signing import HybridPublic

KR = Party("kr")
HERE, ELSEWHERE = "0" * 16, "1" * 16


def offices(at: Position, office: str, role: str) -> HybridPublic | None:
    return in_force_history(KR).office(at.seq, office, role) if at.writer == "kr" else None


def envelope(kind: str, seq: int, incarnation: str = HERE) -> Envelope:
    body = (BodyRef(0, bytes(32)),)
    return Envelope(1, "E1", AGREEMENT, "kr", incarnation, seq, kind, seq, None, None, (), body, 0)


def statement(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "schema": "entente/standing/1", "agreement": AGREEMENT, "by": "kr", "id": "kr-s1",
        "signers": (Signer("office", "p1"),), "media_types": ("text/plain",), "level": "x", "purposes": ("p",),
        "recipients": ("jp",), "precedences": ("FLASH",), "realities": ("exercise",), "caveats": (), "max_size": 1,
        "begins": 0, "expires": 1, "note": "",
    }  # fmt: skip
    return encode(StandingStatement(**(fields | changes)))


APPROVED = encode(SignedStanding(statement(), (KR.office.sign("standing", statement()),)))
END = encode(RevocationStatement("entente/revocation/1", AGREEMENT, "kr", "kr-s1", "office", "p2"))
REVOKED = encode(SignedRevocation(END, KR.office.sign("revocation", END)))


def told(approved: int | None, revoked: int | None, *, shown: bool = True) -> Standings:
    """What a reader knows of a log with a standing release and a revocation at these places."""
    standings = Standings(AGREEMENT, offices)
    for seq, kind, take, body in sorted(
        [(approved, "standing", standings.take, APPROVED), (revoked, "revocation", standings.revoke, REVOKED)],
        key=lambda each: -1 if each[0] is None else each[0],
    ):
        if seq is not None:
            assert take(Position("kr", HERE, seq), envelope(kind, seq), [body if shown else None]) is None
    return standings


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(1, 6), st.none() | st.integers(7, 12), st.integers(0, 14))
def test_after_its_own_entry_and_before_its_revocation_and_nowhere_else(
    approved: int, revoked: int | None, item: int
) -> None:
    found = told(approved, revoked).at(Position("kr", HERE, item), "kr-s1")
    holds = approved < item and (revoked is None or item <= revoked)
    assert isinstance(found, StandingRelease) == holds
    if approved < item and not holds:
        assert found == "The standing release kr-s1 was revoked."


def test_a_later_revocation_counts_for_what_has_not_left_yet() -> None:
    standings = told(1, 5)
    assert isinstance(standings.at(Position("kr", HERE, 3), "kr-s1"), StandingRelease)
    assert isinstance(standings.at(Position("kr", HERE, 3), "kr-s1", 5), StandingRelease)
    assert "revoked" in str(standings.at(Position("kr", HERE, 3), "kr-s1", 6))


@pytest.mark.parametrize("where", [Position("kr", ELSEWHERE, 9), Position("jp", HERE, 9)])
def test_it_counts_in_its_own_log_and_incarnation_alone(where: Position) -> None:
    assert "not known" in str(told(1, None).at(where, "kr-s1"))


def test_a_revocation_of_what_is_not_shown_is_kept_and_counts_for_nothing_else() -> None:
    standings = told(None, 2)
    assert set(standings.revoked) == {("kr", "kr-s1")}
    assert "not known" in str(standings.at(Position("kr", HERE, 5), "kr-s1"))


@pytest.mark.parametrize(("item", "hidden"), [(9, True), (1, False)])
def test_what_is_withheld_before_the_item_may_be_what_it_cites(item: int, hidden: bool) -> None:
    standings = told(1, 4, shown=False)
    assert standings.not_shown(Position("kr", HERE, item), "kr-s1") == hidden
    assert not standings.not_shown(Position("kr", ELSEWHERE, item), "kr-s1")


def test_what_is_shown_is_not_called_withheld() -> None:
    assert not told(1, 4).not_shown(Position("kr", HERE, 9), "kr-s1")


def test_both_of_two_signers_sign() -> None:
    data = statement(signers=(Signer("office", "p1"), Signer("office", "p2")))
    good, bad = KR.office.sign("standing", data), KR.office.sign("approval", data)
    standings = Standings(AGREEMENT, offices)
    from entente.sealing.errors import BadSignatureError

    with pytest.raises(BadSignatureError):
        standings.take(Position("kr", HERE, 1), envelope("standing", 1), [encode(SignedStanding(data, (good, bad)))])
    assert standings.records == {}
    standings.take(Position("kr", HERE, 1), envelope("standing", 1), [encode(SignedStanding(data, (good, good)))])
    [record] = standings.records.values()
    assert [approval.person for approval in record.release.approvals] == ["p1", "p2"]

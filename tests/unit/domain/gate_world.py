"""The sample agreement, its acts, and an item that passes every step: tests of the gate change one thing of it."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.document import parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.terms import Agreement, ReleaseTerms
from entente.domain.marking.marking import Marking
from entente.domain.release import (
    ApprovalFact,
    AssuranceFact,
    ConsentFact,
    Direction,
    FacilityFact,
    Gate,
    ItemFacts,
    StandingRelease,
    compile_gate,
)
from entente.domain.release_status import situation

EXAMPLES = Path(__file__).parents[3] / "examples" / "agreements"
DATA = (EXAMPLES / "jp-kr-2016.toml").read_bytes()
SAMPLE: Agreement = parse_agreement(DATA)
VERSION = hashlib.sha256(DATA).hexdigest()
ALL_ACTS = {act.id: act for act in parse_acts((EXAMPLES / "acts-2019.toml").read_bytes())}
IN_FORCE = ("kr-1", "jp-1", "kr-2", "jp-2")
OCTOBER = parse_instant("2019-10-02T00:00:00Z")
"""The notice is running, and exchange goes on."""
LATER = OCTOBER + 86_400_000

STRICT = msgspec.structs.replace(SAMPLE, release=ReleaseTerms(two_persons=True, assurance=True, facility=True))
"""The sample with every further requirement on a release."""


def acts(*ids: str) -> list[Act]:
    return [ALL_ACTS[name] for name in (*IN_FORCE, *ids)]


def changed(value: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(value, **changes)


def approval(name: str = "first", **changes: Any) -> ApprovalFact:
    return changed(ApprovalFact(party="jp", office="mod", role="release", person=f"person-{name}", key=name), **changes)


def consent(**changes: Any) -> ConsentFact:
    given = ConsentFact(
        originator="us", releasing="jp", third_party="kr", item="item-1", purpose="missile-warning", expires=LATER
    )
    return changed(given, **changes)


def standing(**changes: Any) -> StandingRelease:
    """A standing release by jp that covers ITEM where nothing is changed."""
    given = StandingRelease(
        id="jp-s1",
        party="jp",
        approvals=(approval("first"), approval("second")),
        media_types=frozenset({"application/json"}),
        level="極秘",
        purposes=frozenset({"missile-warning"}),
        recipients=frozenset({"kr"}),
        precedences=frozenset({"FLASH", "IMMEDIATE"}),
        realities=frozenset({"exercise"}),
        caveats=frozenset({"ORCON"}),
        max_size=4096,
        begins=OCTOBER,
        expires=LATER,
    )
    return changed(given, **changes)  # type: ignore[no-any-return]


ITEM = ItemFacts(
    item="item-1",
    sender="jp",
    recipients=("kr",),
    originator="jp",
    reality="exercise",
    marking=Marking("極秘", "jp"),
    purpose="missile-warning",
    channel="link",
    precedence="FLASH",
    size=1024,
    key_trusted=True,
    uncertainty=50,
    released_under=VERSION,
    assurance=AssuranceFact(by="kr", purpose="missile-warning", given=OCTOBER, expires=LATER),
    facility=FacilityFact(party="kr", level="SECRET", valid_until=LATER),
    release_authority=approval("first"),
    second_person=approval("second"),
    on_hold=False,
    media_type="application/json",
)
RELAYED = changed(
    ITEM, originator="us", marking=Marking("SECRET//NOFORN-TEXT", "us"), held_as="極秘", consents=(consent(),)
)
"""An item of a third country, held by jp as 極秘 and released onward with its originator's consent."""


@cache
def situation_at(at: int, names: tuple[str, ...], party: str) -> Any:
    return situation({VERSION: SAMPLE}, acts(*names), at, party)


def gate(
    at: int = OCTOBER,
    *,
    names: Iterable[str] = ("kr-3",),
    terms: Agreement | None = SAMPLE,
    direction: Direction = "release",
    **changes: Any,
) -> Gate:
    """The gate from jp to kr, as the sender's or the recipient's node compiles it."""
    found = situation_at(at, tuple(names), "jp" if direction == "release" else "kr")
    arguments = {
        "agreement": terms,
        "terms_version": VERSION,
        "status": found.status,
        "interval": (found.since, found.until),
        "sender": "jp",
        "recipient": "kr",
        "direction": direction,
        "steady": found.steady,
    }
    return compile_gate(**{**arguments, **changes})


def codes(decision: Any) -> list[str]:
    return [reason.code for reason in decision.reasons]

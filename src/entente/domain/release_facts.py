"""What the gate is told about an item (docs/spec/gate.md, section 3).

Every fact is one that the caller has *verified*: a signature checked, a consent not used before, a clearance looked up.
Every default is the one that refuses, so a fact that is forgotten closes the gate.
"""

import msgspec

from entente.domain.marking.marking import Marking

RELEASE_ROLE = "release"
"""The role of an office that may approve a release."""


class ConsentFact(msgspec.Struct, frozen=True, kw_only=True):
    """An originator's prior written consent that ``releasing`` may give ``item`` to ``third_party`` for ``purpose``.

    ``expires`` is the first instant (ms) at which it no longer holds. ``standing`` says that it was given in advance by
    the terms (``third_party.standing``); it does not reach what is marked ORCON. That its single use is not spent, and
    that it is not revoked, is the caller's to check.
    """

    originator: str
    releasing: str
    third_party: str
    item: str
    purpose: str
    expires: int
    standing: bool = False


class AssuranceFact(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver's prior promise for a purpose: cleared, officially needed, equivalent protection; instants in ms."""

    by: str
    purpose: str
    given: int
    expires: int


class FacilityFact(msgspec.Struct, frozen=True, kw_only=True):
    """The clearance of the receiving facility: up to which common level, and the first instant (ms) it is not valid."""

    party: str
    level: str
    valid_until: int


class ApprovalFact(msgspec.Struct, frozen=True, kw_only=True):
    """An approval of exactly this item by a person of an office of the sender.

    ``key`` identifies the signing key. An approval under a standing release lapses with it at ``expires`` (ms).
    """

    party: str
    office: str
    role: str
    person: str
    key: str
    expires: int | None = None


class StandingRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A standing release whose signatures are verified: what may go out under it without an approval of its own.

    ``party`` is whose it is, ``approvals`` the persons who signed it, ``level`` the ceiling, one of the party's own
    markings. ``begins`` (inclusive) and ``expires`` (exclusive) are instants in ms, ``max_size`` is in bytes. What a
    set does not name is not allowed. Judged by :func:`.standing.lacks`.
    """

    id: str
    party: str
    approvals: tuple[ApprovalFact, ...]
    media_types: frozenset[str]
    level: str
    purposes: frozenset[str]
    recipients: frozenset[str]
    precedences: frozenset[str]
    realities: frozenset[str]
    caveats: frozenset[str]
    max_size: int
    begins: int
    expires: int


class ItemFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item on its way, as the gate sees it.

    ``contains`` names further parties whose information it contains (a derived document). ``held_as`` is the sender's
    own corresponding marking, which counts where the originator has no column in this agreement's table (a relay).
    ``size`` is in bytes, ``uncertainty`` of the clock in ms. ``released_under`` is the terms version at release, which
    an acceptance goes by. ``on_hold`` is whether an open incident holds the item. ``standing`` is the standing
    release that an item without approvals of its own cites, ``standing_missing`` why the one it cites cannot be relied
    on. ``precedence`` and ``media_type`` are judged against a standing release alone: they are about speed and form.
    """

    item: str | None = None
    sender: str | None = None
    recipients: tuple[str, ...] = ()
    originator: str | None = None
    contains: tuple[str, ...] = ()
    reality: str | None = None
    marking: Marking | None = None
    held_as: str | None = None
    purpose: str | None = None
    channel: str | None = None
    precedence: str | None = None
    size: int | None = None
    key_trusted: bool = False
    uncertainty: int | None = None
    released_under: str | None = None
    consents: tuple[ConsentFact, ...] = ()
    assurance: AssuranceFact | None = None
    facility: FacilityFact | None = None
    release_authority: ApprovalFact | None = None
    second_person: ApprovalFact | None = None
    on_hold: bool | None = None
    media_type: str | None = None
    standing: StandingRelease | None = None
    standing_missing: str | None = None

"""What the record proves about one item, for the gate (docs/spec/record.md, "Facts of an item").

The same facts whoever asks: the sender before it releases, the recipient before it accepts, and whoever checks years
later. A fact is stated here only if a signature or a commitment in the record shows it.
"""

import hashlib
from collections.abc import Sequence

from entente.domain.marking.marking import Marking
from entente.domain.release_facts import RELEASE_ROLE, ApprovalFact, ItemFacts, StandingRelease
from entente.record.bodies import Approval, ApprovalStatement, TransferHeader
from entente.record.projection import OfficeLookup, Position
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import BadSignatureError


def approval_facts(
    at: Position, header_bytes: bytes, header: TransferHeader, approvals: Sequence[Approval], offices: OfficeLookup
) -> tuple[ApprovalFact, ...]:
    """The approvals that are of exactly this header, by an office that could release at that position.

    An approval that is malformed, of another item, or not signed by such an office is no fact.
    """
    if not approvals:  # under a standing release, ten thousand times a second
        return ()
    digest = hashlib.sha256(header_bytes).digest()
    facts = []
    for approval in approvals:
        try:
            statement = decode(ApprovalStatement, approval.statement)
            keys = offices(at, statement.office, RELEASE_ROLE)
            if keys is None:
                continue
            keys.verify("approval", approval.statement, approval.signature)
        except (NotCanonicalError, BadSignatureError):
            continue
        if (statement.agreement, statement.item, statement.header) == (header.agreement, header.item, digest):
            facts.append(
                ApprovalFact(
                    party=at.writer,
                    office=statement.office,
                    role=RELEASE_ROLE,
                    person=statement.person,
                    key=keys.ed25519.hex(),
                )
            )
    return tuple(facts)


def second_person(approvals: tuple[ApprovalFact, ...]) -> ApprovalFact | None:
    """The first approval by another person with another key than the first approval."""
    for approval in approvals[1:]:
        if approval.person != approvals[0].person and approval.key != approvals[0].key:
            return approval
    return None


def item_facts(
    header: TransferHeader,
    approvals: tuple[ApprovalFact, ...],
    *,
    channel: str,
    key_trusted: bool,
    uncertainty: int | None,
    on_hold: bool | None,
    standing: StandingRelease | str | None = None,
) -> ItemFacts:
    """An item's facts: what its header and approvals say, and what only the asking party knows.

    ``standing`` is what :meth:`entente.record.standings.Standings.at` answers for the standing release that the header
    cites; an approval of the item itself makes it unnecessary.
    ``channel`` is how it travels, ``uncertainty`` (ms) that of the party's clock, ``on_hold`` whether an open incident
    holds the item. Consents, assurances and facility clearances have no entry in the record yet; absent, they refuse.
    """
    marking = header.marking
    return ItemFacts(
        item=header.item,
        sender=header.sender,
        recipients=header.recipients,
        originator=marking.originator,
        reality=header.reality,
        marking=Marking(marking.level, marking.originator, marking.caveats, marking.rel_to),
        purpose=header.purpose,
        channel=channel,
        precedence=header.precedence,
        size=header.payload.size,
        key_trusted=key_trusted,
        uncertainty=uncertainty,
        released_under=header.terms.hex(),
        release_authority=approvals[0] if approvals else None,
        second_person=second_person(approvals) if approvals else None,
        on_hold=on_hold,
        media_type=header.media_type,
        standing=standing if isinstance(standing, StandingRelease) else None,
        standing_missing=standing if isinstance(standing, str) else None,
    )

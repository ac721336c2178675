"""That an act was delivered by another way than the link: prepared here, signed by the offices that bind, and written.

It counts in this party's own view (lifecycle 1), so it is signed as a formal act is.
"""

from typing import TYPE_CHECKING

from entente.node.agreements import check_signed, usable
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import Ledger
from entente.record.bodies import DeliveredClaim, SecondSignature, SignedDelivery
from entente.record.position import Position
from entente.record.steps import DIGEST
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.node import Node


def check(node: "Node", ledger: Ledger, claim: DeliveredClaim, at: int) -> None:
    """Check that a delivery could be claimed at ``at`` (ms), signatures apart.

    Raises:
        RefusedError: not an act of this party, no other party, claimed before, or an instant before the act or to come.
    """
    acts = ledger.projection.acts
    act, own = acts.get(claim.act), [name for name, act in acts.items() if act.position.writer == node.party]
    if (claim.agreement, claim.by) != (ledger.agreement, node.party):
        raise RefusedError("WRONG_CLAIM", "this is not a claim of this party under this agreement", "Prepare it again.")
    if len(claim.evidence) != DIGEST:
        text = f"the evidence is named by {len(claim.evidence)} bytes"
        raise RefusedError("MALFORMED", text, "Name it by its SHA-256, of 32 bytes.")
    if act is None or claim.act not in own:
        known = ", ".join(own) or "none yet"
        raise RefusedError("WRONG_ACT", f"{claim.act} is not an act of this party", f"One of: {known}.")
    if claim.party not in ledger.peers:
        raise RefusedError("WRONG_PARTY", f"{claim.party} is not another party", f"One of: {', '.join(ledger.peers)}.")
    if not act.instant <= claim.instant <= at:
        text = "the delivery lies before the act or in the future"
        raise RefusedError("WRONG_INSTANT", text, "Give the instant on the stamped copy.")
    if any(each == claim for _, _, each in ledger.projection.claims):
        raise RefusedError("ALREADY_CLAIMED", "this very delivery is claimed", "Nothing is to be done.")


def commit(
    node: "Node",
    ledger: Ledger,
    data: bytes,
    office: str,
    signature: Signature,
    second: SecondSignature | None = None,
) -> Position:
    """Write a signed claim of delivery into this party's log. It cannot be undone.

    Raises:
        UsageError: the bytes are no claim.
        RefusedError: as :func:`check`; or not signed by the offices that may bind the party.
    """
    try:
        claim = decode(DeliveredClaim, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), "Prepare it again.") from error

    def work(unit: Work) -> Position:
        check(node, ledger, claim, unit.at)
        check_signed(node, ledger, "delivered", data, office, signature, second)
        body = encode(SignedDelivery(data, office, signature, second))
        return unit.append(ledger, usable(ledger), "delivered", [salted(body)])

    return node.committer.run(work)

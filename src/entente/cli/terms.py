"""The agreement's documents as the node holds them, believed only by their digests."""

from typing import TYPE_CHECKING, Any

from entente.cli.client import Target
from entente.cli.output import CommandError

if TYPE_CHECKING:
    from entente.domain.agreement.terms import Agreement


def documents_of(target: Target, agreement: str | None) -> "dict[str, Agreement]":
    """The agreement's documents by digest; none where the node is of a version that does not hand them out.

    Raises:
        CommandError: a document is not the one that its digest names.
    """
    from entente.domain.agreement.document import digest, parse_agreement
    from entente.node.errors import NodeError

    try:
        texts: dict[str, str] = target.call("agreement.documents", exact=True, agreement=agreement)["documents"]
    except NodeError as error:
        if error.code == "UNKNOWN_COMMAND":
            return {}
        raise
    for name, text in texts.items():
        if digest(text.encode()) != name:
            raise CommandError(
                "OTHER_BYTES",
                f"the node shows another document than {name}",
                "Treat the node as taken over until this is explained.",
            )
    return {name: parse_agreement(text.encode()) for name, text in texts.items()}


def in_force(target: Target, status: dict[str, Any], documents: "dict[str, Agreement]") -> "Agreement | None":
    """The terms in force in this party's own view, as far as they are held."""
    return documents.get(status["views"][target.party]["terms_version"])


def own_zone(target: Target, status: dict[str, Any], terms: "Agreement | None") -> str:
    """The zone to show instants in: this party's own, else the one that the agreement's days are counted in."""
    if terms is not None and target.party in terms.party:
        return terms.party[target.party].zone
    return str(status["zone"])


def zones_of(target: Target, agreement: str | None) -> tuple[str, str, tuple[str, ...]]:
    """The node's instant, this party's zone, and those of all parties, as the terms in force say."""
    status = target.call("agreement.status", agreement=agreement)
    terms = in_force(target, status, documents_of(target, status["agreement"]))
    named = () if terms is None else tuple(terms.party[party].zone for party in terms.parties if party in terms.party)
    return str(status["at"]), own_zone(target, status, terms), named

"""Caveats: limits that sit beside the level (docs/spec/marking.md, section 3).

Two are built in, REL TO and ORCON; every other has to be declared in the terms. RELIDO is not built in: it would let a
holder release without asking, which the originator's prior written consent does not leave to a code.
"""

from entente.domain.agreement.terms import Agreement
from entente.domain.marking.marking import Marking

ORCON = "ORCON"
"""Originator controlled: onward release needs the originator's consent, standing lists notwithstanding."""
BUILT_IN = frozenset({ORCON})


def known_caveats(agreement: Agreement) -> frozenset[str]:
    """The codes an item may bear under these terms."""
    return BUILT_IN | {caveat.code for caveat in agreement.caveats}


def exclusion(marking: Marking, recipient: str, known: frozenset[str]) -> str | None:
    """Why the caveats keep the item from ``recipient``, or ``None`` where they do not.

    An unknown caveat excludes everybody, since nobody can keep it; so does an empty REL TO.
    """
    for caveat in marking.caveats:
        if caveat not in known:
            return f"The caveat {caveat!r} is neither built in nor declared in the terms."
    if marking.rel_to is not None and recipient not in marking.rel_to:
        named = ", ".join(marking.rel_to) or "nobody"
        return f"REL TO names {named}, not {recipient}."
    return None

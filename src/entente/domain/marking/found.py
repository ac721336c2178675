"""Markings found in plain text: a guard against classified words going where nothing is gated.

It finds what stands as a marking does, alone in a line or in a banner; it is no proof that a text without one is open.
"""

import re

from entente.domain.agreement.terms import Agreement

_FROM = re.compile(r"\s*[(（][^()（）]*[)）]$")
_EDGES = " \t\u3000*-=_#[]<>【】「」《》"


def marked(text: str, agreement: Agreement) -> str | None:
    """The first native marking of any party that stands in a line of its own, or as a banner's segment; None without.

    Where the terms use it inside a sentence it is a word, and no marking.
    """
    natives = {native for level in agreement.levels for given in level.native.values() for native in given}
    segments = (segment for line in text.splitlines() for segment in line.split("//"))
    words = (_FROM.sub("", segment.strip(_EDGES)).strip(_EDGES) for segment in segments)
    return next((word for word in words if word in natives), None)

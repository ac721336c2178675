"""Markings found in plain text: a guard against classified words going where nothing is gated.

It finds a marking that stands as a word of its own, whatever signs are around it. It is no proof that a text without
one is open.
"""

import re
import unicodedata

from entente.domain.agreement.terms import Agreement

_SIGNS = re.compile(r"[\W_]+")


def marked(text: str, agreement: Agreement) -> str | None:
    """The first marking of the terms that stands as a word of its own in ``text``: native, or a level's common name.

    Within a longer word it is none: SECRETARIAT. Characters of one meaning (NFKC) are the same here, unlike where a
    marking is looked up: a guard errs on the side of asking. None without any.
    """
    natives = [native for level in agreement.levels for given in level.native.values() for native in given]
    words = _words(text)
    names = (*natives, *(level.common for level in agreement.levels))
    return next((name for name in names if _words(name) in words), None)


def _words(text: str) -> str:
    """The words, each between blanks, without anything that is no letter and no digit."""
    return f" {_SIGNS.sub(' ', unicodedata.normalize('NFKC', text)).strip()} "

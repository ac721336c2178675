"""A marking as given, and as held by a receiving party (docs/spec/marking.md, sections 1 and 4).

The originator's own words are kept for ever beside whatever they correspond to: two native markings may share a level,
so the way back cannot be computed.
"""

import msgspec


class Marking(msgspec.Struct, frozen=True, gc=False):
    """What the originator wrote on an item.

    ``level`` is the native marking, compared character by character; ``originator`` a party id; ``caveats`` codes other
    than REL TO. ``rel_to`` names who may have the item: ``None`` is no REL TO caveat, the empty tuple is nobody.
    """

    level: str
    originator: str
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None


class HeldMarking(msgspec.Struct, frozen=True, kw_only=True):
    """How a receiving party marks what it was given: the originator's name and its own corresponding level.

    ``corresponding`` is the holder's own marking; ``handling`` says that it is a promise of handling and no level of
    the item (a one-sided row). ``released_under`` and ``table`` are the versions (digests of the terms) of the tables
    at release (``None``: not known) and at receipt. ``ask_originator`` asks for a confirmation of the level; the item
    is held meanwhile, never dropped.
    """

    native: Marking
    holder: str
    corresponding: str
    handling: bool
    released_under: str | None
    table: str
    ask_originator: bool = False


class DerivedMarking(msgspec.Struct, frozen=True, kw_only=True):
    """The marking of a document that contains information of others.

    ``level`` is ``holder``'s own marking, never below any part; ``origins`` are all parties whose information it
    contains; ``natives`` the markings of the parts, unchanged; ``rel_to`` only those whom every part allows.
    """

    holder: str
    level: str
    origins: tuple[str, ...]
    natives: tuple[Marking, ...]
    caveats: tuple[str, ...]
    rel_to: tuple[str, ...] | None

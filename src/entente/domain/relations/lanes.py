"""What a chronicle consists of: lanes on one time axis, each with stretches, marks and perhaps a curve.

Plain values, nothing of how they are drawn. Instants are in ms (:mod:`entente.domain.agreement.instants`), a stretch's
end is outside it. Every text is there in each of :data:`~.chronicle_words.LANGUAGES`; what somebody said in fewer
languages is repeated as :func:`~.chronicle_words.said` falls back.
"""

from decimal import Decimal
from typing import Literal, NamedTuple, get_args

import msgspec

from entente.domain.relations.chronicle_words import Words

Group = Literal[
    "status", "acts", "measures", "arrangements", "talks", "meetings", "statements", "exchanges", "indicators"
]
GROUPS: tuple[Group, ...] = get_args(Group)
"""The order in which lanes stand, from the agreement itself outwards."""
Form = Literal["done", "expected", "averted", "refused", "limit"]
"""Of a mark: it came; it is to come as things stand; it was to come and did not; it was refused; a last day."""


class Exchange(NamedTuple):
    """An item that was given, as it may stand on a wall: never its title.

    ``number`` counts what its sender gave under the agreement, from 1 on: the same in everybody's copy. ``recipients``
    is empty where they are not known; ``reality`` is ``actual``, ``exercise`` or ``test``. ``lines`` are the numbers
    that it has in the register of whose node tells of it.
    """

    at: int
    sender: str
    recipients: tuple[str, ...]
    number: int
    precedence: str
    reality: str
    lines: tuple[int, ...] = ()


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A time through which something stays as it is; ``state`` is its code, ``rests`` what brought it about."""

    begins: int
    ends: int
    state: str
    label: Words
    rests: tuple[str, ...] = ()


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something at an instant, until another one where it lasts.

    ``who`` are the parties whose doing it is, none where time alone did it. ``label`` is for a drawing, ``title`` says
    all but who. ``rests``: ids of the act or matter, of what that refers to, and the article. ``minor``: a drawing may
    leave its label out; a table never does. ``code``: why a step or an act was refused, or an exchange's precedence.
    ``reality``: of an exchange, whether it was one. ``called_off``: of a round or a meeting that a step called off.
    """

    at: int
    until: int | None = None
    lane: str
    who: tuple[str, ...] = ()
    form: Form = "done"
    label: Words
    title: Words
    rests: tuple[str, ...] = ()
    minor: bool = False
    code: str = ""
    reality: str = ""
    called_off: bool = False


class Value(NamedTuple):
    """An indicator's value for the period from ``begins`` to ``ends``."""

    begins: int
    ends: int
    value: Decimal


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator's values over time, in ``unit``, as ``source`` publishes them."""

    unit: str
    source: str
    values: tuple[Value, ...]


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the chronicle: ``owner`` is the party whose it is, where it is one's; ``note`` says more of it.

    Marks are in order of their instants.
    """

    id: str
    group: Group
    title: Words
    owner: str = ""
    note: Words = {}
    stretches: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()
    curve: Curve | None = None

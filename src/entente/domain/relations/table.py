"""State tables: which verb is allowed to whom in which state of a matter, and what comes of it.

A kind of matter is one :class:`Table`. Its verbs are data, so that the commands, their help, the specification's tables
and the refusals all come from the same lines.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from entente.domain.relations.fields import Field, FormError, hear
from entente.domain.relations.steps import MAX_TEXT, MAX_TEXTS, Kind, Refusal, Said, Step, Text, a_kind

Who = Literal["owner", "other", "party"]
"""Who may take a step: the party that opened the matter, one of the others that it is between, or any of them."""
Texts = Literal["none", "may", "must"]


@dataclass
class Event:
    """A step as it was judged when its turn came: the refusal, if any, and the matter's state after it."""

    step: Step
    refusal: Refusal | None
    state: str


@dataclass
class Matter:
    """A matter as its steps made it. ``view`` holds what only its kind knows; :class:`Table` says what."""

    id: str
    kind: Kind
    owner: str
    audience: tuple[str, ...]
    opened: Step
    state: str
    view: Any
    events: list[Event] = field(default_factory=list)
    written: set[str] = field(default_factory=set, compare=False, repr=False)
    """Digests of the statements that its steps were signed with: each counts once."""

    @property
    def steps(self) -> Iterator[Step]:
        """The steps that were allowed, in order."""
        return (event.step for event in self.events if event.refusal is None)


Do = Callable[[Matter, Step], Refusal | None]


def nothing(_matter: Matter, _step: Step) -> Refusal | None:
    """A verb that changes the state and nothing else."""
    return None


def always(_matter: Matter, _at: int) -> bool:
    """A kind of matter that may be seen from its first step on, at any instant."""
    return True


def counted(_verb: str, _fields: Collection[str]) -> bool:
    """A kind of matter that is never numbered apart."""
    return False


@dataclass(frozen=True)
class Verb:
    """A step that may be taken.

    ``states``: where it is allowed, empty for the one that opens. ``to``: the state after it, None where it stays as it
    is or the table settles it; ``settles`` are the states that it may lead to then. ``do`` judges what only the kind
    can, and changes the matter's view only if it allows it.
    """

    help: str
    states: tuple[str, ...] = ()
    to: str | None = None
    who: Who = "owner"
    fields: Mapping[str, Field] = field(default_factory=dict)
    texts: Texts = "none"
    do: Do = nothing
    settles: tuple[str, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether it begins a matter."""
        return not self.states

    def is_for(self, party: str, owner: str) -> bool:
        """Whether a party of a matter may take this step, whatever state the matter is in."""
        return self.who == "party" or (party == owner) == (self.who == "owner")


@dataclass(frozen=True)
class Table:
    """One kind of matter: its verbs by name, what its view is at the beginning, and a title for people.

    ``settle`` gives the state after an allowed step from the view, where it is not the verb's to say. ``visible`` says
    whether it may be seen at an instant (ms): before that, no answer, page, search or error shows that it is there.
    ``apart`` says whether a matter that a verb opens with these fields is numbered apart, so that a gap tells nothing.
    """

    kind: Kind
    help: str
    states: tuple[str, ...]
    verbs: Mapping[str, Verb]
    begin: Callable[[Step], Any]
    show: Callable[[Matter], dict[str, Any]]
    settle: Callable[[Matter], str] | None = None
    visible: Callable[[Matter, int], bool] = always
    apart: Callable[[str, Collection[str]], bool] = counted

    def verb(self, name: str) -> Verb:
        """A verb by its name.

        Raises:
            FormError: there is none.
        """
        if name not in self.verbs:
            raise FormError(
                "verb",
                f"{a_kind(self.kind)} has no {name[:40]!r}",
                f"one of: {', '.join(self.verbs)}",
            )
        return self.verbs[name]

    def read(self, verb: str, said: tuple[Said, ...], texts: tuple[Text, ...]) -> dict[str, Any]:
        """The fields of a step of this kind, parsed; everything about its form is checked here.

        Raises:
            FormError: it is not of the form that its verb asks for.
        """
        found = self.verb(verb)
        values = hear(found.fields, said)
        if len(texts) > MAX_TEXTS:
            raise FormError("texts", f"{len(texts)} texts", f"give at most {MAX_TEXTS}")
        if found.texts == "none" and texts:
            raise FormError("texts", f"{verb} carries no text", "leave it out")
        if found.texts == "must" and not texts:
            raise FormError("texts", f"{verb} carries a text", "give it in at least one language")
        if any(text.size > MAX_TEXT for text in texts):
            raise FormError("texts", f"one of more than {MAX_TEXT:,} bytes", "give what is larger as an item")
        if len({text.lang for text in texts}) != len(texts):
            raise FormError("texts", "two texts in one language", "give one for each language")
        return values


def refuse(code: str, text: str, remedy: str) -> Refusal:
    """A refusal, in the order in which people read it."""
    return Refusal(code, text, remedy)

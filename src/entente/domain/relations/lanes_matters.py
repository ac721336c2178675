"""The lanes of what goes on around the agreement: a band for each measure, arrangement and dialogue, marks otherwise.

Each step is a mark at the instant of what it states, as its signer dates it; a round of talks and a meeting are one
mark at their own time, however many steps led to them. Two parties' words stay two marks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from entente.domain.agreement.calendar import first_instant
from entente.domain.relations.chronicle_words import (
    COLON,
    COMMA,
    COMPLAINT_STATES,
    GROUP_WORDS,
    KEPT,
    ON_CONDITION,
    REFUSED,
    REPORT_ON,
    ROUND,
    SEMICOLON,
    STATES,
    VERBS,
    VIDEO,
    Words,
    bracketed,
    each,
    placed,
    plain,
    said,
)
from entente.domain.relations.lanes import Form, Group, Lane, Mark, Stretch
from entente.domain.relations.matters import TABLES
from entente.domain.relations.statements import out
from entente.domain.relations.steps import MATTER, Kind, Step
from entente.domain.relations.table import Event, Matter


class Scene(NamedTuple):
    """The matters as they are known at ``at``, embargoed ones left out, to ``ends``; ``zone`` is the agreement's.

    ``hidden`` are ids that may not be named, ``known`` those of the matters that are here.
    """

    matters: Sequence[Matter]
    hidden: frozenset[str]
    known: frozenset[str]
    name: Callable[[str], Words]
    zone: str
    ends: int
    at: int

    def of(self, kind: Kind) -> list[Matter]:
        """The matters of a kind, by when they were opened."""
        return sorted((one for one in self.matters if one.kind == kind), key=lambda matter: matter.opened.order)

    def events(self, matter: Matter) -> Iterator[Event]:
        """Its steps that are known."""
        return (event for event in matter.events if event.step.at <= self.at)

    def rests(self, step: Step) -> tuple[str, ...]:
        """What a step rests on: its matter, and what it refers to without naming what nobody may see yet.

        A statement that is not here at all may be one that is kept back: its id is left out too.
        """
        return (step.matter, *(ref for ref in step.refs if self._may_name(ref)))

    def _may_name(self, ref: str) -> bool:
        found = MATTER.fullmatch(ref)
        statement = found is not None and found.group(2) == "statement"
        return ref not in self.hidden and (not statement or ref in self.known)


def measure_lanes(scene: Scene) -> list[Lane]:
    """A band for each measure, with its states."""
    return [_band(scene, matter, "measures", _forum(matter.opened)) for matter in scene.of("measure")]


def arrangement_lanes(scene: Scene) -> list[Lane]:
    """A band for each arrangement."""
    return [_band(scene, matter, "arrangements", "") for matter in scene.of("arrangement")]


def talk_lanes(scene: Scene) -> list[Lane]:
    """A band for each dialogue, with its rounds."""
    return [_band(scene, matter, "talks", "") for matter in scene.of("dialogue")]


def meeting_lane(scene: Scene) -> Lane:
    """All meetings."""
    return _gathered(scene, "meetings", ("meeting",))


def statement_lane(scene: Scene) -> Lane:
    """All statements that may be seen."""
    return _gathered(scene, "statements", ("statement",))


def note_marks(scene: Scene) -> list[Mark]:
    """The formal notes, for the lane of the acts that they record."""
    return [mark for matter in scene.of("note") for mark in _marks(scene, matter, "acts")]


def _gathered(scene: Scene, group: Group, kinds: tuple[Kind, ...]) -> Lane:
    marks = [mark for kind in kinds for matter in scene.of(kind) for mark in _marks(scene, matter, group)]
    return Lane(
        id=group,
        group=group,
        title=GROUP_WORDS[group],
        marks=tuple(sorted(marks, key=lambda mark: mark.at)),
    )


def _band(scene: Scene, matter: Matter, group: Group, note: str) -> Lane:
    title: Words = matter.opened.get("title", plain(matter.id))
    return Lane(
        id=matter.id,
        group=group,
        title=each(lambda lang: said(title, lang)),
        owner=matter.owner,
        note=plain(note),
        stretches=tuple(_stretches(scene, matter)),
        marks=tuple(sorted(_marks(scene, matter, matter.id), key=lambda mark: mark.at)),
    )


def _forum(step: Step) -> str:
    return " ".join(filter(None, (step.get("forum", ""), step.get("reference", ""))))


def _stretches(scene: Scene, matter: Matter) -> Iterator[Stretch]:
    """The states of a matter that its steps set, each from the instant from which it holds."""
    held: tuple[int, str, Step] | None = None
    for event in scene.events(matter):
        if event.refusal is not None:
            continue
        begins = _instant(scene, event.step)
        if held is not None and held[1] == event.state:
            continue
        if held is not None and held[0] < begins:
            yield _stretch(scene, matter, held, begins)
        held = (begins, event.state, event.step)
    if held is not None and held[1] in STATES and held[0] < scene.ends:
        yield _stretch(scene, matter, held, scene.ends)


def _stretch(scene: Scene, matter: Matter, held: tuple[int, str, Step], ends: int) -> Stretch:
    begins, state, step = held
    own = COMPLAINT_STATES if _is_complaint(matter) else {}
    return Stretch(begins=begins, ends=ends, state=state, label=own.get(state, STATES[state]), rests=scene.rests(step))


def _is_complaint(matter: Matter) -> bool:
    return matter.kind == "measure" and matter.opened.get("subject") == "complaint"


def _does(scene: Scene, matter: Matter, step: Step) -> Words:
    """What a step does in words; a measure that is a complaint has some of its own."""
    words = VERBS.get(f"{step.kind} {step.verb}", plain(step.verb))
    if matter.kind == "note":
        return each(lambda lang: bracketed(said(words, lang), matter.opened.get("act"), lang))
    if step.verb == "report":
        name, kept = scene.name(step.get("of")), KEPT[step.get("kept")]
        return each(lambda lang: said(REPORT_ON, lang).format(said(name, lang)) + COLON[lang] + said(kept, lang))
    if step.verb in ("postpone", "cancel") and step.kind == "dialogue":
        return each(lambda lang: f"{_round(step, lang)} {said(words, lang)}")
    return VERBS.get(f"complaint {step.verb}", words) if _is_complaint(matter) else words


def _instant(scene: Scene, step: Step) -> int:
    """When what a step states holds: as it says, else when it was taken.

    What is announced for later is announced now: its stretch begins with the word, not with the deed.
    """
    if step.kind == "note" and step.verb == "deliver":
        delivered: int = step.get("on")
        return delivered
    if step.kind != "measure":
        return step.at
    if "on" in step.values:
        return first_instant(step.get("on"), scene.zone)
    effective: int = step.get("effective", step.at)
    return min(effective, step.at) if step.verb == "announce" else effective


def _marks(scene: Scene, matter: Matter, lane: str) -> Iterator[Mark]:
    """A mark for each step, and one for each round or meeting itself."""
    for event in scene.events(matter):
        if event.refusal is not None:
            yield _refused(scene, matter, event, lane)
        elif (matter.kind, event.step.verb) not in _GATHERED:
            yield _mark(scene, matter, event, lane)
    if matter.kind == "dialogue":
        yield from _rounds(scene, matter, lane)
    elif matter.kind == "meeting":
        yield from _meeting(scene, matter, lane)


_GATHERED = {("dialogue", "convene"), ("dialogue", "hold"), ("meeting", "hold")}
"""Steps that have no mark of their own: the round's or the meeting's stands for them."""
_DONE: Form = "done"
_MINOR = {
    "arrangement review",
    "dialogue minute", "dialogue propose_minutes", "dialogue adopt_minutes", "dialogue assign", "dialogue done",
    "meeting agree", "meeting record", "meeting propose_record", "meeting adopt_record", "meeting counter",
    "note send", "note deliver", "note acknowledge",
}  # fmt: skip


def _mark(scene: Scene, matter: Matter, event: Event, lane: str) -> Mark:
    step = event.step
    at, form = _instant(scene, step), _DONE
    if matter.kind == "statement":
        at, form = _public(matter, step)
    return Mark(
        at=at,
        lane=lane,
        who=matter.audience if event.state == "joint" else (step.by,),
        form=form if at <= scene.at else "expected",
        label=_label(scene, matter, event),
        title=_title(scene, matter, step),
        rests=scene.rests(step),
        minor=f"{step.kind} {step.verb}" in _MINOR,
    )


def _public(matter: Matter, step: Step) -> tuple[int, Form]:
    """When the public can have had it: not before an embargo; what was withdrawn before that was never said."""
    said_at = out(matter)
    if said_at is None:
        return step.at, "averted" if step.verb == "issue" else "done"
    early = step.verb in ("propose", "adopt") and step.at < said_at
    return (step.at if early else max(step.at, said_at)), "done"


def _refused(scene: Scene, matter: Matter, event: Event, lane: str) -> Mark:
    step, refusal = event.step, event.refusal
    code = refusal.code if refusal is not None else ""
    words = _does(scene, matter, step)
    return Mark(
        at=step.at,
        lane=lane,
        who=(step.by,),
        form="refused",
        label=each(lambda lang: bracketed(said(words, lang), said(REFUSED, lang), lang)),
        title=each(lambda lang: f"{said(words, lang)}{SEMICOLON[lang]}{said(REFUSED, lang)}{COLON[lang]}{code}"),
        rests=scene.rests(step),
        minor=True,
        code=code,
    )


def _label(scene: Scene, matter: Matter, event: Event) -> Words:
    """A few words: the step's own line where it has one, else what it does; with the title where a lane has many."""
    step = event.step
    words = _does(scene, matter, step)
    title: Words = matter.opened.get("title", {})
    summary: Words = step.get("summary", {})
    if matter.kind == "statement" and (step.verb == "issue" or event.state == "joint"):
        return each(lambda lang: said(title, lang))
    if matter.kind in ("statement", "meeting"):
        return each(lambda lang: f"{said(words, lang)}{COLON[lang]}{said(title, lang)}")
    if matter.kind == "note" or step.verb in ("postpone", "cancel", "report"):
        return words
    return each(lambda lang: said(summary, lang).rstrip(".。") or said(words, lang))


def _round(step: Step, lang: str) -> str:
    return said(ROUND, lang).format(step.get("round"))


def _title(scene: Scene, matter: Matter, step: Step) -> Words:
    """All that a reader of the table wants: which matter, what was done, in which words, on which condition."""
    words = _does(scene, matter, step)
    about: Words = words if matter.kind == "note" else matter.opened.get("title", plain(matter.id))
    further: list[Words] = [step.get(field, {}) for field in ("summary", "claim", "reason")]
    condition: Words = step.get("condition", {})

    def title(lang: str) -> str:
        parts = [said(words, lang), *(said(one, lang) for one in further)]
        if condition:
            parts.append(said(ON_CONDITION, lang) + COLON[lang] + said(condition, lang))
        subject = said(about, lang)
        extra = [part for part in dict.fromkeys(parts) if part and part != subject]
        return subject + (f" – {SEMICOLON[lang].join(extra)}" if extra else "")

    return each(title)


class _Round(NamedTuple):
    """A round as the last word on it has it: its time and place, and what became of it."""

    step: Step
    window: tuple[int, int]
    place: str
    video: bool
    form: Form
    summary: Words
    rests: tuple[str, ...]


def _rounds(scene: Scene, matter: Matter, lane: str) -> Iterator[Mark]:
    rounds: dict[int, _Round] = {}
    for event in scene.events(matter):
        step = event.step
        number = step.get("round")
        if event.refusal is not None or number is None:
            continue
        known = rounds.get(number)
        if step.verb == "convene":
            rounds[number] = _Round(
                step, step.get("window"), step.get("place", ""), step.get("video") == "yes", "expected", {},
                scene.rests(step),
            )  # fmt: skip
        elif known is not None and step.verb == "postpone":
            rounds[number] = known._replace(window=step.get("window"), place=step.get("place", known.place))
        elif known is not None and step.verb in ("hold", "cancel"):
            form: Form = "done" if step.verb == "hold" else "averted"
            rounds[number] = known._replace(form=form, summary=step.get("summary", {}))
    for one in rounds.values():
        yield _round_mark(matter, one, lane)


def _round_mark(matter: Matter, round_: _Round, lane: str) -> Mark:
    def place(lang: str) -> str:
        return COMMA[lang].join(
            filter(None, (said(placed(round_.place), lang), said(VIDEO, lang) if round_.video else ""))
        )

    def label(lang: str) -> str:
        return COMMA[lang].join(filter(None, (_round(round_.step, lang), place(lang))))

    def title(lang: str) -> str:
        parts = (said(matter.opened.get("title", {}), lang), label(lang), said(round_.summary, lang))
        return " – ".join(filter(None, parts))

    return Mark(
        at=round_.window[0],
        until=round_.window[1],
        lane=lane,
        who=matter.audience,
        form=round_.form,
        label=each(label),
        title=each(title),
        rests=round_.rests,
        called_off=round_.form == "averted",
    )


def _meeting(scene: Scene, matter: Matter, lane: str) -> Iterator[Mark]:
    """The meeting itself, once a time is agreed; what is only on the table shows by the steps that put it there."""
    agreed: tuple[int, int] | None = None
    form: Form = "expected"
    summary: Words = {}
    place, host = matter.opened.get("place", ""), matter.opened.get("host_event", {})
    for event in scene.events(matter):
        step = event.step
        if event.refusal is not None:
            continue
        place = step.get("place", place) if step.verb == "counter" else place
        agreed = step.get("window") if step.verb == "agree" and event.state == "agreed" else agreed
        if step.verb in ("hold", "cancel"):
            form = "done" if step.verb == "hold" else "averted"
            summary = step.get("summary", {})
    if agreed is None:
        return
    about: Words = matter.opened.get("title", plain(matter.id))

    def title(lang: str) -> str:
        parts = (_where(said(about, lang), place, lang), said(host, lang), said(summary, lang))
        return " – ".join(filter(None, parts))

    yield Mark(
        at=agreed[0],
        until=agreed[1],
        lane=lane,
        who=matter.audience,
        form=form,
        label=each(lambda lang: _where(said(about, lang), place, lang)),
        title=each(title),
        rests=scene.rests(matter.opened),
        called_off=form == "averted",
    )


def _where(title: str, place: str, lang: str) -> str:
    """A title with the place, where it does not name it itself."""
    name = said(placed(place), lang)
    if not name or name in title or place in title:
        return title
    return f"{title}, {name}" if lang == "en" else bracketed(title, name, lang)


def hidden(matters: Mapping[str, Matter], at: int) -> frozenset[str]:
    """The matters that nobody may see at ``at``: statements under embargo."""
    return frozenset(matter.id for matter in matters.values() if not TABLES[matter.kind].visible(matter, at))

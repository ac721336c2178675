"""Dialogues: a channel of talks at a level, its rounds, minutes and actions (docs/spec/relations.md, section 7).

A round takes place, is put off or is cancelled; each party may keep its own record of it, and minutes are agreed once
every party has signed the same bytes. Where more than two parties talk, the first other that accepts opens the channel:
the rest may come in when they like, and what none but two said binds nobody else.
"""

from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import fields
from entente.domain.relations.joint import Wordings, version
from entente.domain.relations.steps import Refusal, Step, some
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("proposed", "open", "adjourned", "closed")
LEVELS = ("minister", "vice_minister", "director_general", "working")
_AFTER = ("open", "adjourned", "closed")
"""What was said in the last round is written up after it."""


@dataclass
class Round:
    """A round as last arranged: its window in ms, the second exclusive; ``zone`` is where it takes place.

    ``state`` is ``convened``, ``cancelled`` or ``held``. ``earlier`` are the windows that it was put off from.
    """

    window: tuple[int, int]
    place: str
    video: bool
    zone: str
    participants: tuple[str, ...]
    minutes: Wordings
    state: str = "convened"
    earlier: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Action:
    """Something that a party is to do, as assigned; ``done`` is the step by which it says that it did."""

    step: Step
    done: Step | None = None


@dataclass
class DialogueView:
    """The channel, its rounds by number and its actions by name."""

    title: dict[str, str]
    level: str
    agenda: tuple[str, ...]
    rounds: dict[int, Round] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)


def _begin(step: Step) -> DialogueView:
    return DialogueView(step.get("title"), step.get("level"), step.get("agenda", ()))


def _convened(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    number, get = step.get("round"), step.get
    known = view.rounds.get(number)
    if known is not None and known.state != "cancelled":
        text = f"round {number} of {matter.id} is {known.state} already"
        return refuse("ALREADY_CONVENED", text, "Put it off, or convene the next one.")
    view.rounds[number] = Round(
        get("window"), get("place", ""), get("video") == "yes", get("zone", ""), get("participant", ()),
        Wordings(matter.audience),
    )  # fmt: skip
    return None


def _to_come(matter: Matter, number: int) -> Refusal | None:
    """Why a round cannot be put off, cancelled or held; None where it is convened."""
    known = matter.view.rounds.get(number)
    if known is None:
        return _no_such_round(matter, number)
    if known.state == "cancelled":
        return refuse("CANCELLED", f"round {number} of {matter.id} is cancelled", "Convene it again.")
    if known.state == "held":
        return refuse("ALREADY_HELD", f"round {number} of {matter.id} has taken place", "Convene the next one.")
    return None


def _no_such_round(matter: Matter, number: int) -> Refusal:
    known = some(matter.view.rounds) or "none yet"
    return refuse("NO_SUCH_ROUND", f"{matter.id} has no round {number}", f"Convened were: {known}.")


def _postponed(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    refusal = _to_come(matter, step.get("round"))
    if refusal is not None:
        return refusal
    known: Round = view.rounds[step.get("round")]
    known.earlier.append(known.window)
    known.window = step.get("window")
    known.place, known.zone = step.get("place", known.place), step.get("zone", known.zone)
    return None


def _cancelled(matter: Matter, step: Step) -> Refusal | None:
    return _moved(matter, step, "cancelled")


def _held(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    number = step.get("round")
    refusal = _to_come(matter, number)
    if refusal is None and step.at < view.rounds[number].window[0]:
        begins = format_instant(view.rounds[number].window[0])
        text = f"round {number} of {matter.id} begins at {begins}: it has not taken place"
        return refuse("NOT_YET", text, "Say it once it has begun.")
    return refusal or _moved(matter, step, "held")


def _moved(matter: Matter, step: Step, state: str) -> Refusal | None:
    view: DialogueView = matter.view
    refusal = _to_come(matter, step.get("round"))
    if refusal is None:
        view.rounds[step.get("round")].state = state
    return refusal


def _over(matter: Matter, number: int) -> Refusal | None:
    """Why there can be no record of a round; None where it took place."""
    known = matter.view.rounds.get(number)
    if known is None:
        return _no_such_round(matter, number)
    if known.state != "held":
        text = f"round {number} of {matter.id} has not taken place"
        return refuse("NOT_HELD", text, "Say first that it was held.")
    return None


def _minuted(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    refusal = _over(matter, step.get("round"))
    if refusal is None:
        view.rounds[step.get("round")].minutes.word(step)
    return refusal


def _minutes_proposed(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    return _over(matter, step.get("round")) or view.rounds[step.get("round")].minutes.propose(step)


def _minutes_adopted(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    refusal = _over(matter, step.get("round"))
    return refusal or view.rounds[step.get("round")].minutes.adopt(step, step.get("wording"))


def _assigned(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    name, party = step.get("action"), step.get("to")
    if party not in matter.audience:
        between = ", ".join(matter.audience)
        return refuse("NOT_BETWEEN_THEM", f"{matter.id} is between {between}, not {party}", "Name one of them.")
    if name in view.actions:
        return refuse("ALREADY_ASSIGNED", f"{matter.id} has an action {name}", "Give it another name.")
    view.actions[name] = Action(step)
    return None


def _done(matter: Matter, step: Step) -> Refusal | None:
    view: DialogueView = matter.view
    found = view.actions.get(step.get("action"))
    if found is None:
        known = some(view.actions) or "none yet"
        return refuse("NO_SUCH_ACTION", f"{matter.id} has no action {step.get('action')}", f"Assigned were: {known}.")
    if found.step.get("to") != step.by:
        text = f"{step.get('action')} is for {found.step.get('to')} to do"
        return refuse("NOT_YOURS", text, "Only that party says that it is done.")
    if found.done is not None:
        return refuse("ALREADY_DONE", f"{step.get('action')} is done", "Nothing is to be done.")
    found.done = step
    return None


def _round(each: Round) -> dict[str, Any]:
    return {
        "state": each.state,
        "window": [format_instant(instant) for instant in each.window],
        "earlier": [[format_instant(instant) for instant in window] for window in each.earlier],
        "place": each.place,
        "video": each.video,
        "zone": each.zone,
        "participants": list(each.participants),
        "minutes": each.minutes.show(),
    }


def _action(each: Action) -> dict[str, Any]:
    due = each.step.get("due")
    return version(each.step) | {
        "to": each.step.get("to"),
        "due": due.isoformat() if due else None,
        "done": version(each.done) if each.done else None,
    }


def _show(matter: Matter) -> dict[str, Any]:
    view: DialogueView = matter.view
    return {
        "title": view.title,
        "level": view.level,
        "agenda": list(view.agenda),
        "rounds": {str(number): _round(view.rounds[number]) for number in sorted(view.rounds)},
        "actions": {name: _action(each) for name, each in view.actions.items()},
    }


_SUMMARY = {"summary": fields.worded("In one line.")}
_ROUND = {"round": fields.count("The number of the round.").must()}
_REASON = {"reason": fields.worded("Why.")}
_PLACE = {
    "place": fields.text("Where."),
    "zone": fields.zone("The time zone of the place."),
}
DIALOGUES = Table(
    kind="dialogue",
    help="A channel of talks at a level: rounds, minutes and actions.",
    states=STATES,
    begin=_begin,
    show=_show,
    verbs={
        "propose": Verb(
            "Propose a channel of talks.",
            to="proposed",
            fields={
                "title": fields.worded("What it is called.").must(),
                "level": fields.choice("At which level.", *LEVELS).must(),
                "agenda": fields.several(fields.text("A point of the agenda.")),
            },
        ),
        "accept": Verb(
            "Accept it: the first other party that does opens it.", ("proposed",), "open", who="other", fields=_SUMMARY
        ),
        "convene": Verb(
            "Convene a round.",
            ("open",),
            who="party",
            fields=_ROUND
            | {"window": fields.window("From when to when.").must()}
            | _PLACE
            | {
                "video": fields.choice("Whether by video.", "yes", "no"),
                "participant": fields.several(fields.text("An office, such as 'jp: Director-General'.")),
            },
            do=_convened,
        ),
        "postpone": Verb(
            "Put a round off, or bring it forward.",
            ("open", "adjourned"),
            who="party",
            fields=_ROUND | {"window": fields.window("From when to when.").must()} | _PLACE | _REASON,
            do=_postponed,
        ),
        "cancel": Verb(
            "Cancel a round; it may be convened again.",
            ("open", "adjourned"),
            who="party",
            fields=_ROUND | _REASON,
            do=_cancelled,
        ),
        "hold": Verb("A round took place.", ("open",), who="party", fields=_ROUND | _SUMMARY, do=_held),
        "minute": Verb(
            "This party's own record of a round.",
            _AFTER,
            who="party",
            texts="must",
            fields=_ROUND | _SUMMARY,
            do=_minuted,
        ),
        "propose_minutes": Verb(
            "Propose minutes of a round; who proposes them has signed them.",
            _AFTER,
            who="party",
            texts="must",
            fields=_ROUND | _SUMMARY,
            do=_minutes_proposed,
        ),
        "adopt_minutes": Verb(
            "Sign proposed minutes; they are agreed once every party has signed the same bytes.",
            _AFTER,
            who="party",
            fields=_ROUND | {"wording": fields.digest("The digest of the minutes.").must()},
            do=_minutes_adopted,
        ),
        "assign": Verb(
            "Note what a party is to do.",
            _AFTER,
            who="party",
            fields={
                "action": fields.ident("A name for it.").must(),
                "to": fields.party("The party that is to do it.").must(),
                "due": fields.day("By which day."),
                "summary": fields.worded("What is to be done, in one line.").must(),
            },
            do=_assigned,
        ),
        "done": Verb(
            "This party did what it was to do.",
            _AFTER,
            who="party",
            fields={"action": fields.ident("The action.").must()} | _SUMMARY,
            do=_done,
        ),
        "adjourn": Verb("Adjourn the talks.", ("open",), "adjourned", who="party", fields=_SUMMARY),
        "reopen": Verb("Take the talks up again.", ("adjourned",), "open", who="party", fields=_SUMMARY),
        "close": Verb("Close the channel.", ("open", "adjourned"), "closed", who="party", fields=_SUMMARY),
    },
)

"""Conflicts of engagements and deadlines (sections 9 and 12)."""

from typing import Any

from shorthand import Course, Json, then

T = "kr-dialogue-1"


def _hours(begins: str, ends: str) -> str:
    return f"window=2019-12-16T{begins}.000Z/2019-12-16T{ends}.000Z"


def _window(begins: str, ends: str) -> list[str]:
    return [f"2019-12-16T{begins}.000Z", f"2019-12-16T{ends}.000Z"]


MORNING, NOON = _hours("01:00:00", "03:00:00"), _hours("03:00:00", "05:00:00")
LATE = _hours("02:59:59", "04:00:00")
PROPOSED = {"kr-meeting-1": then("proposed"), "kr-meeting-2": then("proposed")}


def _meeting(course: Course, name: str, *windows: str, level: str = "leader", who: tuple[str, ...] = ()) -> None:
    course("kr", name, "propose", "title.en=M", f"level={level}", *windows, *(f"principal={each}" for each in who))


def _clash(first: list[Any], second: list[Any], *who: str | Json) -> Json:
    return {"first": first, "second": second, "who": list(who)}


def _leaders(*parties: str) -> list[Json]:
    return [{"level": "leader", "party": party} for party in parties]


def _overlap() -> Json:
    course = Course()
    _meeting(course, "kr-meeting-1", MORNING)
    _meeting(course, "kr-meeting-2", LATE)
    _meeting(course, "kr-meeting-3", NOON, level="minister")
    return course.vector(
        "leaders are expected at two meetings that overlap by one second; ministers are others", "9",
        matters={f"kr-meeting-{number}": then("proposed") for number in (1, 2, 3)},
        conflicts=[_clash(["kr-meeting-1", 0, *_window("01:00:00", "03:00:00")],
                          ["kr-meeting-2", 0, *_window("02:59:59", "04:00:00")], *_leaders("jp", "kr"))],
    )  # fmt: skip


def _touching() -> Json:
    course = Course()
    _meeting(course, "kr-meeting-1", MORNING)
    _meeting(course, "kr-meeting-2", NOON)
    return course.vector("windows are half-open: one that begins as another ends is no conflict", "9",
                         matters=PROPOSED, conflicts=[])  # fmt: skip


def _choice() -> Json:
    course = Course()
    _meeting(course, "kr-meeting-1", MORNING, LATE)
    _meeting(course, "kr-meeting-2", NOON)
    before = _clash(["kr-meeting-1", 0, *_window("02:59:59", "04:00:00")],
                    ["kr-meeting-2", 0, *_window("03:00:00", "05:00:00")], *_leaders("jp", "kr"))  # fmt: skip
    return course.vector("windows of one meeting are a choice; each on the table may be in another's way", "9",
                         matters=PROPOSED, conflicts=[before])  # fmt: skip


def _agreed_window() -> Json:
    course = Course()
    _meeting(course, "kr-meeting-1", MORNING, LATE)
    _meeting(course, "kr-meeting-2", NOON)
    course("jp", "kr-meeting-1", "agree", MORNING)
    _meeting(course, "kr-meeting-3", NOON)
    course("jp", "kr-meeting-3", "cancel")
    _meeting(course, "kr-meeting-4", NOON)
    course("jp", "kr-meeting-4", "agree", NOON)
    course.wait(30)
    course("jp", "kr-meeting-4", "hold")
    states = ("agreed", "proposed", "cancelled", "held")
    return course.vector(
        "of a meeting that is agreed its window alone counts, and none of one that is cancelled or held", "9",
        matters={f"kr-meeting-{number}": then(state) for number, state in enumerate(states, 1)}, conflicts=[],
    )  # fmt: skip


def _people() -> Json:
    course = Course()
    _meeting(course, "kr-meeting-1", MORNING, level="minister", who=("jp: Kato", "kr: Yun"))
    course("kr", T, "propose", "title.en=Talks", "level=director_general")
    course("jp", T, "accept")
    course("jp", T, "convene", "round=2", LATE, "participant=kr: Yun", "participant=jp: Sato")
    course("jp", T, "convene", "round=3", _hours("05:00:00", "06:00:00"))
    course("jp", T, "convene", "round=4", _hours("05:30:00", "06:00:00"))
    course("jp", T, "convene", "round=5", LATE, "participant=kr: Yun")
    course("jp", T, "cancel", "round=5")
    talks = [{"level": "director_general", "party": party} for party in ("jp", "kr")]
    return course.vector(
        "somebody is a principal or participant as written, or a level of a party; two rounds of one dialogue clash, a "
        "cancelled one does not", "9",
        matters={"kr-meeting-1": then("proposed"), T: then("open")},
        conflicts=[
            _clash(["kr-meeting-1", 0, *_window("01:00:00", "03:00:00")],
                   [T, 2, *_window("02:59:59", "04:00:00")], "kr: Yun"),
            _clash([T, 3, *_window("05:00:00", "06:00:00")], [T, 4, *_window("05:30:00", "06:00:00")], *talks),
        ],
    )  # fmt: skip


def _talks(*last: str) -> Course:
    course = Course()
    course("kr", T, "propose", "title.en=Talks", "level=working")
    course("jp", T, "accept")
    course("jp", T, "convene", "round=1", MORNING)
    course("jp", T, "convene", "round=2", LATE)
    for verb in last:
        course("jp", T, verb)
    return course


def _adjourned() -> Json:
    working = [{"level": "working", "party": party} for party in ("jp", "kr")]
    clash = _clash([T, 1, *_window("01:00:00", "03:00:00")], [T, 2, *_window("02:59:59", "04:00:00")], *working)
    return _talks("adjourn").vector("rounds of talks that are adjourned are expected", "9",
                                    matters={T: then("adjourned")}, conflicts=[clash])  # fmt: skip


def _closed() -> Json:
    return _talks("close").vector("rounds of talks that are closed are expected no more", "9",
                                  matters={T: then("closed")}, conflicts=[])  # fmt: skip


CONFLICTS = [make() for make in (_overlap, _touching, _choice, _agreed_window, _people, _adjourned, _closed)]

SIGNED = [
    {"id": f"{party}-{number}", "by": party, "kind": kind, "dispatched": f"2016-11-23T0{number - 1}:00:00Z",
     "received": {other: f"2016-11-23T0{number - 1}:00:00Z"}}
    for number, kind in ((1, "sign"), (2, "notify_completion")) for party, other in (("jp", "kr"), ("kr", "jp"))
]  # fmt: skip
NOTICE = {"id": "kr-3", "by": "kr", "kind": "notice_of_termination", "dispatched": "2019-08-23T08:30:00Z",
          "received": {"jp": "2019-08-23T08:30:00Z"}}  # fmt: skip
SUSPENSION = {"id": "kr-4", "by": "kr", "kind": "suspend_notice", "dispatched": "2019-11-22T09:00:00Z",
              "refs": ["kr-3"], "received": {"jp": "2019-11-22T09:00:00Z"}}  # fmt: skip
RESUMPTION = {"id": "kr-5", "by": "kr", "kind": "resume_notice", "dispatched": "2019-11-22T10:00:00Z",
              "refs": ["kr-3"], "received": {"jp": "2019-11-22T10:00:00Z"}}  # fmt: skip
END = "2019-11-22T15:00:00.000Z"
"""Midnight in Seoul."""
LAST_DAY = "2019-08-24T15:00:00.000Z"
"""The end of 24 August 2019 in Seoul, the last day for a notice."""
NEXT_YEAR = "2020-08-24T15:00:00.000Z"


def _deadlines(name: str, document: str, acts: list[Json], course: Course | None, *instants: Json) -> Json:
    steps = course.steps if course is not None else []
    return {"name": name, "rests_on": "relations 12", "documents": [document], "acts": acts, "steps": steps,
            "expect": {"instants": list(instants)}}  # fmt: skip


def _at(at: str, *deadlines: list[str | None], rings: list[list[str]] | None = None) -> Json:
    return {"at": at, "deadlines": list(deadlines)} | ({} if rings is None else {"rings": rings})


def _matters() -> Course:
    course = Course()
    course("kr", "kr-measure-1", "announce", "subject=other", "title.en=A", "review=2020-01-10")
    course("kr", "kr-measure-2", "announce", "subject=other", "title.en=B", "review=2020-01-10")
    course("kr", "kr-measure-2", "withdraw", "review=2020-01-10")
    course("kr", "kr-measure-3", "announce", "subject=other", "title.en=C", "review=2020-01-10")
    course("kr", "kr-measure-3", "enforce")
    course("kr", "kr-measure-4", "announce", "subject=other", "title.en=D")
    course("kr", "kr-measure-4", "enforce", "review=2020-01-12")
    course("kr", "kr-measure-4", "end", "review=2020-01-12")
    course("jp", "jp-arrangement-1", "open", "title.en=E", "review=2020-01-10")
    course("kr", "jp-arrangement-1", "review", "on=2020-01-11")
    course("jp", "jp-arrangement-2", "open", "title.en=F", "review=2020-01-10")
    course("kr", "jp-arrangement-2", "end")
    course("kr", T, "propose", "title.en=Talks", "level=working")
    course("jp", T, "accept")
    for action, due in (("a", "due=2020-01-13"), ("b", "due=2020-01-13"), ("c", "")):
        course("jp", T, "assign", f"action={action}", "to=jp", *([due] if due else []), "summary.en=Do it")
    course("jp", T, "done", "action=b")
    course("jp", T, "close")
    return course


DEADLINES = [
    _deadlines("an agreement that goes on has the last day for a notice, one for both views, due at its end; also when "
               "it has passed", "jk.toml", SIGNED, None, _at("2019-01-01T00:00:00.000Z", ["notice", LAST_DAY, None]),
               _at("2019-08-24T09:00:00.000Z", ["notice", LAST_DAY, None], rings=[["notice", LAST_DAY, "PT6H"]]),
               _at("2019-08-24T14:00:00.000Z", ["notice", LAST_DAY, None], rings=[["notice", LAST_DAY, "PT1H"]]),
               _at("2019-10-01T00:00:00.000Z", ["notice", LAST_DAY, None])),
    _deadlines("a notice runs: its end is a deadline, and still one after it has come", "jk.toml", [*SIGNED, NOTICE],
               None,
               _at("2019-09-01T00:00:00.000Z", ["notice", LAST_DAY, None], ["end", END, None]),
               _at("2019-11-22T09:00:00.000Z", ["notice", LAST_DAY, None], ["end", END, None],
                   rings=[["end", END, "PT6H"]]),
               _at("2019-11-22T13:59:59.999Z", ["notice", LAST_DAY, None], ["end", END, None],
                   rings=[["end", END, "PT6H"]]),
               _at("2019-11-22T14:00:00.000Z", ["notice", LAST_DAY, None], ["end", END, None],
                   rings=[["end", END, "PT1H"]]),
               _at(END, ["end", END, None], rings=[["end", END, "PT1H"]]),
               _at("2020-06-01T00:00:00.000Z", ["end", END, None], rings=[["end", END, "PT1H"]])),
    _deadlines("a suspended notice has no end; where the parties read it differently each view has its own deadlines",
               "jk.toml", [*SIGNED, NOTICE, SUSPENSION, RESUMPTION], None,
               _at("2019-11-22T09:30:00.000Z", ["notice", LAST_DAY, None]),
               _at("2019-11-22T11:00:00.000Z", ["notice", LAST_DAY, None], ["end", "2019-11-22T10:00:00.000Z", None]),
               _at("2019-12-01T00:00:00.000Z", ["end", "2019-11-22T10:00:00.000Z", None], ["notice", NEXT_YEAR, None])),
    _deadlines("measures and arrangements that stand have review days, actions that are not done have theirs; days are "
               "those of the zone of the termination clause", "jk.toml", SIGNED, _matters(),
               _at("2019-12-01T00:00:00.000Z", ["review", "2020-01-10T15:00:00.000Z", "kr-measure-1"],
                   ["review", "2020-01-11T15:00:00.000Z", "jp-arrangement-1"],
                   ["due", "2020-01-13T15:00:00.000Z", T], ["notice", NEXT_YEAR, None])),
]  # fmt: skip

"""A record in which everything that can name a matter names the one that is under embargo."""

import hashlib
from typing import Any, NamedTuple

import msgspec
from support_commands import EXAMPLES
from support_matters import prepare, step
from support_pair import Forger
from support_stop import Pair, Party

from entente.node import drafting, matters
from entente.node.drafting import Paper
from entente.record.bodies import SaidValue, Signer, StepStatement, TextRef
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode

NOON = "2019-12-16T01:00:00.000Z/2019-12-16T10:00:00.000Z"
SOON = "2019-10-08"
"""A day so near that its alarms ring."""


class Named(NamedTuple):
    """What names it: the matters, and a draft at kr that may not be sent, for a reason that has it in it."""

    measure: str
    terms: str
    talks: str
    meeting: str
    indicator: str
    statement: str
    note: str
    draft: str

    @property
    def matters(self) -> tuple[str, ...]:
        return self[:-1]

    def asks(self, command: str) -> list[dict[str, Any]]:
        """Arguments of a command with which it says all that it can."""
        say = {"action": "no-such", "summary": {"en": "S"}}
        found: dict[str, list[dict[str, Any]]] = {
            "matter.show": [{"matter": each} for each in self.matters],
            "matter.list": [{}, {"kind": "measure"}],
            "indicator.series": [{"matter": self.indicator}],
            "note.text": [{"act": "kr-3", "language": "en"}],
            "draft.show": [{"draft": self.draft}],
            "step.prepare": [
                EXAMPLES["step.prepare"] | {"kind": "dialogue", "verb": "done", "matter": self.talks, "say": say},
                EXAMPLES["step.prepare"] | {
                    "kind": "arrangement", "verb": "reverse", "matter": self.terms, "say": {"term": "no-such"},
                },
            ],
            "draft.send": [{"draft": self.draft, "person": "p"}],
            "item.register": [{}],
        }  # fmt: skip
        return found.get(command, [EXAMPLES[command]])


NAMING = {
    "matter.list", "matter.show", "indicator.series", "deadline.list", "deadline.calendar", "meeting.conflicts",
    "timeline.steps", "step.prepare", "draft.list", "draft.show", "node.health", "item.register",
}  # fmt: skip
"""Commands that show it once it may be seen: what they answer before is proof that it is kept out."""


def forge(writer: Party, reader: Party, *given: tuple[StepStatement, tuple[bytes, ...]]) -> None:
    """Steps and texts that the writer's own node would never write, in its log and taken by the reader."""
    forger, entries = Forger(writer, writer.ledger.agreement), []
    for statement, texts in given:
        data = encode(statement)
        signed = matters.SignedStep(data, (writer.office("treaty").sign("step", data),))
        entries.append(forger.entry("step", encode(signed), *texts))
    reader.arriving([encode_frame(forger.frame(*entries))])


def saying(statement: StepStatement, **values: str) -> StepStatement:
    """The same statement, some of its fields said otherwise."""
    kept = [each for each in statement.said if each.name not in values]
    more = [SaidValue(name, "", value) for name, value in values.items()]
    return msgspec.structs.replace(statement, said=tuple(sorted((*kept, *more), key=lambda each: each.name)))


def observed(party: Party, indicator: str, rows: str) -> tuple[StepStatement, tuple[bytes, ...]]:
    """A step that takes in a file of values which the party's own node would not take."""
    good, data = b"period,value\n2019-07,1\n", rows.encode()
    asked = matters.Asked(
        "indicator", "observe", indicator, (), (), {}, (matters.Wording("en", "text/csv", good),), embargoed=False
    )
    statement = matters.prepare(party.node, party.ledger, asked, (Signer("treaty", "p1"),))
    text = TextRef("en", "text/csv", hashlib.sha256(data).digest(), len(data))
    return msgspec.structs.replace(statement, texts=(text,)), (data,)


def name_it(pair: Pair, name: str) -> Named:
    """Name a matter in references, fields of every form, keys, texts, files of figures, refusals, drafts and items."""
    kr, jp = pair.kr, pair.jp
    words = {"en": f"As {name} says"}
    measure = step(
        kr, "measure", "announce", refs=(name, "kr-1"), subject="complaint", title=words, forum=name,
        reference=name, review=SOON, condition=words, texts={"en": f"See {name}, and {name.upper()}."},
    )  # fmt: skip
    terms = step(kr, "arrangement", "open", title=words, review=SOON)
    step(kr, "arrangement", "undertake", terms, term=name, summary=words, **{"while": (name, measure)})
    step(kr, "arrangement", "undertake", terms, term=f"x-{name}-x", summary=words)
    talks = step(kr, "dialogue", "propose", title=words, level="minister", agenda=[name])
    meeting = step(
        kr, "meeting", "propose", title=words, level="minister", window=[NOON], place=name, host_place=f"At {name}",
        attendee=[name], principal=[f"kr: {name}"],
    )  # fmt: skip
    pair.carry()
    step(jp, "dialogue", "accept", talks)
    step(jp, "meeting", "agree", meeting, window=NOON)
    pair.carry()
    step(kr, "dialogue", "convene", talks, round="1", window=NOON, place=name, participant=[f"kr: {name}"])
    step(kr, "dialogue", "assign", talks, action=name, to="kr", summary=words, due=SOON)
    step(kr, "dialogue", "assign", talks, action=f"{name}-a", to="kr", summary=words, due=SOON)
    step(kr, "dialogue", "assign", talks, action="known", to="kr", summary=words)
    indicator = step(kr, "indicator", "follow", title=words, unit=name, source=name)
    statement = step(kr, "statement", "issue", title=words, attribution="none", texts={"en": f"{name}.\nIt is out."})
    note = step(
        kr, "note", "send", act="kr-3", to=["jp"], form="record", authority=name, article=name, texts={"en": name},
        signers=(Signer("treaty", name),),
    )  # fmt: skip
    done = prepare(kr, "dialogue", "done", talks, action=name)
    draft = drafting.file(kr.node, kr.ledger, Paper("step", encode(done)), "p").id
    step(kr, "dialogue", "done", talks, action=name)
    kr.release(title=f"Beside {name}")
    pair.carry()
    hold = msgspec.structs.replace(prepare(kr, "meeting", "cancel", meeting), verb="hold")
    other = prepare(kr, "dialogue", "done", talks, action="known")
    figures = observed(kr, indicator, f"period,value\n{name},1\n")
    refused = saying(hold, dialogue=name, round="1"), saying(other, action="unknown")
    forge(kr, jp, figures, *((each, ()) for each in refused))
    return Named(measure, terms, talks, meeting, indicator, statement, note, draft)

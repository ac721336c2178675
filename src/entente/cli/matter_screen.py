"""How a matter stands, before its steps: each party's words side by side, one's own first, hours in every zone.

What two parties say is never put into one cell; a common text is shown as one only where all have signed it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entente.cli import screens
from entente.cli.client import Target
from entente.cli.output import console, plain
from entente.domain.agreement.terms import article_in_words

Parts = Iterator[Table | Text]
Facts = Iterator[tuple[str, str]]
RECORDS = "It records a note. It is not the note."
IS_NOTE = "It is the note: the terms make notices electronic."


class See(NamedTuple):
    """Who reads, when and in which zone; every zone of somebody who is concerned; texts by writer and entry.

    ``path`` and ``embargoed`` are what was typed: the node's directory, and whether what is under embargo is shown.
    """

    party: str
    now: str
    zone: str
    zones: tuple[str, ...]
    texts: Mapping[tuple[str, int], Sequence[tuple[str, str]]]
    path: Path
    embargoed: bool

    def order(self, parties: Iterable[str]) -> list[str]:
        """The parties, the reader first (the alternat)."""
        return sorted(parties, key=self.party.__ne__)

    def when(self, instant: str | None) -> str:
        """An instant in the reader's zone and in UTC."""
        return screens.moment(instant, self.zone)


def stands(
    target: Target, found: Mapping[str, Any], now: str, zone: str, zones: Sequence[str], *, embargoed: bool
) -> None:
    """Print how a matter stands; ``found`` as ``matter.show`` answers it, ``zones`` those of the parties."""
    texts = {
        (step["by"], step["entry"]): [(each["lang"], each["text"] or "(not shown here)") for each in step["texts"]]
        for step in found["steps"]
    }
    everywhere = dict.fromkeys((zone, *zones, found.get("zone") or zone, "UTC"))
    see = See(target.party, now, zone, tuple(everywhere), texts, target.path, embargoed)
    facts = [
        *_said("title", found.get("title") or {}),
        ("between", ", ".join(see.order(found["between"]))),
        *_FACTS[found["kind"]](found, see),
    ]
    screens.facts((name, value) for name, value in facts if value)
    for part in _PARTS.get(found["kind"], _nothing)(found, see):
        if isinstance(part, Text):  # with what is to be typed: never cut, and broken by the terminal alone
            console().print(part, soft_wrap=True)
        else:
            console().print(Padding(part, (0, 0, 0, 2), expand=False))


def _said(name: str, texts: Mapping[str, str]) -> Facts:
    yield from ((f"{name} {lang}", text) for lang, text in texts.items())


def _nothing(_found: Mapping[str, Any], _see: See) -> Parts:
    return iter(())


def _measure(found: Mapping[str, Any], see: See) -> Facts:
    yield "kind", found["subject"].replace("_", " ")
    yield "forum", " ".join(filter(None, (found["forum"], found["reference"])))
    yield "since" if found["since"] <= see.now else "to hold from", see.when(found["since"])
    yield from _said("condition", found["condition"])
    yield "review", found["review"] or ""


def _arrangement(found: Mapping[str, Any], _see: See) -> Facts:
    yield "review", found["review"] or ""
    yield "wording", "signed by all" if found["wordings"]["agreed"] else "each party's own: none is signed by all"


def _terms(found: Mapping[str, Any], see: See) -> Parts:
    own = {party: "\n\n".join(_term(name, term, see) for name, term in terms.items())
           for party, terms in found["terms"].items()}  # fmt: skip
    yield from _beside(own, see)
    yield from _joint(found, found["wordings"], "wording", "adopt", see)


def _term(name: str, term: Mapping[str, Any], see: See) -> str:
    """A party's own undertaking, and how each party says that it is kept."""
    lines = [f"{name}: {screens.words(term['summary'])}"]
    for what in ("asks", "reserves"):
        lines += [f"{what}: {screens.words(term[what])}"] if term[what] else []
    lines += [f"while: {', '.join(term['while'])}"] if term["while"] else []
    lines += _texts(term, see)
    if term["reversed"] is not None:
        lines.append(f"taken back {see.when(term['reversed']['at'])}")
    for party in see.order(term["reports"]):
        report = term["reports"][party]
        summary = screens.words(report["summary"])
        lines.append(f"in {party}'s view {report['kept'].replace('_', ' ')}" + (f": {summary}" if summary else ""))
    return "\n".join(lines)


def _texts(version: Mapping[str, Any], see: See) -> list[str]:
    """A version's texts; what would steer a terminal is shown as what it is not."""
    texts = see.texts.get((version["by"], version["entry"]), ())
    return [f"{plain(lang)}: {plain(text.strip(), lines=True)}" for lang, text in texts]


def _dialogue(found: Mapping[str, Any], _see: See) -> Facts:
    yield "level", found["level"].replace("_", "-")
    yield "agenda", "; ".join(found["agenda"])


def _rounds(found: Mapping[str, Any], see: See) -> Parts:
    if found["rounds"] or found["met"]:
        grid = screens.table(
            "round", "state", f"begins ({see.zone})", "place", "participants", folds=["place", "participants"]
        )
        for number, held in found["rounds"].items():
            place = "by video" if held["video"] else held["place"]
            when = screens.local(held["window"][0], see.zone)
            grid.add_row(number, held["state"], when, place, "\n".join(held["participants"]))
        for one in found["met"]:
            when, number = screens.local(one["window"][0], see.zone), str(one["number"])
            grid.add_row(number, f"held as {one['meeting']}", when, one["place"], "\n".join(one["principals"]))
        yield grid
    for number, held in found["rounds"].items():
        yield from _joint(found, held["minutes"], f"minutes of round {number}", f"adopt-minutes --round {number}", see)
    if found["actions"]:
        grid = screens.table("action", "for", "what", "due", "done", folds=["what"])
        for name, action in found["actions"].items():
            done = screens.local(action["done"]["at"], see.zone) if action["done"] else "not yet"
            grid.add_row(name, action["to"], screens.words(action["summary"]), action["due"] or "", done)
        yield grid


def _joint(found: Mapping[str, Any], wordings: Mapping[str, Any], what: str, verb: str, see: See) -> Parts:
    """The text that all have signed, or else each party's own beside the other's; and what some have yet to sign."""
    agreed = next((each for each in wordings["proposed"] if each["wording"] == wordings["agreed"]), None)
    if agreed is not None:
        grid = screens.table(f"{what}, signed by all")
        grid.add_row("\n".join(_texts(agreed, see)))
        yield grid
    else:
        own = {party: "\n".join([screens.words(version["summary"]), *_texts(version, see)]).strip()
               for party, version in wordings["own"].items()}  # fmt: skip
        yield from _beside(own, see, f"{what}, ")
    yield from _proposals(found, wordings, what, verb, see)


def _proposals(found: Mapping[str, Any], wordings: Mapping[str, Any], what: str, verb: str, see: See) -> Parts:
    """Every proposed text that not all have signed: its words, its digest, who has signed, and how one signs it."""
    for each in wordings["proposed"]:
        open_ = [party for party in see.order(found["between"]) if party not in each["signed"]]
        if not open_:
            continue
        grid = screens.table(f"{what}, proposed by {each['by']} and not signed by all")
        grid.add_row("\n".join(filter(None, [screens.words(each["summary"]), *_texts(each, see)])))
        yield grid
        lines = [each["wording"], f"signed by {', '.join(see.order(each['signed']))}; not by {', '.join(open_)}"]
        if see.party in open_:
            name, _, more = verb.partition(" ")
            options = f"{more} --wording {each['wording'][:16]}{' --embargoed' if see.embargoed else ''}".strip()
            lines.append(
                f"to sign it: entente {found['kind']} {name} {see.path} {found['id']} {options} --office ID --person ID"
            )
        yield Text("".join(f"     {plain(line)}\n" for line in lines))


def _beside(own: Mapping[str, str], see: See, what: str = "") -> Parts:
    """One column for each party, one's own first: what each says stands in its own."""
    if own:
        parties = see.order(own)
        grid = screens.table(*(f"{what}{party}'s own" for party in parties))
        grid.add_row(*(own[party] for party in parties))
        yield grid


def _times(count: int) -> str:
    return {0: "", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _statement(found: Mapping[str, Any], see: See) -> Facts:
    source = f", reference {found['source']} in the registry" if found["source"] else ""
    yield "by", found["owner"] if found["wordings"] is None else "all together, once all have signed"
    yield "attribution", found["attribution"].replace("_", " ") + source
    yield "embargo", see.when(found["embargo"]) if found["embargo"] else ""
    yield "out", see.when(found["out"]) if found["out"] else "not said to the public"
    yield "corrected", _times(len(found["versions"]) - 1)
    yield "withdrawn", see.when(found["withdrawn"]) if found["withdrawn"] else ""
    yield from _said(f"of {found['about']}", found["claim"])
    if found["claim"]:
        reply = found["reply"]
        yield f"{found['about']} says", found["answer"] + (f", {see.when(reply['at'])}" if reply else "")


def _together(found: Mapping[str, Any], see: See) -> Parts:
    """A joint statement that not all have signed."""
    if found["wordings"] is not None and found["state"] == "proposed":
        yield from _proposals(found, found["wordings"], "statement", "adopt", see)


def _meeting(found: Mapping[str, Any], _see: See) -> Facts:
    yield "level", found["level"].replace("_", "-")
    yield from _said("on the margins of", found["host_event"])
    yield "place", found["place"]
    yield "principals", "; ".join(found["principals"])
    yield "also there", "; ".join(found["attendees"])
    yield "became", f"round {found['round']} of {found['dialogue']}" if found["round"] else ""
    yield "offered by", found["offered_by"] if found["agreed"] is None else ""


def _windows(found: Mapping[str, Any], see: See) -> Parts:
    """Every window on the clocks of all who are concerned."""
    grid = screens.table("window", "zone", "from", "to", folds=["window", "zone"])
    open_ = found["agreed"] is None
    for window in found["windows"]:
        state = "on the table" if open_ else "agreed" if window == found["agreed"] else "not taken"
        for zone in see.zones:
            grid.add_row(state, zone, *(screens.local(each, zone) for each in window))
            state = ""
    yield grid
    yield from _joint(found, found["record"], "record", "adopt-record", see)


def _note(found: Mapping[str, Any], see: See) -> Facts:
    yield "records", found["act"]
    yield "rests on", article_in_words(found["article"]) if found["article"] else ""
    yield "offices", ", ".join(found["office"])
    yield "authority", found["authority"]
    yield "form", RECORDS if found["form"] == "record" else IS_NOTE
    for party in found["to"]:
        for claim in found["deliveries"].get(party, ()):
            evidence = f", evidence {claim['evidence']}" if claim["evidence"] else ""
            yield f"to {party}", f"delivered by {claim['channel']}, {see.when(claim['on'])}{evidence}"
        answer = found["acknowledged"].get(party)
        yield f"to {party}", f"acknowledged, {see.when(answer['at'])}" if answer else "not acknowledged yet"


def _indicator(found: Mapping[str, Any], see: See) -> Facts:
    yield "unit", found["unit"]
    yield "source", found["source"]
    yield "figures", f"entente indicator series {see.path} {found['id']}"


_FACTS: Mapping[str, Callable[[Mapping[str, Any], See], Facts]] = {
    "measure": _measure, "arrangement": _arrangement, "dialogue": _dialogue, "statement": _statement,
    "meeting": _meeting, "note": _note, "indicator": _indicator,
}  # fmt: skip
_PARTS: Mapping[str, Callable[[Mapping[str, Any], See], Parts]] = {
    "arrangement": _terms, "dialogue": _rounds, "meeting": _windows, "statement": _together,
}  # fmt: skip

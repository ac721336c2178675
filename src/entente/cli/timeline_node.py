"""A node's record for a timeline: asked over its control socket, piece by piece, and rebuilt by the domain's functions.

The node keeps back what is under embargo at its own instant, and no instant later than that can be asked for: what will
be known then, nobody knows, and a picture of it would say what is not so.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from entente.cli.client import Target, waiting
from entente.cli.output import CommandError, InputError
from entente.cli.terms import documents_of
from entente.cli.timeline_record import Given, Record, exchanges, with_first
from entente.cli.timeline_withheld import Missing, figures_missing, withheld
from entente.cli.timeline_words import OF_NODE, SIMULATED
from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import format_instant, parse_instant
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import Words, each, said
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Said, Step, Text
from entente.record.position import Position

_INSTANTS = ("dispatched", "effective", "instant")


def of_node(path: Path, agreement: str | None, at: int | None) -> tuple[Chronicle, Mapping[str, Any]]:
    """The chronicle of a node's record, and what a program is told beside it; ``at`` in ms, the node's instant if None.

    Raises:
        InputError: ``at`` is later than the node's instant.
        CommandError: the node tells what cannot be.
        NodeError: its refusal, or that it is not running.
    """
    from entente.cli.timeline_source import chronicle_of

    target = Target(path)
    with waiting("The node tells its record"):
        told = target.call("timeline.acts", exact=True, agreement=agreement)
        now = parse_instant(told["now"])
        if at is not None and at > now:
            text = f"--at is later than the node's instant, {told['now']}: nobody knows yet what will be known then"
            raise InputError("NOT_YET", text, "Leave --at out; what is to come as things stand is drawn all the same.")
        record, names = _record(target, told)
    at = now if at is None else at
    missing = figures_missing(record, at)
    source = _source(target, names, missing)
    facts = {"agreement": told["agreement"], "now": format_instant(now), "withheld": [each.fact for each in missing]}
    return chronicle_of(record, at, source, target.party), target.answer(**facts)


def _record(target: Target, told: Mapping[str, Any]) -> tuple[Record, Mapping[str, Words]]:
    """The record, and the parties' names."""
    first = told["agreement"]
    documents = documents_of(target, first)
    if first not in documents:
        raise CommandError(
            "NO_DOCUMENT", f"the node does not hold the document of agreement {first}", "Ask a party to put it forward."
        )
    steps, files = [], {}
    for each_ in _pages(target, "timeline.steps", "steps", first):
        steps.append(_step(each_))
        for text in each_["texts"]:
            if text["data"] is not None:
                files[text["sha256"]] = base64.b64decode(text["data"])
    given = (_given(target.party, each_) for each_ in _pages(target, "timeline.items", "items", first))
    record = Record(
        agreements=with_first(documents, first),
        acts=tuple(_act(each_) for each_ in told["acts"]),
        steps=tuple(steps),
        exchanges=tuple(exchanges(given)),
        files=files,
    )
    return record, {party: terms.name for party, terms in documents[first].party.items()}


def _pages(target: Target, command: str, what: str, agreement: str) -> Iterator[dict[str, Any]]:
    """Everything that a command of several answers tells."""
    where: Mapping[str, int] | None = {}
    while where is not None:
        answer = target.call(command, exact=True, agreement=agreement, **where)
        yield from answer[what]
        after = answer["next"]
        where = {"first": after} if isinstance(after, int) else after


def _act(told: dict[str, Any]) -> Act:
    """A formal act as an acts document has it."""
    instants = {name: parse_instant(told[name]) for name in _INSTANTS if told[name] is not None}
    known = {name: {party: parse_instant(at) for party, at in told[name].items()} for name in ("received", "delivered")}
    return msgspec.convert(told | instants | known, Act)


def _step(told: dict[str, Any]) -> Step:
    """A step, its fields parsed from what it says as the node itself parsed them."""
    said_ = tuple(Said(each_["name"], each_["lang"], each_["value"]) for each_ in told["said"])
    texts = tuple(Text(each_["lang"], each_["media_type"], each_["sha256"], each_["size"]) for each_ in told["texts"])
    return Step(
        matter=told["matter"],
        kind=told["kind"],
        verb=told["verb"],
        by=told["by"],
        at=parse_instant(told["at"]),
        incarnation=told["incarnation"],
        seq=told["entry"],
        audience=tuple(told["between"]),
        refs=tuple(told["refs"]),
        values=TABLES[told["kind"]].read(told["verb"], said_, texts),
        texts=texts,
        offices=tuple(told["offices"]),
        digest=told["digest"],
        opening=told["opening"],
    )


def _given(own: str, told: dict[str, Any]) -> Given:
    """An item: to whom it went as far as this node's register tells, which is itself for what it holds."""
    position = Position(told["by"], told["incarnation"], told["entry"])
    lines = [line for line in told["lines"] if not line["state"].startswith("refused: ")]
    shown = [line for line in lines if line["direction"] in ("given", "held")]
    to = tuple(line["party"] if line["direction"] == "given" else own for line in shown)
    numbers = tuple(line["number"] for line in shown)
    return Given(
        parse_instant(told["at"]), position, to, told["precedence"] or "", told["reality"] or "", bool(shown), numbers
    )


def _source(target: Target, names: Mapping[str, Words], missing: list[Missing]) -> Words:
    """The heading: whose node, that its time is simulated, and what it could not show."""

    def source(lang: str) -> str:
        name = said(names.get(target.party, {}), lang) or target.party.upper()
        parts = (SIMULATED if target.simulated else "", OF_NODE[lang].format(name), withheld(missing, lang))
        return " – ".join(filter(None, parts))

    return each(source)

"""Poison among good items blocks nobody: each of the good ones is received, each of the bad refused by one code."""

import dataclasses
from collections.abc import Callable, Iterator
from os import urandom
from pathlib import Path

import msgspec
import pytest
from support_faults import SMALL, until
from support_hostile import Siege, siege

from entente.node.outgoing import Feed, frames_for
from entente.node.releases import Draft
from entente.record.envelope import DeliveredBody, Delivery
from entente.record.frames import Entries

GOOD, AT = 6, 3
"""Items in one frame, and which of them is bad."""


@pytest.fixture
def under(three: Path) -> Iterator[Siege]:
    with siege(three) as found:
        yield found


def undecodable(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(delivery, bodies=tuple(DeliveredBody(True, urandom(200)) for _ in delivery.bodies))


def oversized(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(
        delivery, bodies=tuple(DeliveredBody(True, body.data * 400) for body in delivery.bodies if body)
    )


def of_another_item(delivery: Delivery) -> Delivery:
    assert delivery.wrap is not None
    return msgspec.structs.replace(delivery, wrap=msgspec.structs.replace(delivery.wrap, header=bytes(32)))


def without_its_key(delivery: Delivery) -> Delivery:
    assert delivery.wrap is not None
    return msgspec.structs.replace(delivery, wrap=msgspec.structs.replace(delivery.wrap, key=urandom(48)))


def committed(under: Siege, change: Callable[[Draft], Draft] = lambda draft: draft) -> list[str]:
    """Items that jp's own software releases, one of them composed otherwise than it says."""
    party = under.attacker
    party.ledger.confirm("kr")
    drafts = [party.compose(bytes([place]) * SMALL) for place in range(GOOD)]
    drafts[AT] = change(drafts[AT])
    for draft in drafts:
        party.release(draft)
    return [draft.header.item for draft in drafts]


def leaving(under: Siege) -> list[Entries]:
    """What jp's software has for kr, as it would leave over a new session."""
    party = under.attacker
    own = party.ledger.own
    assert own is not None
    size = next(head[2] for head in under.kr.heads() if head[0] == "jp")
    party.feed = Feed("kr")
    party.feed.sent[party.ledger.agreement, *own.name] = size
    return [
        frame for frame in frames_for(party.node, party.feed) if isinstance(frame, Entries) and frame.writer == "jp"
    ]


def poisoned(frame: Entries, item: str, poison: Callable[[Delivery], Delivery]) -> Entries:
    deliveries = [poison(each) if each.wrap and each.wrap.item == item else each for each in frame.deliveries]
    return msgspec.structs.replace(frame, deliveries=tuple(deliveries))


def check(under: Siege, items: list[str], bad: tuple[str, ...] = ()) -> None:
    """All but one are held, that one is refused, and the rest goes on: with us, and with jp."""
    good = [item for place, item in enumerate(items) if place != AT]
    until(lambda: set(good) <= {line["item"] for line in under.kr.lines("held")}, "the good ones are held")
    refused = [(line["item"], line["state"]) for line in under.kr.lines("refused")]
    assert refused == [(items[AT], "refused: SEAL")]
    under.peace(alarms=("restored", "heads"), bad=bad)
    assert {under.jp.state(item) for item in good} == {"received"}
    assert under.jp.state(items[AT]) == "refused: SEAL"


@pytest.mark.parametrize("poison", [undecodable, oversized, of_another_item, without_its_key])
def test_an_item_that_does_not_open_is_refused_and_those_around_it_are_received(
    under: Siege, poison: Callable[[Delivery], Delivery]
) -> None:
    items = committed(under)
    line = under.greet()
    line.say(*[poisoned(frame, items[AT], poison) for frame in leaving(under)])
    check(under, items)


def test_an_item_that_is_not_what_was_approved_is_refused_and_those_around_it_are_received(under: Siege) -> None:
    """Its seal holds; its payload is not the one that the header names by its digest."""
    items = committed(under, lambda draft: dataclasses.replace(draft, inline=b"something else".ljust(SMALL)))
    line = under.greet()
    line.say(*leaving(under))
    check(under, items, bad=("PAYLOAD_MISMATCH",))  # an inspector finds it too, in what its writer discloses

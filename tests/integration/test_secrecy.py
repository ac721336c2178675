"""A counterparty learns nothing of a refused release, nor of items addressed to others; what is shredded is gone.

Every file under a directory, and everything that was logged while a node acted, is searched for the words in question.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_pair import nothing_kept
from support_standing import approve, revoke, under
from support_stop import (
    AGREEMENT,
    OCTOBER,
    PASSPHRASE,
    Pair,
    Party,
    free_port,
)

from entente.domain.agreement.instants import parse_instant
from entente.node import agreements, releases, setup
from entente.node.clock import SimulatedClock
from entente.node.doors import FRAME_DOORS
from entente.node.greeting import Returned, greet
from entente.node.home import Home, write_durably
from entente.node.outgoing import Feed, frames_for, hello
from entente.record.checkpoint import cosign, cosigner_name
from entente.record.envelope import parse_envelope
from entente.record.frames import Cosigned, Entries, Want, decode_frame, encode_frame

WORDS = {
    "title": "Kingfisher over the strait",
    "filename": "kingfisher-2019.txt",
    "purpose": "maritime-safety",
}
PAYLOAD = b"Zwischen Tsushima und Busan, 04:12, Kurs 180"


def searched(folder: Path, *needles: bytes | str) -> list[tuple[str, bytes]]:
    """(file, needle) of every needle found, as UTF-8, as UTF-16 and in hex."""
    found = []
    wanted = [needle.encode() if isinstance(needle, str) else needle for needle in needles]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            for needle in wanted:
                forms = {needle, needle.hex().encode(), needle.decode("utf-8", "replace").encode("utf-16-le")}
                found += [(path.name, needle) for form in forms if form in data]
    return found


def test_the_search_finds_what_is_there(october: Pair, base: Path) -> None:
    """The title of a document stands in clear in both records: the search would find a leak of that kind."""
    assert {name for name, _ in searched(base / "kr", "jp-kr-2016")} >= {"store.db"}


@pytest.mark.parametrize("why", ["no approval", "purpose", "no equivalent level", "after the end"])
def test_a_counterparty_learns_nothing_of_a_refused_release(
    october: Pair, base: Path, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    jp = october.jp
    caplog.set_level(logging.DEBUG)
    changes = {"purpose": {"purpose": "trade-balance"}, "no equivalent level": {"level": "取扱注意"}}.get(why, {})
    draft = jp.compose(PAYLOAD, **(WORDS | changes))
    draft.approvals = () if why == "no approval" else jp.approve(draft)
    if why == "after the end":
        october.turn(parse_instant("2019-11-22T15:00:00.000Z"))
    caplog.clear()
    assert jp.refused(lambda: releases.release(jp.node, jp.ledger, draft))
    october.carry()
    october.connect()
    jp.act("declare_reading", reading="spent")
    october.carry()
    item = draft.header.item
    secrets = [WORDS["title"], WORDS["filename"], PAYLOAD, item, bytes.fromhex(item), draft.digest]
    secrets += [changes[name] for name in changes]
    assert searched(base / "kr", *secrets) == []
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert not [word for word in (WORDS["title"], WORDS["filename"], item) if word in said]


def test_a_sender_is_told_only_a_coarse_code_of_a_refused_acceptance(october: Pair, base: Path) -> None:
    """kr's clock is past the end when the item arrives; jp learns that it was refused, by a word of the record."""
    position = october.jp.release(october.jp.compose(PAYLOAD, **WORDS))
    frames = october.jp.leaving()
    october.kr.turn(parse_instant("2019-11-22T15:00:00.000Z"))
    october.kr.arriving(frames)
    october.jp.turn(parse_instant("2019-11-22T15:00:00.000Z"))
    october.carry()
    state = october.jp.node.store.register("given")[-1].state
    assert state == "refused: AGREEMENT"
    assert nothing_kept(october.kr, position)
    assert searched(base / "kr", WORDS["title"], PAYLOAD) == []


@pytest.mark.parametrize("size", [20, 3_000_000])
def test_what_is_shredded_is_in_neither_nodes_files(october: Pair, base: Path, size: int) -> None:
    """Not even the title: while it was held it was sealed, and with its keys gone nothing opens it again."""
    payload = (PAYLOAD * (size // len(PAYLOAD) + 1))[:size]
    draft = october.jp.compose(payload, **WORDS)
    position = october.jp.release(draft)
    october.carry()
    secrets = [WORDS["title"], WORDS["filename"], payload[:40], draft.content_key]
    assert searched(base, *secrets) == []
    sealed = {}
    for party in october:
        log = party.ledger.logs[position.writer, position.incarnation].row.id
        sealed[party.party] = party.node.store.bodies(log, position.seq)[0][1]
        assert party.node.vault.holds(log, position.seq)
        with party.node.store.write() as tx:
            tx.drop_bodies(log, position.seq)
        party.node.shred(log, position)
        assert not party.node.vault.holds(log, position.seq)
        party.node.close()
    assert searched(base, *secrets) == []
    for name, data in sealed.items():  # the sealed bytes are zeroed where they lay, and leave with the write-ahead log
        assert [file for file, _ in searched(base / name, data) if not file.endswith("-wal")] == []
        assert not list((base / name / "payloads").glob(f"{position.writer}-*-{position.seq}"))
    for party in october:
        party.open()


# Three parties: an item between two of them is nothing to the third


def three_party_document() -> bytes:
    text = AGREEMENT.read_text()
    text = text.replace('name = "jp-kr-2016"', 'name = "trilateral"').replace('"jp", "kr"]', '"jp", "kr", "us"]')
    text = text.replace(
        "[force]",
        '[party.us]\nname = { en = "United States (exercise)" }\nzone = "America/New_York"\n\n[force]',
        1,
    )
    text = text.replace('kr = ["군사Ⅱ급비밀"]', 'kr = ["군사Ⅱ급비밀"]\nus = ["SECRET"]')
    return text.replace('kr = ["군사Ⅲ급비밀"]', 'kr = ["군사Ⅲ급비밀"]\nus = ["CONFIDENTIAL"]').encode()


class Table:
    """Three nodes, each with a feed to each other; frames crossing as bytes, and every one of them kept."""

    def __init__(self, base: Path) -> None:
        names = ("jp", "kr", "us")
        for name in names:
            setup.init(base / name, name, PASSPHRASE, simulated=True, listen=f"127.0.0.1:{free_port()}")
        for name in names:
            for other in set(names) - {name}:
                write_durably(base / name / "peers" / f"{other}.json", (base / other / "card.json").read_bytes())
        self.clock = SimulatedClock(parse_instant("2016-11-23T10:00:00+09:00"))
        self.parties = {name: Party(Home(base / name), self.clock) for name in names}
        self.feeds = {(a, b): Feed(b) for a in names for b in names if a != b}
        self.crossed: dict[tuple[str, str], list[bytes]] = {pair: [] for pair in self.feeds}

    def greet(self) -> None:
        for (a, b), feed in self.feeds.items():
            greet(self.parties[a].node, feed, hello(self.parties[b].node, a))

    def carry(self) -> None:
        moving = True
        while moving:
            moving = False
            for (a, b), feed in self.feeds.items():
                frames = list(frames_for(self.parties[a].node, feed))
                way = (a, b)
                while frames:
                    moving = True
                    data = [encode_frame(frame) for frame in frames]
                    self.crossed[way] += data
                    source, target = way
                    frames = []
                    for frame in map(decode_frame, data):
                        door = FRAME_DOORS[type(frame)]
                        frames += door(self.parties[target].node, self.feeds[target, source], Returned(), frame, "link")
                    way = (target, source)

    def act(self, name: str, kind: str) -> None:
        self.parties[name].act(kind)
        self.carry()

    def close(self) -> None:
        for party in self.parties.values():
            party.node.close()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    three = Table(tmp_path / "three")
    agreements.propose(three.parties["jp"].node, three_party_document())
    three.greet()
    three.carry()
    for name in three.parties:
        three.act(name, "sign")
    three.clock.set(three.clock.now() + 3_600_000)
    for name in three.parties:
        three.act(name, "notify_completion")
    three.clock.set(OCTOBER)
    yield three
    three.close()


@pytest.mark.parametrize("size", [40, 2_000_000])
def test_a_party_learns_nothing_of_an_item_addressed_to_another(table: Table, tmp_path: Path, size: int) -> None:
    jp, kr, us = (table.parties[name] for name in ("jp", "kr", "us"))
    payload = (PAYLOAD * (size // len(PAYLOAD) + 1))[:size]
    draft = jp.compose(payload, recipients=("kr",), **WORDS)
    position = jp.release(draft)
    table.carry()
    assert kr.line("held", draft.header.item) is not None
    log = us.ledger.logs[position.writer, position.incarnation].row
    assert log.size > position.seq  # us has the envelope and cosigned it
    for at in range(log.size):
        if us.node.store.entries(log.id, at, 1)[0].kind == "transfer":
            assert us.node.store.bodies(log.id, at) == {}
    assert us.node.store.register() == []
    item = draft.header.item
    secrets = [WORDS["title"], WORDS["filename"], payload[:40], item, bytes.fromhex(item), draft.digest]
    assert searched(tmp_path / "three" / "us", *secrets) == []
    for frame in map(decode_frame, table.crossed["jp", "us"] + table.crossed["kr", "us"]):
        for delivery in frame.deliveries if isinstance(frame, Entries) else ():
            assert delivery.wrap is None
            if parse_envelope(delivery.envelope).kind == "transfer":
                assert set(delivery.bodies) == {None}


def test_a_party_learns_nothing_of_a_standing_release_that_does_not_name_it(table: Table, tmp_path: Path) -> None:
    """Not whom it names, for what, how high or until when; nor which one was revoked."""
    jp, kr, us = (table.parties[name] for name in ("jp", "kr", "us"))
    note, purpose = "for the kingfisher watch", "exercise"
    name = approve(jp, recipients=("kr",), purposes=(purpose,), media_types=("text/x-kingfisher",), note=note)
    under(jp, name, PAYLOAD, purpose=purpose, media_type="text/x-kingfisher", recipients=("kr",))
    table.carry()
    revoke(jp, name)
    jp.act("declare_reading", reading="spent")
    table.carry()
    table.greet()
    table.carry()
    assert [row.state for row in jp.node.store.register("given")] == ["received"]
    for knows in (jp, kr):
        standings = knows.ledger.projection.standings
        assert set(standings.records) == set(standings.revoked) == {("jp", name)}
    standings = us.ledger.projection.standings
    assert (standings.records, standings.revoked) == ({}, {})
    assert [kind for _, kind in standings.withheld[jp.ledger.own.name]] == ["standing", "revocation"]  # type: ignore[union-attr]
    assert us.ledger.projection.invalid == {}
    secrets = [note, "text/x-kingfisher", name, "entente/standing/1", "entente/revocation/1"]
    assert {needle for _, needle in searched(tmp_path / "three" / "kr", *secrets)} == {
        each.encode() for each in secrets
    }
    assert searched(tmp_path / "three" / "us", *secrets) == []
    crossed = b"".join(table.crossed["jp", "us"] + table.crossed["kr", "us"])
    assert not [secret for secret in secrets if secret.encode() in crossed]


def test_a_third_party_cannot_ask_for_anothers_payload(table: Table) -> None:
    jp, us = table.parties["jp"], table.parties["us"]
    frames = list(frames_for(jp.node, table.feeds["jp", "us"]))
    position = jp.release(jp.compose(PAYLOAD * 50_000, recipients=("kr",), **WORDS))
    assert not frames
    want = Want(jp.ledger.agreement, *position[:2], position.seq, 0)
    assert us.refused(lambda: FRAME_DOORS[Want](jp.node, Feed("us"), Returned(), want, "link")) == {"NOT_A_PARTY"}


def test_who_is_no_party_cosigns_nothing(table: Table) -> None:
    jp, us = table.parties["jp"], table.parties["us"]
    ledger = agreements.propose(jp.node, AGREEMENT.read_bytes())
    assert ledger.own is not None
    checkpoint = ledger.checkpoint(ledger.own, jp.node.keyring.checkpoint)
    note = cosign(checkpoint, us.node.keyring.cosign, cosigner_name(ledger.agreement, "us"), 0)
    frame = Cosigned(ledger.agreement, *ledger.own.name, note)
    door = FRAME_DOORS[Cosigned]
    assert us.refused(lambda: door(jp.node, Feed("us"), Returned(), frame, "link")) == {"WRONG_LOG"}
    assert jp.node.store.cosigned(ledger.own.row.id) == {}


def test_a_party_is_never_told_of_an_agreement_that_it_is_not_party_to(table: Table, tmp_path: Path) -> None:
    jp = table.parties["jp"]
    ledger = agreements.propose(jp.node, AGREEMENT.read_bytes())
    table.greet()
    table.carry()
    assert ledger.agreement in table.parties["kr"].node.ledgers
    assert ledger.agreement not in table.parties["us"].node.ledgers
    assert searched(tmp_path / "three" / "us", ledger.agreement, "jp-kr-2016") == []
    assert all(ledger.agreement not in data for data in table.crossed["jp", "us"])

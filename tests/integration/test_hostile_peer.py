"""A paired party that has all of its own keys, and nothing else to lose: it cannot stall, silence or blind this node.

``jp`` attacks ``kr``; its forger writes what its own node never would, properly signed.
"""

import tomllib
from pathlib import Path

import msgspec
import pytest
from support_pair import Forger, outcome, pair_under, refusals, second_agreement, standing
from support_stop import AGREEMENT, OCTOBER, Pair, Party, verified

from entente.link.bundle import write_bundle
from entente.node import agreements, bundles
from entente.node.daemon import Daemon
from entente.node.intake import DEFAULT_SKEW, MAX_UNSEEN_LOGS
from entente.node.outgoing import PROTOCOL
from entente.record.bodies import (
    ActStatement,
    NationalHead,
    Received,
    ReceivedOf,
    Refused,
    Restart,
    RestartStatement,
    SealingAnnouncement,
    SignedAct,
    SignedKeys,
)
from entente.record.checkpoint import Note, SignatureLine, cosigner_name, parse_note
from entente.record.envelope import Wrap
from entente.record.frames import Entries, Hello, encode_frame
from entente.sealing.canonical import encode
from entente.sealing.identity import make_card, parse_card
from entente.sealing.seal import SealingPublic
from entente.sealing.suites import SUITE

DAY = 24 * 3600 * 1000
A_HEAD = encode(NationalHead(bytes(32)))


def put(party: Party, frame: Entries) -> str:
    return outcome(lambda: party.arriving([encode_frame(frame)]))


# Time


def proposal(skew: str) -> bytes:
    """A document that nobody has signed, and which allows this much skew."""
    data = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "a-trap"')
    return data.replace(b"[survival]", f'[limits]\nmax_skew = "{skew}"\n\n[survival]'.encode())


@pytest.mark.parametrize(("late", "answer"), [(DEFAULT_SKEW, "TAKEN"), (DEFAULT_SKEW + 1, "FUTURE")])
def test_a_document_that_nobody_signed_does_not_move_this_nodes_time(october: Pair, late: int, answer: str) -> None:
    """Its skew would carry the high-water mark past the end of every other agreement, for good."""
    data, now = proposal("P3650D"), october.kr.node.instant()
    identity, _ = agreements.read_document(october.kr.node, data)
    forger = Forger(october.jp, identity)
    assert put(october.kr, forger.frame(*forger.beginning(), forger.entry("document", data))) == "TAKEN"
    forger.first = forger.frontier.size
    assert put(october.kr, forger.frame(forger.entry("national", A_HEAD, instant=now + late))) == answer
    assert october.kr.node.instant() - now <= DEFAULT_SKEW
    october.kr.release(title="still in force")


def test_a_skew_that_this_party_signed_counts(october: Pair) -> None:
    data, now = proposal("P1D"), october.kr.node.instant()
    ledger = agreements.propose(october.jp.node, data)
    october.carry()
    held = october.kr.node.ledgers[ledger.agreement]
    draft = agreements.prepare_act(october.kr.node, held, "sign")
    signature = october.kr.office("treaty").sign("act", draft.data)
    agreements.commit_act(october.kr.node, held, draft.data, "treaty", signature)
    forger = Forger(october.jp, ledger.agreement)
    assert put(october.kr, forger.frame(forger.entry("national", A_HEAD, instant=now + DAY))) == "TAKEN"


# The record


@pytest.mark.parametrize("lines", ["a stranger's", "as many as a note may have", "this party's own"])
def test_lines_that_nobody_checked_are_neither_cosigned_nor_handed_on(october: Pair, lines: str) -> None:
    forger = Forger(october.jp, october.jp.ledger.agreement)
    frame = forger.frame(forger.entry("national", A_HEAD))
    note = parse_note(frame.checkpoint)
    name = cosigner_name(forger.agreement, "kr") if lines == "this party's own" else "stranger"
    count = 15 if lines == "as many as a note may have" else 1
    more = tuple(SignatureLine(name, bytes([0, 0, 0, place]), bytes(72)) for place in range(count))
    altered = Note(note.checkpoint, (*note.signatures, *more)).text()
    assert put(october.kr, msgspec.structs.replace(frame, checkpoint=altered)) == "TAKEN"
    held = october.kr.ledger.current("jp")
    assert held is not None
    assert held.row.checkpoint == frame.checkpoint
    assert verified(october.kr.home.path.parent, october.kr).ok


@pytest.mark.parametrize("sealed", [None, [bytes(100_000)]])
def test_what_an_unknown_kind_of_entry_hides_is_not_kept_and_does_not_spoil_the_evidence(
    october: Pair, sealed: list[bytes] | None
) -> None:
    """Nobody could check sealed bytes against their envelope: not this node, and no court that is shown them."""
    forger = Forger(october.jp, october.jp.ledger.agreement)
    assert put(october.kr, forger.frame(forger.entry("novelty", b"x", sealed=sealed))) == "TAKEN"
    held = october.kr.ledger.current("jp")
    assert held is not None
    assert bool(october.kr.node.store.bodies(held.row.id, forger.first)) == (sealed is None)
    assert verified(october.kr.home.path.parent, october.kr).ok


def a_false_signature(pair: Pair, forger: Forger) -> bytes:
    """A second ``sign`` by jp that names roots which are nobody's."""
    roots = (("jp", bytes(32)), ("kr", bytes(32)))
    statement = encode(
        ActStatement(
            "entente/act/1", forger.agreement, "jp", "jp-9", "sign", (), forger.agreement, None, None, None, roots, ""
        )
    )
    return encode(SignedAct(statement, "treaty", pair.jp.office("treaty").sign("act", statement), None))


@pytest.mark.parametrize(("kind", "code"), [("document", "BAD_DOCUMENT"), ("act", "WRONG_ROOTS")])
def test_an_entry_that_was_refused_does_not_keep_the_rest_from_being_verified(
    october: Pair, kind: str, code: str
) -> None:
    """A party that has something to hide could append it afterwards."""
    forger = Forger(october.jp, october.jp.ledger.agreement)
    body = b"no document" if kind == "document" else a_false_signature(october, forger)
    assert put(october.kr, forger.frame(forger.entry(kind, body))) == "TAKEN"
    report = verified(october.kr.home.path.parent, october.kr)
    assert report.first_bad is not None
    assert (report.first_bad.code, report.first_bad.seq) == (code, forger.first)
    assert {bad.seq for bad in report.bad} == {forger.first}
    assert all(step.label != "not_reached" for step in report.steps)
    assert {(line.sender, line.state) for register in report.registers for line in register.held} == {
        ("jp", "received"),
        ("kr", "received"),
    }


def receipt_of(
    pair: Pair,
    accepted: tuple[tuple[int, int], ...],
    refused: tuple[int, ...] = (),
    times: int = 1,
    code: str = "OTHER",
) -> str:
    """What kr makes of a receipt by jp over kr's log."""
    own = pair.kr.ledger.own
    assert own is not None
    of = ReceivedOf(*own.name, accepted, tuple(Refused(seq, code) for seq in refused))
    forger = Forger(pair.jp, pair.jp.ledger.agreement)
    frame = forger.frame(forger.entry("received", encode(Received((of,) * times))))
    assert put(pair.kr, frame) == "TAKEN"
    position = ("jp", forger.incarnation, forger.first)
    return refusals(pair.kr).get(position, "valid")


@pytest.mark.parametrize(
    ("accepted", "refused", "times", "answer"),
    [
        (((0, 2), (3, 3), (5, 6)), (4, 7), 1, "valid"),
        (((0, 6),) * 2, (), 1, "MALFORMED"),
        (((0, 2), (2, 3)), (), 1, "MALFORMED"),
        (((3, 4), (0, 1)), (), 1, "MALFORMED"),
        (((4, 3),), (), 1, "MALFORMED"),
        (((0, 2),), (1,), 1, "MALFORMED"),
        ((), (2, 2), 1, "MALFORMED"),
        ((), (3, 2), 1, "MALFORMED"),
        (((0, 2),), (), 2, "MALFORMED"),
    ],
)
def test_a_receipt_names_every_entry_once(
    october: Pair, accepted: tuple[tuple[int, int], ...], refused: tuple[int, ...], times: int, answer: str
) -> None:
    """Thousands of ranges over a whole log, each answered entry by entry, would stop the only writer for minutes."""
    assert receipt_of(october, accepted, refused, times) == answer


@pytest.mark.parametrize("code", ["", "A" * 41, "no code", "\x1b[2J"])
def test_a_refusal_gives_a_code_and_nothing_else(october: Pair, code: str) -> None:
    assert receipt_of(october, (), (3,), code=code) == "MALFORMED"


def restarted(pair: Pair, number: int) -> Entries:
    """A new incarnation of jp's log, as its office may open one at any time."""
    forger = Forger(pair.jp, pair.jp.ledger.agreement, incarnation=f"{number:016x}")
    previous, card = pair.jp.ledger.own, pair.jp.node.card
    assert previous is not None
    row = previous.row
    statement = encode(
        RestartStatement(
            "entente/restart/1", forger.agreement, "jp", row.incarnation, row.size, row.root, forger.incarnation
        )
    )
    signature = pair.jp.office("treaty").sign("restart", statement)
    keys = forger.entry("keys", encode(SignedKeys(card.statement, card.signature)))
    return forger.frame(keys, forger.entry("restart", encode(Restart(statement, "treaty", signature))))


def test_incarnations_do_not_crowd_out_what_this_node_has_to_write(october: Pair) -> None:
    """Its next entry names every head it has not named yet, and an envelope has 4 KiB."""
    assert [seen.party for seen in october.kr.ledger.seen()] == ["jp"]
    answers = [put(october.kr, restarted(october, number)) for number in range(MAX_UNSEEN_LOGS)]
    assert answers == ["TAKEN"] * (MAX_UNSEEN_LOGS - 1) + ["TOO_MANY_LOGS"]
    before = standing(october.kr.node)
    assert put(october.kr, restarted(october, 99)) == "TOO_MANY_LOGS"
    assert standing(october.kr.node) == before
    october.kr.act("withdraw", refs=("kr-3",))
    assert put(october.kr, restarted(october, 99)) == "TAKEN"


# Payloads, keys and cards


@pytest.mark.parametrize("item", ["I" * 1_000_000, "\x1b[2J", "", "ITEM"])
def test_a_register_holds_no_text_that_a_peer_made_up_as_an_id(october: Pair, item: str) -> None:
    wrap = Wrap("kr", b"", item, b"", b"", b"", b"")
    forger = Forger(october.jp, october.jp.ledger.agreement)
    entry = forger.entry("transfer", b"x", sealed=[b"y"], wrap=wrap, precedence="FLASH", reality="exercise")
    assert put(october.kr, forger.frame(entry)) == "TAKEN"
    assert [line.item for line in october.kr.node.store.register("refused")] == [""]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_payload_is_not_put_into_a_bundle_where_its_level_may_only_go_by_link(tmp_path: Path, allowed: bool) -> None:
    channels = '"link", "bundle"' if allowed else '"link"'
    common = tomllib.loads(AGREEMENT.read_text())["levels"]
    rows = [f'[[channel]]\nlevel = "{row["common"]}"\nallow = [{channels}]\n\n' for row in common]
    document = AGREEMENT.read_text().replace("[survival]", "".join(rows) + "[survival]")
    pair = pair_under(tmp_path / "nodes", document.encode())
    draft = pair.jp.compose(bytes(3_000_000))
    pair.jp.release(draft)
    pair.kr.arriving(pair.jp.leaving())  # taken over the link; its payload is still to come
    path = tmp_path / "bag.bundle"
    assert (bundles.export(pair.jp.node, "kr", path)["bytes"] > 3_000_000) == allowed
    bundles.take_in(pair.kr.node, path)
    pair.connect()
    assert pair.kr.line("held", draft.header.item) is not None
    pair.close()


@pytest.mark.parametrize("door", ["link", "bundle"])
def test_a_frame_that_brings_nothing_back_does_not_confirm_where_a_log_ends(
    october: Pair, tmp_path: Path, door: str
) -> None:
    """Its checkpoint stands in every evidence file, and a bundle can be sealed by whoever has the card."""
    jp = october.jp
    jp.node.close()
    jp.open()
    own = jp.ledger.own
    assert own is not None
    note = jp.ledger.checkpoint(own, jp.node.keyring.checkpoint)
    frame = Entries(jp.ledger.agreement, *own.name, own.row.size, (), note, ())
    if door == "link":
        assert put(jp, frame) == "MALFORMED"
    else:
        greeting = Hello(PROTOCOL, "kr", "entente", "2026.6", True, ())
        path = tmp_path / "forged.bundle"
        write_bundle(path, [greeting, frame], writer="kr", recipient="jp", recipient_key=jp.node.card.sealing)
        assert [refused["code"] for refused in bundles.take_in(jp.node, path)["refused"]] == ["MALFORMED"]
    assert not jp.ledger.ready


def test_the_key_announced_under_a_quiet_agreement_outlives_a_busy_one(october: Pair) -> None:
    """Destroyed, every item under the quiet one would be refused from then on."""
    kr, busy = october.kr, october.kr.ledger.agreement
    quiet = second_agreement(october, AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "quiet"'))
    for day in range(1, 12):
        october.turn(OCTOBER + day * DAY)
        kr.release(title=f"day {day}")
        october.carry()
    keys = {name: kr.node.ledgers[name].sealing["kr"].id for name in (busy, quiet)}
    assert all(kr.node.secret("sealing", key) for key in keys.values())
    assert len(kr.node.store.secrets("sealing")) < 12


def test_a_party_that_only_receives_replaces_its_sealing_key_daily_and_destroys_it(october: Pair) -> None:
    kr = october.kr
    first = kr.ledger.sealing["kr"].id
    for day in range(1, 12):
        october.turn(OCTOBER + day * DAY)
        for number in (1, 2):
            october.jp.release(title=f"day {day}, {number}")
            october.carry()
    assert len(kr.held()) == 23
    assert kr.node.secret("sealing", first) is None
    assert len(kr.node.store.secrets("sealing")) == 9


def test_a_key_that_stood_for_long_still_opens_what_is_on_its_way_when_it_is_replaced(
    october: Pair, tmp_path: Path
) -> None:
    kr = october.kr
    october.turn(OCTOBER + 20 * DAY)
    path = tmp_path / "bag.bundle"
    october.jp.release(title="in the bag")
    bundles.export(october.jp.node, "kr", path)
    kr.release(title="replaces the key")
    assert bundles.take_in(kr.node, path)["refused"] == []
    assert len(kr.held()) == 2


def test_a_sealing_key_to_which_nothing_can_be_sealed_is_refused_and_the_one_before_stays(october: Pair) -> None:
    """An all-zero X25519 half has its length and its form, and no shared secret."""
    kr, before = october.kr, october.kr.ledger.sealing["jp"]
    bad = SealingPublic(before.mlkem768, bytes(32))
    forger = Forger(october.jp, october.jp.ledger.agreement)
    body = encode(SealingAnnouncement(SUITE, bad.id, bad.mlkem768, bad.x25519))
    assert put(kr, forger.frame(forger.entry("sealing", body))) == "TAKEN"
    assert refusals(kr)["jp", forger.incarnation, forger.first] == "BAD_KEY"
    assert kr.ledger.sealing["jp"] == before
    kr.release(title="sealed to the key before")


def test_a_card_without_an_address_is_met_by_whoever_it_dials(october: Pair) -> None:
    node = october.jp.node
    card = node.card
    data = make_card(
        node.keyring.checkpoint, root=card.root, statement=card.statement, signature=card.signature,
        sealing=card.sealing, tls_certificate=card.tls_certificate, addresses=(),
    )  # fmt: skip
    october.kr.node.add_peer(parse_card(data))
    peer = Daemon(october.kr.node).peers()["jp"]
    assert (peer.address, peer.dial) == (None, False)

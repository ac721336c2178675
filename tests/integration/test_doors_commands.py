"""The doors for commands and files have the same lock: the table below is the whole of it, from the running registry.

Every command is tried through the control socket's own parser and handler. Commands that take nothing signed are tried
with what there is to try; that they take nothing signed is read off their arguments. Files come in through commands: an
agreement document, a pairing card, a bundle.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import support_doors_drafts
import support_doors_standing
import support_doors_steps
from support_commands import EXAMPLES, World, command_world
from support_pair import Forger, standing
from support_stop import AGREEMENT, OCTOBER, PASSPHRASE, free_port
from test_doors import ATTACKS

from entente.link.bundle import write_bundle
from entente.node import agreements, releases, restart, setup
from entente.node.commands import COMMANDS
from entente.node.outgoing import hello
from entente.record.bodies import ActStatement, ApprovalStatement, DeliveredClaim, NationalHead, RestartStatement
from entente.record.frames import AnyFrame, Entries, Trouble
from entente.sealing.canonical import decode, encode, encode_json
from entente.sealing.identity import fingerprint_words, root_digest
from entente.sealing.signing import Signature

NOTHING_TO_TRY = "takes nothing signed, dated or numbered from outside"
CARRIES = {"signature", "signatures", "approvals", "card", "act", "statement"}
FILES = {"agreement.propose", "agreement.document", "bundle.import"}


@pytest.fixture(scope="module")
def world(ending: Path) -> Iterator[World]:
    with command_world(ending) as made:
        support_doors_drafts.file_one(made)
        yield made


# Formal acts


def shown(signature: Signature) -> dict[str, str]:
    return {"suite": signature.suite, "ed25519": signature.ed25519.hex(), "mldsa65": signature.mldsa65.hex()}


def claimed(world: World, signer: str = "treaty", suite: str = "E1", blank: bool = False, **changes: Any) -> str:
    kr = world.pair.kr
    claim = DeliveredClaim(
        "entente/delivered/1", kr.ledger.agreement, "kr", "kr-1", "jp", kr.node.instant(), "hand", bytes(32)
    )
    data = encode(msgspec.structs.replace(claim, **changes))
    signature = kr.office(signer).sign("delivered", data)
    signature = Signature(suite, b"", b"") if blank else msgspec.structs.replace(signature, suite=suite)
    asked = {"agreement": kr.ledger.agreement.hex(), "office": "treaty", "signature": shown(signature)}
    schema = data.replace(b"delivered/1", b"delivered/2") if changes.get("channel") == "another schema" else data
    return world.code("delivery.commit", statement=schema.hex(), **asked)


def act(world: World, signer: str = "treaty", suite: str = "E1", blank: bool = False, **changes: Any) -> str:
    kr = world.pair.kr
    draft = agreements.prepare_act(kr.node, kr.ledger, "declare_reading", reading="spent")
    data = encode(msgspec.structs.replace(decode(ActStatement, draft.data), **changes))
    signature = kr.office(signer).sign("act", data)
    signature = Signature(suite, b"", b"") if blank else msgspec.structs.replace(signature, suite=suite)
    return world.code(
        "act.commit", agreement=kr.ledger.agreement.hex(), act=data.hex(), office="treaty", signature=shown(signature)
    )


# Releases


def given(world: World, signer: str = "release", suite: str = "E1", blank: bool = False, twice: bool = False,
          unknown: bool = False, **changes: Any) -> str:  # fmt: skip
    kr = world.pair.kr
    draft = kr.compose()
    item = draft.header.item
    world.daemon.drafts[item] = draft
    data = releases.approval_statement(kr.node, draft, "release", "p1")
    data = encode(msgspec.structs.replace(decode(ApprovalStatement, data), **changes)) if changes else data
    signature = kr.office(signer).sign("approval", data)
    signature = Signature(suite, b"", b"") if blank else msgspec.structs.replace(signature, suite=suite)
    approval = {"statement": data.hex(), "signature": shown(signature)}
    asked = {"agreement": kr.ledger.agreement.hex(), "item": "f" * 32 if unknown else item}
    if twice:
        del world.daemon.drafts[item]  # it was released
    return world.code("item.release", **asked, approvals=[] if blank and suite == "E1" else [approval])


# Restarts


def again(world: World, signer: str = "treaty", suite: str = "E1", blank: bool = False, ready: bool = False,
          **changes: Any) -> str:  # fmt: skip
    kr = world.pair.kr
    kr.ledger.ready = False
    data = restart.prepare(kr.node, kr.ledger)
    data = encode(msgspec.structs.replace(decode(RestartStatement, data), **changes))
    signature = kr.office(signer).sign("restart", data)
    signature = Signature(suite, b"", b"") if blank else msgspec.structs.replace(signature, suite=suite)
    kr.ledger.ready = ready
    asked = {"agreement": kr.ledger.agreement.hex(), "statement": data.hex(), "office": "treaty"}
    code = world.code("restart.commit", **asked, signature=shown(signature))
    kr.ledger.ready = True
    return code


# Cards


def paired(world: World, change: Callable[[bytes], bytes] = lambda data: data, words: str = "") -> str:
    data = change((world.base / "jp" / "card.json").read_bytes())
    spoken = words or " ".join(fingerprint_words(root_digest(world.pair.jp.node.card.root)))
    return world.code("peer.pair", card=data.decode(), words=spoken)


def card(world: World, **changes: Any) -> bytes:
    return encode_json(msgspec.structs.replace(world.pair.jp.node.card, **changes))


def another_party(world: World) -> bytes:
    if not (world.base / "us").exists():
        setup.init(world.base / "us", "us", PASSPHRASE, simulated=True, listen=f"127.0.0.1:{free_port()}")
    return (world.base / "us" / "card.json").read_bytes()


def twice(data: bytes) -> bytes:
    """JSON in which the first member stands twice."""
    first = data.split(b"\n")[1]
    return data.replace(first, first + b"\n" + first, 1)


# Documents


def document(world: World, command: str, change: tuple[bytes, bytes] = (b"", b"")) -> str:
    data = AGREEMENT.read_bytes().replace(*change, 1) if change[0] else AGREEMENT.read_bytes()
    path = world.file("document.toml", data)
    return world.code(command, path=path, **({"agreement": "jp-kr-2016"} if command == "agreement.document" else {}))


# Bundles


class Gossip(msgspec.Struct, frozen=True, array_like=True, tag="gossip", tag_field="frame"):
    """A kind of frame that there is not."""

    said: str


def bundle(world: World, *frames: Any, writer: str = "jp", to: str = "kr") -> str:
    key = world.pair.kr.ledger.sealing[to]
    path = world.base / f"bundle-{os.urandom(4).hex()}"
    greeting = msgspec.structs.replace(hello(world.pair.jp.node, "kr"), party=writer)
    write_bundle(path, [greeting, *frames], writer=writer, recipient="kr", recipient_key=key)
    return str(path)


def carried(world: World, *frames: Any, **fields: Any) -> str:
    return world.code("bundle.import", path=bundle(world, *frames, **fields))


def entries(world: World, change: Callable[[Forger, Entries], AnyFrame] | None = None, **fields: Any) -> AnyFrame:
    forger = Forger(world.pair.jp, world.pair.jp.ledger.agreement)
    frame = forger.frame(forger.entry("national", encode(NationalHead(bytes(32))), **fields))
    return change(forger, frame) if change else frame


def tampered(world: World, change: Callable[[bytes], bytes]) -> str:
    path = Path(bundle(world))
    return world.code("bundle.import", path=world.file("tampered", change(path.read_bytes())))


Cell = Callable[[World], str]
NOT_APPLICABLE: dict[str, str] = {
    # a document is signed by acts that name its digest; it dates, orders and suits nothing by itself
    **dict.fromkeys((f"{name}: {attack}" for name in ("agreement.propose", "agreement.document")
                     for attack in ("unsigned", "wrong signer", "out of sequence", "future-dated")), "no such part"),
    "act.commit: future-dated": "the node dates it itself",
    "restart.commit: future-dated": "the node dates it itself",
    "peer.pair: future-dated": "a card is not dated",
    **support_doors_drafts.NOT_APPLICABLE,
    **support_doors_standing.NOT_APPLICABLE,
    **support_doors_steps.NOT_APPLICABLE,
}  # fmt: skip

TABLE: dict[str, dict[str, tuple[Cell, str]]] = {
    **support_doors_drafts.TABLE,
    **support_doors_standing.TABLE,
    **support_doors_steps.TABLE,
    "act.commit": {
        "unsigned": (lambda w: act(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: act(w, signer="release"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: act(w, agreement=w.other), "WRONG_ACT"),
        "replayed": (lambda w: act(w, id="kr-1"), "WRONG_ACT"),
        "out of sequence": (lambda w: act(w, id="kr-99"), "WRONG_ACT"),
        "unknown kind": (lambda w: act(w, kind="annex"), "MALFORMED"),
        "unknown suite": (lambda w: act(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: act(w, note="x" * 100_000), "TOO_LARGE"),
    },
    "delivery.commit": {
        "unsigned": (lambda w: claimed(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: claimed(w, signer="release"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: claimed(w, agreement=w.other), "WRONG_CLAIM"),
        "replayed": (lambda w: claimed(w, act="jp-1"), "WRONG_ACT"),
        "out of sequence": (lambda w: claimed(w, act="kr-99"), "WRONG_ACT"),
        "unknown kind": (lambda w: claimed(w, channel="another schema"), "MALFORMED"),
        "unknown suite": (lambda w: claimed(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: claimed(w, channel="x" * 100_000), "TOO_LARGE"),
        "future-dated": (lambda w: claimed(w, instant=2**50), "WRONG_INSTANT"),
    },
    "item.release": {
        "unsigned": (lambda w: given(w, blank=True), "RELEASE_AUTHORITY_MISSING"),
        "wrong signer": (lambda w: given(w, signer="treaty"), "RELEASE_AUTHORITY_MISSING"),
        "another agreement": (lambda w: given(w, agreement=w.other), "RELEASE_AUTHORITY_MISSING"),
        "replayed": (lambda w: given(w, twice=True), "NO_SUCH_DRAFT"),
        "out of sequence": (lambda w: given(w, unknown=True), "NO_SUCH_DRAFT"),
        "unknown kind": (lambda w: given(w, header=bytes(32)), "RELEASE_AUTHORITY_MISSING"),
        "unknown suite": (lambda w: given(w, suite="E9"), "RELEASE_AUTHORITY_MISSING"),
        "oversize": (lambda w: given(w, person="x" * 100_000), "TOO_LARGE"),
        "future-dated": (lambda w: given(w, at=2**60), "RELEASE_AUTHORITY_MISSING"),
    },
    "restart.commit": {
        "unsigned": (lambda w: again(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: again(w, signer="release"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: again(w, agreement=w.other), "UNKNOWN_PREVIOUS"),
        "replayed": (lambda w: again(w, ready=True), "STALE"),
        "out of sequence": (lambda w: again(w, size=1), "STALE"),
        "unknown kind": (lambda w: again(w, incarnation="not one"), "UNKNOWN_PREVIOUS"),
        "unknown suite": (lambda w: again(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: again(w, previous="0" * 100_000), "STALE"),
    },
    "peer.pair": {
        "unsigned": (lambda w: paired(w, lambda _: card(w, signature=Signature("E1", b"", b""))), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: paired(w, lambda _: card(w, voucher=bytes(64))), "BAD_SIGNATURE"),
        "another agreement": (lambda w: paired(w, lambda _: another_party(w)), "WORDS_DIFFER"),
        "replayed": (paired, "TAKEN"),
        "out of sequence": (
            lambda w: paired(w, lambda _: (w.base / "kr" / "card.json").read_bytes()),
            "OWN_CARD",
        ),
        "unknown kind": (lambda w: paired(w, lambda data: data.replace(b"/card/1", b"/card/2")), "BAD_CARD"),
        "unknown suite": (
            lambda w: paired(w, lambda _: card(w, signature=Signature("E9", b"", b""))),
            "UNKNOWN_SUITE",
        ),
        "duplicate keys": (lambda w: paired(w, twice), "BAD_CARD"),
        "oversize": (lambda w: paired(w, lambda data: data + b" " * 1_000_000), "BAD_CARD"),
    },
    **{
        command: {
            "another agreement": (
                lambda w, command=command: document(w, command, (b'"jp", "kr"]', b'"jp", "us"]')),
                "BAD_DOCUMENT",
            ),
            "replayed": (lambda w, command=command: document(w, command), replayed),
            "unknown kind": (
                lambda w, command=command: document(w, command, (b"[force]", b"[force]\nsurprise = 1")),
                "BAD_DOCUMENT",
            ),
            "unknown suite": (
                lambda w, command=command: document(w, command, (b"agreement/1", b"agreement/2")),
                "BAD_DOCUMENT",
            ),
            "duplicate keys": (
                lambda w, command=command: document(w, command, (b"[force]", b"[force]\nrule = 'signature'")),
                "BAD_DOCUMENT",
            ),
            "oversize": (
                lambda w, command=command: document(w, command, (b"# Exercise", b"# " + b"x" * 100_000)),
                "TOO_LARGE",
            ),
        }
        for command, replayed in (("agreement.propose", "ALREADY_KNOWN"), ("agreement.document", "TAKEN"))
    },
    "bundle.import": {
        "unsigned": (
            lambda w: carried(w, entries(w, lambda f, e: msgspec.structs.replace(e, checkpoint="x"))),
            "MALFORMED",
        ),
        "wrong signer": (
            lambda w: carried(w, entries(w, lambda f, e: msgspec.structs.replace(
                e, checkpoint=f.checkpoint(key=w.pair.kr.node.keyring.checkpoint)))),
            "BAD_SIGNATURE",
        ),
        "another agreement": (lambda w: carried(w, entries(w, agreement=w.other)), "WRONG_LOG"),
        "replayed": (lambda w: carried(w, replay(w)), "TAKEN"),
        "out of sequence": (lambda w: carried(w, entries(w, lambda f, e: msgspec.structs.replace(e, first=99))), "GAP"),
        "unknown kind": (lambda w: carried(w, Gossip("psst")), "BUNDLE_MALFORMED"),
        "unknown suite": (lambda w: tampered(w, lambda data: data.replace(b"\xa2E1", b"\xa2E9", 1)), "NOT_A_BUNDLE"),
        "duplicate keys": (lambda w: tampered(w, lambda data: data[:21] + b"\x82" + data[22:]), "BUNDLE_DAMAGED"),
        "oversize": (lambda w: carried(w, Trouble("GAP", "x" * 5_000_000)), "BUNDLE_MALFORMED"),
        "future-dated": (lambda w: carried(w, entries(w, instant=OCTOBER + 86_400_000)), "FUTURE"),
    },
}  # fmt: skip


def replay(world: World) -> AnyFrame:
    jp = world.pair.jp
    rows = jp.node.store.entries(jp.ledger.own.row.id, 0, 2)
    from entente.node.outgoing import deliver

    deliveries = tuple(deliver(jp.node, jp.ledger, row, "kr", "bundle") for row in rows)
    return Forger(jp, jp.ledger.agreement).frame(*deliveries, first=0)


def test_every_command_is_known_to_these_tests() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_every_attack_on_every_command_is_answered(command: str) -> None:
    generic = {"duplicate keys", "unknown kind", "oversize"}
    fields = set(COMMANDS[command].args.__struct_fields__)
    if fields & CARRIES or command in FILES:
        named = set(TABLE.get(command, {})) | generic
        named |= {attack for attack in ATTACKS if f"{command}: {attack}" in NOT_APPLICABLE}
        if command in TABLE:
            assert named == set(ATTACKS)
            return
    assert command not in TABLE
    signatures = fields & {"signature", "signatures", "approvals", "card", "statement"}
    assert not signatures, NOTHING_TO_TRY


CELLS = [
    pytest.param(cell, code, id=f"{command}: {attack}")
    for command, row in TABLE.items()
    for attack, (cell, code) in row.items()
]


def without_national(held: dict[str, Any]) -> dict[str, Any]:
    """A refused release is noted in the national log, which is the one thing that it changes."""
    national = {row[0] for row in held["log"] if row[1] == bytes(32)}
    kept = {name: [row for row in held[name] if row[0] not in national] for name in ("log", "entry")}
    bodies = [row for row in held["body"] if row[0] >> 44 not in national]
    return {**held, **kept, "body": bodies}


@pytest.mark.parametrize(("cell", "code"), CELLS)
def test_an_attack_on_a_command_is_answered_by_its_code_and_changes_nothing(
    world: World, cell: Cell, code: str
) -> None:
    before = without_national(standing(world.pair.kr.node))
    assert cell(world) == code
    assert without_national(standing(world.pair.kr.node)) == before

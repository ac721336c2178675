"""An office never signs bytes it has not read: a node that lies about any field gets no signature."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run

from entente.domain.agreement.document import digest
from entente.node.home import Home
from entente.node.keyring import unlock_office
from entente.node.setup import init
from entente.record.bodies import (
    ActStatement,
    ApprovalStatement,
    MarkingBody,
    PayloadRef,
    RestartStatement,
    TransferHeader,
)
from entente.sealing.canonical import Wire, encode
from entente.sealing.identity import root_digest
from entente.sealing.seal import payload_digest
from entente.sealing.signing import Signature

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "examples" / "agreements" / "jp-kr-2016.toml"
AGREEMENT = bytes.fromhex(digest(SAMPLE.read_bytes()))
NOW = 1_574_413_200_000
ITEM, SALT = "ab" * 16, bytes(32)
PAYLOAD = b'{"track": 4711}'


def changed(statement: Wire, **fields: Any) -> Any:
    """The statement with other fields."""
    values = {name: getattr(statement, name) for name in statement.__struct_fields__}
    return type(statement)(**{**values, **fields})


def status(_args: object = None) -> dict[str, Any]:
    view = {"terms_version": AGREEMENT.hex(), "phase": "in_force"}
    return {
        "agreement": AGREEMENT.hex(),
        "name": "jp-kr-2016",
        "title": {"en": "An agreement"},
        "zone": "Asia/Seoul",
        "at": "2019-11-22T09:00:00.000Z",
        "views": {"kr": view, "jp": view},
    }


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[FalseNode]:
    """The false node of kr, to whose directory jp's card is paired."""
    peer = init(tmp_path / "jp", "jp", b"another", simulated=True, listen="127.0.0.1:7434")
    with false_node(tmp_path) as node:
        (node.path / "peers" / "jp.json").write_bytes((peer.path / "card.json").read_bytes())
        node.answers["agreement.status"] = status
        yield node


def signature_of(args: dict[str, Any]) -> Signature:
    """The signature in a commit."""
    parts = args["signature"]
    return Signature(parts["suite"], bytes.fromhex(parts["ed25519"]), bytes.fromhex(parts["mldsa65"]))


# Acts


def withdrawal() -> ActStatement:
    return ActStatement(
        schema="entente/act/1",
        agreement=AGREEMENT,
        by="kr",
        id="kr-5",
        kind="withdraw",
        refs=("kr-3", "kr-4"),
        digest=None,
        effective=None,
        instant=None,
        reading=None,
        roots=(),
        note="as agreed",
    )


def prepares(liar: FalseNode, statement: Wire) -> None:
    data = encode(statement).hex()
    liar.answers["act.prepare"] = lambda _: {"act": data, "id": "kr-5", "agreement": AGREEMENT.hex(), "refusal": None}
    written = {"entry": 9, "id": "kr-5", "dispatched": "2019-11-22T09:00:00.000Z", "received": {}}
    liar.answers["act.commit"] = lambda _: written


def withdraw(liar: FalseNode) -> Any:
    return run(
        "act", "withdraw", liar.path, "--ref", "kr-3", "--ref", "kr-4", "--note", "as agreed", "--office", "treaty",
        "--json",
    )  # fmt: skip


def test_an_act_that_says_what_was_asked_is_signed_and_the_signature_is_over_its_bytes(liar: FalseNode) -> None:
    prepares(liar, withdrawal())
    ran = withdraw(liar)
    assert ran.exit_code == 0, ran.output
    args = dict(liar.asked)["act.commit"]
    assert args["act"] == encode(withdrawal()).hex()
    key = unlock_office(Home(liar.path).key_file("office-treaty"), b"four words for exercises")
    key.public.verify("act", encode(withdrawal()), signature_of(args))


@pytest.mark.parametrize(
    "lie",
    [
        {"agreement": bytes(32)},
        {"by": "jp"},
        {"id": "kr-6"},
        {"kind": "suspend_notice"},
        {"refs": ("kr-3",)},
        {"refs": ("kr-4", "kr-3")},
        {"digest": bytes(32)},
        {"effective": NOW},
        {"instant": NOW},
        {"reading": "spent"},
        {"roots": (("kr", bytes(32)),)},
        {"note": "and the islands"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_an_act_that_says_anything_else_is_not_signed(liar: FalseNode, lie: dict[str, Any]) -> None:
    prepares(liar, changed(withdrawal(), **lie))
    ran = withdraw(liar)
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["error"]["code"] == "OTHER_BYTES"
    assert "act.commit" not in liar.commands()


def test_bytes_that_are_no_act_are_not_signed(liar: FalseNode) -> None:
    prepares(liar, withdrawal())
    liar.answers["act.prepare"] = lambda _: {
        "act": "c0ffee",
        "id": "kr-5",
        "agreement": AGREEMENT.hex(),
        "refusal": None,
    }
    assert json.loads(withdraw(liar).stdout)["error"]["code"] == "OTHER_BYTES"
    assert "act.commit" not in liar.commands()


def sign_statement(liar: FalseNode, **fields: Any) -> ActStatement:
    roots = tuple((party, root_digest((liar.path.parent / party / "root.json").read_bytes())) for party in ("jp", "kr"))
    signing = changed(withdrawal(), kind="sign", refs=(), note="", digest=AGREEMENT, roots=roots)
    return changed(signing, **fields)  # type: ignore[no-any-return]


def sign(liar: FalseNode, *options: object) -> Any:
    return run("act", "sign", liar.path, "--office", "treaty", "--json", *options)


def test_signing_names_the_roots_that_were_compared_by_voice(liar: FalseNode) -> None:
    prepares(liar, sign_statement(liar))
    assert sign(liar, "--document", SAMPLE).exit_code == 0


@pytest.mark.parametrize("document", [(), ("--document", SAMPLE)], ids=["unnamed", "named"])
def test_a_signature_under_another_partys_root_is_not_given(liar: FalseNode, document: tuple[object, ...]) -> None:
    own = root_digest((liar.path / "root.json").read_bytes())
    prepares(liar, sign_statement(liar, roots=(("jp", bytes(32)), ("kr", own))))
    assert json.loads(sign(liar, *document).stdout)["error"]["code"] == "OTHER_BYTES"
    prepares(liar, sign_statement(liar, roots=(("kr", own),)))
    assert json.loads(sign(liar, *document).stdout)["error"]["code"] == "OTHER_BYTES"
    assert "act.commit" not in liar.commands()


def test_a_document_other_than_the_one_meant_is_not_signed(liar: FalseNode, tmp_path: Path) -> None:
    meant = tmp_path / "meant.toml"
    meant.write_bytes(SAMPLE.read_bytes() + b"# another\n")
    prepares(liar, sign_statement(liar))
    assert json.loads(sign(liar, "--document", meant).stdout)["error"]["code"] == "OTHER_DOCUMENT"
    assert "act.commit" not in liar.commands()


def test_a_document_that_the_node_shows_counts_only_under_its_digest(liar: FalseNode) -> None:
    prepares(liar, withdrawal())
    liar.answers["agreement.documents"] = lambda _: {"documents": {AGREEMENT.hex(): SAMPLE.read_text()}}
    shown = run(
        "act", "withdraw", liar.path, "--ref", "kr-3", "--ref", "kr-4", "--note", "as agreed", "--office", "treaty"
    )  # fmt: skip
    assert shown.exit_code == 0
    assert "Art. 21" in shown.stdout or "21(3)" in shown.stdout
    liar.answers["agreement.documents"] = lambda _: {"documents": {AGREEMENT.hex(): SAMPLE.read_text() + "#"}}
    liar.asked.clear()
    refused = run(
        "act", "withdraw", liar.path, "--ref", "kr-3", "--ref", "kr-4", "--note", "as agreed", "--office", "treaty"
    )  # fmt: skip
    assert refused.exit_code == 1
    assert "act.commit" not in liar.commands()


# Releases


def header() -> TransferHeader:
    payload = PayloadRef(len(PAYLOAD), SALT, payload_digest(SALT, [PAYLOAD]), b"", 0)
    return TransferHeader(
        schema="entente/transfer/2",
        item=ITEM,
        agreement=AGREEMENT,
        terms=AGREEMENT,
        sender="kr",
        recipients=("jp",),
        title="Track 4711",
        filename="track.json",
        media_type="application/json",
        marking=MarkingBody("군사Ⅲ급비밀", "kr", ("ORCON",), ("jp",)),
        purpose="missile-warning",
        precedence="FLASH",
        reality="exercise",
        composed=NOW,
        payload=payload,
        standing=None,
        relation=None,
        stream=None,
    )


def approval(data: bytes, **fields: Any) -> ApprovalStatement:
    statement = ApprovalStatement(
        "entente/approval/1", AGREEMENT, ITEM, hashlib.sha256(data).digest(), "release", "r1", NOW
    )
    return changed(statement, **fields)  # type: ignore[no-any-return]


def composes(liar: FalseNode, carried: TransferHeader, **lie: Any) -> None:
    data = encode(carried)
    composed = {"item": ITEM, "header": data.hex(), "agreement": AGREEMENT.hex(), "reasons": []}
    liar.answers["item.compose"] = lambda _: composed
    liar.answers["item.statement"] = lambda _: {"statement": encode(approval(data, **lie)).hex()}
    liar.answers["item.release"] = lambda _: [{"party": "jp", "number": 1, "instant": "2019-11-22T09:00:00.000Z"}]


def release(liar: FalseNode, tmp_path: Path, payload: bytes = PAYLOAD) -> Any:
    file = tmp_path / "track.json"
    file.write_bytes(payload)
    return run(
        "release", liar.path, file, "--title", "Track 4711", "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning",
        "--to", "jp", "--precedence", "flash", "--reality", "exercise", "--caveat", "ORCON", "--rel-to", "jp",
        "--office", "release", "--person", "r1", "--json",
    )  # fmt: skip


def test_an_item_that_is_what_was_asked_is_approved(liar: FalseNode, tmp_path: Path) -> None:
    composes(liar, header())
    ran = release(liar, tmp_path)
    assert ran.exit_code == 0, ran.output
    (given,) = dict(liar.asked)["item.release"]["approvals"]
    key = unlock_office(Home(liar.path).key_file("office-release"), b"four words for exercises")
    key.public.verify("approval", bytes.fromhex(given["statement"]), signature_of(given))


@pytest.mark.parametrize(
    "lie",
    [
        {"item": "cd" * 16},
        {"agreement": bytes(32)},
        {"sender": "jp"},
        {"recipients": ("jp", "us")},
        {"recipients": ()},
        {"title": "Track 4712"},
        {"filename": "other.json"},
        {"media_type": "text/html"},
        {"marking": MarkingBody("군사Ⅱ급비밀", "kr", ("ORCON",), ("jp",))},
        {"marking": MarkingBody("군사Ⅲ급비밀", "jp", ("ORCON",), ("jp",))},
        {"marking": MarkingBody("군사Ⅲ급비밀", "kr", (), ("jp",))},
        {"marking": MarkingBody("군사Ⅲ급비밀", "kr", ("ORCON",), None)},
        {"purpose": "maritime-safety"},
        {"precedence": "ROUTINE"},
        {"reality": "actual"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_an_item_that_says_anything_else_is_not_approved(liar: FalseNode, tmp_path: Path, lie: dict[str, Any]) -> None:
    composes(liar, changed(header(), **lie))
    ran = release(liar, tmp_path)
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["error"]["code"] == "OTHER_BYTES"
    assert liar.commands() == ["item.compose", "item.discard"]


@pytest.mark.parametrize("payload", [b"{}", PAYLOAD + b"\n", PAYLOAD[:-1] + b"!", b""])
def test_bytes_other_than_the_files_are_never_approved(liar: FalseNode, tmp_path: Path, payload: bytes) -> None:
    composes(liar, header())
    ran = release(liar, tmp_path, payload)
    assert json.loads(ran.stdout)["error"]["code"] == "OTHER_BYTES"
    assert liar.commands() == ["item.compose", "item.discard"]


@pytest.mark.parametrize(
    "lie",
    [{"agreement": bytes(32)}, {"item": "cd" * 16}, {"header": bytes(32)}, {"office": "treaty"}, {"person": "r2"}],
    ids=lambda lie: next(iter(lie)),
)
def test_an_approval_of_anything_else_is_not_signed(liar: FalseNode, tmp_path: Path, lie: dict[str, Any]) -> None:
    composes(liar, header(), **lie)
    assert json.loads(release(liar, tmp_path).stdout)["error"]["code"] == "OTHER_BYTES"
    assert "item.release" not in liar.commands()


def test_what_the_gate_would_refuse_is_not_even_signed(liar: FalseNode, tmp_path: Path) -> None:
    composes(liar, header())
    reason = {"code": "ON_HOLD", "blocks": True, "rests_on": "11", "text": "Held.", "remedy": "Wait."}
    composed = {"item": ITEM, "header": encode(header()).hex(), "agreement": AGREEMENT.hex(), "reasons": [reason]}
    liar.answers["item.compose"] = lambda _: composed
    ran = release(liar, tmp_path)
    assert ran.exit_code == 1
    error = json.loads(ran.stdout)["error"]
    assert (error["code"], error["remedy"], error["reasons"]) == ("ON_HOLD", "Wait.", [reason])
    assert liar.commands() == ["item.compose", "item.discard"]


# A new incarnation


@pytest.mark.parametrize("lie", [{}, {"agreement": bytes(32)}, {"party": "jp"}], ids=["true", "agreement", "party"])
def test_a_restart_is_signed_only_for_this_party_and_agreement(liar: FalseNode, lie: dict[str, Any]) -> None:
    statement = RestartStatement("entente/restart/1", AGREEMENT, "kr", "0" * 16, 9, bytes(32), "1" * 16)
    data = encode(changed(statement, **lie)).hex()
    liar.answers["restart.prepare"] = lambda _: {"statement": data, "agreement": AGREEMENT.hex()}
    liar.answers["restart.commit"] = lambda _: {}
    ran = run("node", "restart", liar.path, "--office", "treaty", "--json")
    assert ran.exit_code == (1 if lie else 0)
    assert ("restart.commit" in liar.commands()) == (not lie)


def test_a_wrong_passphrase_signs_nothing(liar: FalseNode) -> None:
    prepares(liar, withdrawal())
    ran = run(
        "act", "withdraw", liar.path, "--ref", "kr-3", "--ref", "kr-4", "--note", "as agreed", "--office", "treaty",
        "--json", passphrase=b"guess",
    )  # fmt: skip
    assert (ran.exit_code, json.loads(ran.stdout)["error"]["code"]) == (1, "WRONG_PASSPHRASE")
    assert "act.commit" not in liar.commands()

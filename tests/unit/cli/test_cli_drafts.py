"""An office reads a draft from the bytes that it signs: a node that was taken over cannot put others in their place."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import PASSPHRASE, FalseNode, false_node, run
from test_cli_matters import WORDS, code, statement
from test_cli_signing import AGREEMENT, status

from entente.node.home import Home
from entente.node.keyring import unlock_office
from entente.record.bodies import ActStatement
from entente.sealing.canonical import encode
from entente.sealing.signing import Signature


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as node:
        node.answers["agreement.status"] = status
        node.answers["agreement.documents"] = lambda _: {"documents": {}}
        yield node


def draft(**changes: Any) -> dict[str, Any]:
    """A draft as an honest node answers it."""
    return {
        "id": "draft-123456", "kind": "step", "does": "measure announce", "name": "kr-measure-1",
        "agreement": AGREEMENT.hex(), "filed_by": "d1", "filed": "2019-10-02T00:00:00.000Z", "refusal": None,
        "signers": [{"office": "treaty", "person": "t1", "approved": None}], "hindrance": None, "ready": False,
        "statement": encode(statement()).hex(), "texts": [base64.b64encode(WORDS).decode()], **changes,
    }  # fmt: skip


def approve(liar: FalseNode, person: str = "t1", **changes: Any) -> Any:
    shown = draft(**changes)
    liar.answers["draft.show"] = lambda _: shown
    liar.answers["draft.approve"] = lambda _: shown
    return run("draft", "approve", liar.path, "draft-123456", "--office", "treaty", "--person", person, "--json")


def signed(agreement: bytes) -> str:
    """A signature of the agreement, of another document than the one it is under."""
    roots = (("jp", bytes(32)), ("kr", bytes(32)))
    act = ActStatement("entente/act/1", agreement, "kr", "kr-1", "sign", (), bytes(32), None, None, None, roots, "")
    return encode(act).hex()


def test_an_office_signs_the_very_bytes_that_it_reads(liar: FalseNode) -> None:
    assert code(approve(liar)) is None
    given = dict(liar.asked)["draft.approve"]["signature"]
    signature = Signature(given["suite"], bytes.fromhex(given["ed25519"]), bytes.fromhex(given["mldsa65"]))
    key = unlock_office(Home(liar.path).key_file("office-treaty"), PASSPHRASE)
    key.public.verify("step", encode(statement()), signature)


OTHER = {
    "another agreement": ({"statement": encode(statement(agreement=bytes(32))).hex()}, "OTHER_BYTES"),
    "another party": ({"statement": encode(statement(by="jp")).hex()}, "OTHER_BYTES"),
    "another kind of signature": ({"kind": "revocation"}, "OTHER_BYTES"),
    "a step as an act": ({"kind": "act"}, "OTHER_BYTES"),
    "another text": ({"texts": [base64.b64encode(b"Other words.").decode()]}, "OTHER_BYTES"),
    "no text": ({"texts": []}, "OTHER_BYTES"),
    "the signature of another document": ({"kind": "act", "statement": signed(AGREEMENT), "texts": []}, "OTHER_BYTES"),
}


@pytest.mark.parametrize("what", OTHER)
def test_an_office_signs_no_other_draft_than_the_one_it_reads(liar: FalseNode, what: str) -> None:
    lie, refused = OTHER[what]
    assert code(approve(liar, **lie)) == refused
    assert "draft.approve" not in liar.commands()


def test_an_office_signs_only_as_a_person_whom_the_draft_names(liar: FalseNode) -> None:
    assert code(approve(liar, person="t2")) == "NOT_ASKED"
    assert "draft.approve" not in liar.commands()


def test_the_screen_shows_agreement_signer_and_texts_from_the_bytes(liar: FalseNode) -> None:
    shown = draft(name="kr-measure-9", does="measure end")
    liar.answers["draft.show"] = lambda _: shown
    screen = run("draft", "show", liar.path, "draft-123456", passphrase=None).output
    for words in (AGREEMENT.hex(), "kr-measure-1", "announce", "t1 of office treaty", WORDS.decode().strip()):
        assert words in screen
    assert "kr-measure-9" not in screen

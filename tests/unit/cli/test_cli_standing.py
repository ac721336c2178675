"""Standing releases, cancels and updates at the command line: an office signs what was asked, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run
from test_cli_signing import AGREEMENT, ITEM, NOW, SALT, changed, header, signature_of, status

from entente.node.home import Home
from entente.node.keyring import unlock_office
from entente.record.bodies import (
    MarkingBody,
    PayloadRef,
    Relation,
    RevocationStatement,
    Signer,
    StandingStatement,
    StreamPlace,
    TransferHeader,
)
from entente.sealing.canonical import encode
from entente.sealing.seal import payload_digest

HOUR = 3_600_000
UNTIL = "2019-11-22T19:00:00+09:00"


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as node:
        node.answers["agreement.status"] = status
        yield node


def code(ran: Any) -> str | None:
    error = json.loads(ran.stdout).get("error")
    return error["code"] if error is not None else None


# Standing releases


def statement(**lie: Any) -> StandingStatement:
    good = StandingStatement(
        schema="entente/standing/1",
        agreement=AGREEMENT,
        by="kr",
        id="kr-s1",
        signers=(Signer("release", "r1"),),
        media_types=("text/plain",),
        level="군사Ⅲ급비밀",
        purposes=("missile-warning",),
        recipients=("jp",),
        precedences=("FLASH",),
        realities=("exercise",),
        caveats=("ORCON",),
        max_size=4096,
        begins=NOW,
        expires=NOW + HOUR,
        note="watch",
    )
    return changed(good, **lie)  # type: ignore[no-any-return]


def approve(liar: FalseNode, **lie: Any) -> Any:
    data = encode(statement(**lie)).hex()
    liar.answers["standing.prepare"] = lambda _: {"statement": data, "id": "kr-s1", "agreement": AGREEMENT.hex()}
    liar.answers["standing.commit"] = lambda _: {"id": "kr-s1", "entry": 9, "expires": "2019-11-22T10:00:00.000Z"}
    return run(
        "standing", "approve", liar.path, "--to", "jp", "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning",
        "--precedence", "flash", "--reality", "exercise", "--media-type", "text/plain", "--caveat", "ORCON",
        "--max-size", "4096", "--begins", "2019-11-22T18:00:00+09:00", "--expires", UNTIL, "--note", "watch",
        "--office", "release", "--person", "r1", "--json",
    )  # fmt: skip


def test_a_class_that_is_what_was_asked_is_signed_and_the_signature_is_over_its_bytes(liar: FalseNode) -> None:
    ran = approve(liar)
    assert ran.exit_code == 0, ran.output
    given = dict(liar.asked)["standing.commit"]
    (signature,) = given["signatures"]
    key = unlock_office(Home(liar.path).key_file("office-release"), b"four words for exercises")
    key.public.verify("standing", bytes.fromhex(given["statement"]), signature_of({"signature": signature}))


@pytest.mark.parametrize(
    "lie",
    [
        {"agreement": bytes(32)},
        {"by": "jp"},
        {"id": "kr-s2"},
        {"signers": (Signer("release", "r2"),)},
        {"signers": (Signer("treaty", "r1"),)},
        {"media_types": ("text/plain", "application/json")},
        {"level": "군사Ⅱ급비밀"},
        {"purposes": ("missile-warning", "exercise")},
        {"recipients": ("jp", "us")},
        {"precedences": ("FLASH", "ROUTINE")},
        {"realities": ("actual", "exercise")},
        {"caveats": ()},
        {"max_size": 4097},
        {"begins": NOW - 1},
        {"expires": NOW + HOUR + 1},
        {"note": "another"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_class_that_says_anything_else_is_not_signed(liar: FalseNode, lie: dict[str, Any]) -> None:
    assert code(approve(liar, **lie)) == "OTHER_BYTES"
    assert "standing.commit" not in liar.commands()


def test_a_class_without_an_office_is_not_even_prepared(liar: FalseNode) -> None:
    ran = run(
        "standing", "approve", liar.path, "--to", "jp", "--level", "x", "--purpose", "p", "--precedence", "FLASH",
        "--reality", "exercise", "--media-type", "text/plain", "--max-size", "1", "--expires", UNTIL, "--json",
    )  # fmt: skip
    assert (ran.exit_code, code(ran)) == (2, "USAGE")
    assert liar.commands() == []


@pytest.mark.parametrize(
    "lie",
    [{}, {"agreement": bytes(32)}, {"by": "jp"}, {"id": "kr-s2"}, {"office": "treaty"}, {"person": "r2"}],
    ids=lambda lie: next(iter(lie), "true"),
)
def test_a_revocation_is_signed_only_of_what_was_asked(liar: FalseNode, lie: dict[str, Any]) -> None:
    good = RevocationStatement("entente/revocation/1", AGREEMENT, "kr", "kr-s1", "release", "r1")
    data = encode(changed(good, **lie)).hex()
    liar.answers["standing.revocation"] = lambda _: {"statement": data, "agreement": AGREEMENT.hex()}
    liar.answers["standing.revoke"] = lambda _: {"entry": 9}
    ran = run("standing", "revoke", liar.path, "kr-s1", "--office", "release", "--person", "r1", "--json")
    assert (ran.exit_code, code(ran)) == ((1, "OTHER_BYTES") if lie else (0, None))
    assert ("standing.revoke" in liar.commands()) == (not lie)


# Items


def line(**more: Any) -> dict[str, Any]:
    """What the register says of the item that is to be cancelled or updated."""
    return {
        "item": ITEM, "party": "jp", "held": True, "state": "received", "level": "군사Ⅲ급비밀", "caveats": ["ORCON"],
        "rel_to": ["jp"], "purpose": "missile-warning", "precedence": "FLASH", "reality": "exercise",
        "media_type": "application/json", "recipients": ["jp"], **more,
    }  # fmt: skip


def cancel_header(**lie: Any) -> TransferHeader:
    empty = PayloadRef(0, SALT, payload_digest(SALT, [b""]), b"", 0)
    relation = Relation("cancel", ITEM)
    good = changed(header(), item="cd" * 16, title="A false alarm", filename="", payload=empty, relation=relation,
                   standing="kr-s1")  # fmt: skip
    return changed(good, **lie)  # type: ignore[no-any-return]


def cancel(liar: FalseNode, **lie: Any) -> Any:
    data = encode(cancel_header(**lie)).hex()
    composed = {"item": "cd" * 16, "header": data, "agreement": AGREEMENT.hex(), "reasons": []}
    liar.answers["item.register"] = lambda _: [line()]
    liar.answers["item.cancel"] = lambda _: composed
    liar.answers["item.release"] = lambda _: []
    liar.answers["item.discard"] = lambda _: {}
    return run("cancel", liar.path, ITEM, "--reason", "A false alarm", "--standing", "kr-s1", "--json")


def test_a_cancel_of_what_was_asked_is_released_under_its_standing_release_without_a_signature(liar: FalseNode) -> None:
    assert cancel(liar).exit_code == 0
    assert dict(liar.asked)["item.release"]["approvals"] == []
    assert "item.statement" not in liar.commands()


@pytest.mark.parametrize(
    "lie",
    [
        {"relation": None},
        {"relation": Relation("update", ITEM)},
        {"relation": Relation("cancel", "ef" * 16)},
        {"title": "Another reason"},
        {"recipients": ("jp", "us")},
        {"marking": MarkingBody("대외비", "kr", ("ORCON",), ("jp",))},
        {"marking": MarkingBody("군사Ⅲ급비밀", "kr", (), ("jp",))},
        {"precedence": "ROUTINE"},
        {"purpose": "exercise"},
        {"reality": "actual"},
        {"standing": "kr-s2"},
        {"standing": None},
        {"stream": StreamPlace("track", 1)},
        {"payload": header().payload},
    ],
    ids=str,
)
def test_a_cancel_that_says_anything_else_is_not_released(liar: FalseNode, lie: dict[str, Any]) -> None:
    assert code(cancel(liar, **lie)) == "OTHER_BYTES"
    assert liar.commands() == ["item.register", "item.cancel", "item.discard"]


def release(liar: FalseNode, tmp_path: Path, *more: str, **fields: Any) -> Any:
    data = encode(changed(header(), **fields)).hex()
    liar.answers["item.register"] = lambda _: [line(), line(party="us", state="refused: OTHER")]
    liar.answers["item.compose"] = lambda _: {
        "item": ITEM, "header": data, "agreement": AGREEMENT.hex(), "reasons": [],
    }  # fmt: skip
    liar.answers["item.release"] = lambda _: []
    liar.answers["item.discard"] = lambda _: {}
    file = tmp_path / "track.json"
    file.write_bytes(b'{"track": 4711}')
    return run(
        "release", liar.path, file, "--title", "Track 4711", "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning",
        "--reality", "exercise", "--caveat", "ORCON", "--rel-to", "jp", *more, "--json",
    )  # fmt: skip


def test_an_update_goes_to_those_who_have_the_item_at_its_precedence(liar: FalseNode, tmp_path: Path) -> None:
    relation = Relation("update", ITEM)
    ran = release(liar, tmp_path, "--updates", ITEM, "--standing", "kr-s1", relation=relation, standing="kr-s1")
    assert ran.exit_code == 0, ran.output
    asked = dict(liar.asked)["item.compose"]
    assert (asked["to"], asked["precedence"], asked["updates"]) == (["jp"], "FLASH", ITEM)


@pytest.mark.parametrize(
    "lie",
    [
        {"relation": Relation("cancel", "ef" * 16)},
        {"standing": "kr-s2"},
        {"standing": None},
        {"stream": None},
        {"stream": StreamPlace("another", 1)},
    ],
    ids=str,
)
def test_what_is_released_under_a_standing_release_is_what_was_asked(
    liar: FalseNode, tmp_path: Path, lie: dict[str, Any]
) -> None:
    asked = ("--to", "jp", "--precedence", "FLASH", "--standing", "kr-s1", "--stream", "track")
    truth: dict[str, Any] = {"standing": "kr-s1", "stream": StreamPlace("track", 7)}
    assert release(liar, tmp_path, *asked, **truth).exit_code == 0
    assert code(release(liar, tmp_path, *asked, **(truth | lie))) == "OTHER_BYTES"


def test_an_item_without_recipients_or_precedence_is_not_composed(liar: FalseNode, tmp_path: Path) -> None:
    for more in (("--to", "jp"), ("--precedence", "FLASH")):
        ran = release(liar, tmp_path, *more, "--standing", "kr-s1")
        assert (ran.exit_code, code(ran)) == (2, "USAGE")
    assert liar.commands() == []


def test_what_this_party_did_not_give_is_neither_cancelled_nor_updated(liar: FalseNode, tmp_path: Path) -> None:
    other = "ef" * 16
    ran = release(liar, tmp_path, "--updates", other, "--standing", "kr-s1")
    assert code(ran) == "NO_SUCH_ITEM"
    assert code(run("cancel", liar.path, other, "--reason", "r", "--standing", "kr-s1", "--json")) == "NO_SUCH_ITEM"
    assert set(liar.commands()) == {"item.register"}

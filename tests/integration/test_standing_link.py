"""A standing release through the command line of two running nodes: approved, used at once, and revoked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_nodes import CliNode, Nodes, Ran, done, entente, two_nodes

AT = "2019-10-02T08:00:00+09:00"
SIGNS = ("--office", "release", "--person", "r1")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("standing")) as both:
        both.in_force()
        for node in both:
            done(entente("node", "clock", node.path, AT))
        both.linked()
        yield both


def approve(node: CliNode, *more: str) -> dict[str, Any]:
    ran = entente(
        "standing", "approve", node.path, "--to", "jp", "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning",
        "--precedence", "FLASH", "--reality", "exercise", "--media-type", "text/plain", "--max-size", "4096",
        "--expires", "2019-10-02T20:00:00+09:00", "--note", "watch", *SIGNS, *more, "--json",
    )  # fmt: skip
    standing: dict[str, Any] = done(ran).json["standing"]
    return standing


def release(node: CliNode, file: Path, *more: str, precedence: str = "FLASH") -> Ran:
    return entente(
        "release", node.path, file, "--title", "Launch", "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning",
        "--to", "jp", "--precedence", precedence, "--reality", "exercise", *more, "--json",
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "warning.txt"
    path.write_text("launch detected")
    return path


def verified(nodes: Nodes, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "evidence"
    done(entente("evidence", "export", nodes.jp.path, path, "--disclose"))
    roots = [word for node in nodes for word in ("--root", node.path / "root.json")]
    report: dict[str, Any] = done(entente("verify", path, *roots, "--json")).json
    return report


def test_a_warning_goes_without_a_signature_until_it_is_revoked(nodes: Nodes, tmp_path: Path, file: Path) -> None:
    kr, jp = nodes.kr, nodes.jp
    standing = approve(kr)
    name = standing["id"]
    assert (standing["state"], standing["recipients"]) == ("holds", ["jp"])
    done(release(kr, file, "--standing", name))
    nodes.settle()
    for node in nodes:
        assert [each["id"] for each in done(entente("standing", "list", node.path, "--json")).json["standings"]] == [
            name
        ]
        assert name in done(entente("standing", "list", node.path)).out
    [line] = done(entente("inbox", jp.path, "--json")).json["lines"]
    assert (line["standing"], line["title"]) == (name, "Launch")

    refused = release(kr, file, "--standing", name, precedence="ROUTINE")
    assert refused.code == 1
    [reason] = refused.json["error"]["reasons"]
    assert reason["code"] == "RELEASE_AUTHORITY_MISSING"
    assert reason["rests_on"]
    assert "precedence 'ROUTINE'" in reason["text"]
    assert "or a standing release" in reason["remedy"]

    done(entente("standing", "revoke", kr.path, name, *SIGNS))
    refused = release(kr, file, "--standing", name)
    assert refused.code == 1
    assert "was revoked" in refused.json["error"]["message"]
    nodes.settle()
    shown = done(entente("standing", "list", jp.path, "--json")).json["standings"]
    assert [(each["state"], each["revoked"] is not None) for each in shown] == [("revoked", True)]
    assert len(done(entente("register", jp.path, "--held", "--json")).json["lines"]) == 1
    report = verified(nodes, tmp_path)
    assert report["ok"], report["bad"]


def test_an_item_is_updated_and_cancelled_and_the_inbox_says_so(nodes: Nodes, file: Path) -> None:
    kr, jp = nodes.kr, nodes.jp
    item = done(release(kr, file, *SIGNS)).json["item"]
    nodes.settle()
    file.write_text("two objects")
    newer = done(
        entente(
            "release", kr.path, file, "--title", "Launch, two", "--level", "군사Ⅲ급비밀", "--purpose",
            "missile-warning", "--reality", "exercise", "--updates", item, *SIGNS, "--json",
        )
    ).json  # fmt: skip
    assert [(line["party"], line["precedence"]) for line in newer["lines"]] == [("jp", "FLASH")]
    ended = done(entente("cancel", kr.path, item, "--reason", "A false alarm", *SIGNS, "--json")).json["item"]
    nodes.settle()
    held = done(entente("register", jp.path, "--held", "--json")).json["lines"]
    line = next(each for each in held if each["item"] == item)
    assert (line["updated_by"], line["cancelled_by"]) == ([newer["item"]], ended)
    shown = done(entente("inbox", jp.path)).out
    assert {"CANCELLED", "cancels", "updates"} <= set(shown.split())

    again = entente("cancel", kr.path, item, "--reason", "Again", *SIGNS, "--json")
    assert (again.code, again.json["error"]["code"]) == (2, "RELATION")
    theirs = entente("cancel", jp.path, item, "--reason", "Not mine", *SIGNS, "--json")
    assert (theirs.code, theirs.json["error"]["code"]) == (2, "NO_SUCH_ITEM")


def test_a_stream_goes_under_its_standing_release(nodes: Nodes, file: Path) -> None:
    name = approve(nodes.kr)["id"]
    for _ in range(2):
        done(release(nodes.kr, file, "--standing", name, "--stream", "track-4711"))
    nodes.settle()
    held = done(entente("register", nodes.jp.path, "--held", "--json")).json["lines"]
    assert [each["stream"] for each in held[-2:]] == [{"stream": "track-4711", "number": n} for n in (1, 2)]


@pytest.mark.parametrize(
    "more",
    [(), ("--standing", "kr-s1", *SIGNS), ("--office", "release"), ("--second-person", "r2", *SIGNS)],
    ids=["nobody", "both", "half", "half a second"],
)
def test_an_item_is_approved_by_an_office_or_by_a_standing_release(nodes: Nodes, file: Path, more: Any) -> None:
    ran = release(nodes.kr, file, *more)
    assert (ran.code, json.loads(ran.out)["error"]["code"]) == (2, "USAGE")

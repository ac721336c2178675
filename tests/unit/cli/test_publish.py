"""``entente statement publish``: what it asks the node, and that it writes all or nothing."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run

AT = "2019-11-22T09:00:00.000Z"
AGREEMENT = (Path(__file__).parents[3] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes()
DIGEST = hashlib.sha256(AGREEMENT).hexdigest()


def matter(name: str, state: str = "issued", out: str | None = AT) -> dict[str, Any]:
    text = {"lang": "en", "media_type": "text/plain", "text": f"Text of {name}."}
    verb = "issue" if state == "issued" else "propose"
    said = {"title": {"en": f"Title of {name}"}}
    step = {"verb": verb, "at": AT, "by": name[:2], "refused": None, "say": said, "texts": [text]}
    return {"id": name, "owner": name[:2], "between": ["jp", "kr"], "state": state, "out": out, "steps": [step]}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FalseNode]:
    """A node with four statements: its own, the other party's, a joint one and one that is only proposed."""
    matters = {
        each["id"]: each
        for each in (
            matter("kr-statement-1"),
            matter("jp-statement-1"),
            matter("jp-statement-20000000", "joint"),
            matter("kr-statement-30000000", "proposed", None),
        )
    }
    with false_node(tmp_path) as liar:
        liar.answers["matter.list"] = lambda _: list(matters.values())
        liar.answers["matter.show"] = lambda args: matters[args["matter"]]
        views = {"kr": {"terms_version": DIGEST}}
        liar.answers["agreement.status"] = lambda _: {"agreement": DIGEST, "zone": "UTC", "views": views}
        liar.answers["agreement.documents"] = lambda _: {"documents": {DIGEST: AGREEMENT.decode()}}
        yield liar


def publish(node: FalseNode, out: Path, *more: str) -> Any:
    return run("statement", "publish", node.path, out, *more, passphrase=None)


def test_this_partys_statements_and_the_joint_ones_are_written_and_no_others(node: FalseNode, tmp_path: Path) -> None:
    out = tmp_path / "press"
    ran = publish(node, out, "--json")
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["statements"] == ["kr-statement-1", "jp-statement-20000000"]
    assert sorted(path.name for path in out.iterdir()) == [
        "feed.xml", "index.html", "jp-statement-20000000.html", "kr-statement-1.html",
    ]  # fmt: skip
    written = b"".join(path.read_bytes() for path in out.iterdir()).decode()
    assert "Republic of Korea" in written
    assert "KST" in written
    assert "jp-statement-1." not in written
    assert "30000000" not in written


def test_it_never_asks_for_what_is_under_embargo_nor_for_another_partys_own(node: FalseNode, tmp_path: Path) -> None:
    publish(node, tmp_path / "press")
    assert not any(args.get("embargoed") for _, args in node.asked)
    assert {args["matter"] for name, args in node.asked if name == "matter.show"} == {
        "kr-statement-1", "jp-statement-20000000", "kr-statement-30000000",
    }  # fmt: skip


def test_a_statement_that_the_node_does_not_show_leaves_nothing_written(node: FalseNode, tmp_path: Path) -> None:
    del node.answers["matter.show"]
    ran = publish(node, tmp_path / "press")
    assert ran.exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kr"]


def test_a_document_that_is_not_the_one_that_was_signed_leaves_nothing_written(node: FalseNode, tmp_path: Path) -> None:
    other = AGREEMENT.decode().replace("Republic of Korea", "Somebody else")
    node.answers["agreement.documents"] = lambda _: {"documents": {DIGEST: other}}
    assert "OTHER_BYTES" in publish(node, tmp_path / "press", "--json").stdout
    assert not (tmp_path / "press").exists()


def test_the_language_that_comes_first_is_chosen_and_links_stand_on_the_base(node: FalseNode, tmp_path: Path) -> None:
    publish(node, tmp_path / "press", "--lang", "ko", "--base-url", "https://press.example.org/entente")
    feed = (tmp_path / "press" / "feed.xml").read_text()
    assert "대한민국: 성명·발표" in feed
    assert 'href="https://press.example.org/entente/kr-statement-1.html#en"' in feed
    assert '<html lang="ko">' in (tmp_path / "press" / "index.html").read_text()


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "notaurl", "/press", "https://", "https:press", "ftp://a.example", "https://a.example/?q=1",
     "https://a.example/#x", "https://a.example/ x", "https://[1", "https://a.example/\n"],
)  # fmt: skip
def test_pages_stand_only_under_a_whole_address_of_the_web(node: FalseNode, tmp_path: Path, url: str) -> None:
    ran = publish(node, tmp_path / "press", "--base-url", url, "--json")
    assert ran.exit_code == 2
    assert json.loads(ran.output)["error"]["code"] == "BAD_OPTION"
    assert not (tmp_path / "press").exists()


def test_a_directory_that_is_there_is_not_overwritten(node: FalseNode, tmp_path: Path) -> None:
    (tmp_path / "press").mkdir()
    ran = publish(node, tmp_path / "press")
    assert ran.exit_code == 2
    assert node.asked == []
    assert list((tmp_path / "press").iterdir()) == []

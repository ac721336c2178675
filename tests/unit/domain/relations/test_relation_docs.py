"""The specification of relations says what the tables and the code do."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

from entente.domain.relations import fields, notes_text
from entente.domain.relations.steps import KINDS, MAX_TEXT, MAX_TEXTS

ROOT = Path(__file__).parents[4]
SPEC = ROOT / "docs" / "spec"
PAGE = (SPEC / "relations.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "src" / "entente" / "domain" / "relations").glob("*.py"))


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("relations_states", SPEC / "make_relations_states.py")
    assert spec is not None
    assert spec.loader is not None
    states = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(states)
    return states


def codes() -> set[str]:
    """Every code that some line of the domain refuses with."""
    return {
        code.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refuse"
        for code in node.args[:1]
        if isinstance(code, ast.Constant)
    }


def test_the_drawing_is_not_stale() -> None:
    states = script()
    assert states.OUTPUT.read_text(encoding="utf-8") == states.text()


def test_the_specification_has_every_code_and_no_other() -> None:
    told = {code for line in PAGE.splitlines() for code in re.findall(r"`([A-Z]+(?:_[A-Z]+)+|CANCELLED)`", line)}
    assert told - {"MALFORMED"} == codes()


def test_the_specification_names_every_kind() -> None:
    assert f"`kind` is one of {', '.join(f'`{kind}`' for kind in KINDS)};" in " ".join(PAGE.split())


def test_the_specification_has_the_bounds_of_the_code() -> None:
    plain = " ".join(PAGE.split())
    assert f"at most {MAX_TEXTS} and one for each language, each of at most {MAX_TEXT:,} bytes" in plain
    assert f"(at most {fields.MAX_MANY})" in plain
    assert f"A value is at most {fields.MAX_VALUE} characters" in plain


def test_the_specification_has_the_topic_of_every_act() -> None:
    rows = dict(re.findall(r"^\| `(force|termination|operation|amendment|reading)` \| (.+) \|$", PAGE, re.MULTILINE))
    told = {act: topic for topic, acts in rows.items() for act in re.findall(r"`([a-z_]+)`", acts)}
    assert told == dict(notes_text.TOPICS)


def characters(listed: str) -> str:
    return "".join(
        chr(code)
        for first, last in re.findall(
            r"U\+([0-9A-F]+)(?: to U\+([0-9A-F]+))?", listed.replace("the surrogates", "U+D800 to U+DFFF")
        )
        for code in range(int(first, 16), int(last or first, 16) + 1)
    )


def test_the_specification_has_the_blanks_that_no_line_begins_or_ends_with() -> None:
    plain = " ".join(PAGE.split())
    told = characters(plain[plain.index("A blank is") : plain.index('"No character')])
    assert told == "".join(
        each for each in map(chr, range(0x110000)) if not each.strip() and not fields.UNSEEN.match(each)
    )


def test_the_specification_has_the_characters_that_no_line_may_have() -> None:
    plain = " ".join(PAGE.split())
    told = characters(plain[plain.index("U+0000 to") : plain.index("## 4.")])
    found = "".join(chr(code) for code in range(0x110000) if fields.UNSEEN.match(chr(code)))
    assert told == found

"""Scenarios as text, for tests of how they are read."""

from pathlib import Path

import pytest

from entente.cli.scenario import Scenario
from entente.cli.scenario_parse import load_scenario
from entente.domain.agreement.problems import DocumentError

SHIPPED = Path(__file__).parents[3] / "examples" / "scenarios" / "2019-11-22"
HEAD = f"""
schema = "entente/scenario/1"
name = "x"
title = {{ en = "x" }}
agreement = "{SHIPPED.parents[1] / "agreements" / "jp-kr-2016.toml"}"
acts = "{SHIPPED.parents[1] / "agreements" / "acts-2019.toml"}"
zone = "Asia/Seoul"

[item.note]
file = "note.txt"
title = "EXERCISE"
media_type = "text/plain"
level = "秘"
purpose = "exercise"
precedence = "ROUTINE"
reality = "exercise"
"""
PART = """
[[part]]
id = "one"
title = "One"
"""
CLOCK = """
[[part.step]]
do = "clock"
at = "2019-11-23T00:00:00+09:00"
"""


def read(folder: Path, text: str) -> Scenario:
    (folder / "note.txt").write_text("EXERCISE")
    (folder / "scenario.toml").write_text(text)
    return load_scenario(folder)


def problems(folder: Path, text: str) -> list[tuple[str, str]]:
    """Everything that is wrong with it: where, and what."""
    with pytest.raises(DocumentError) as caught:
        read(folder, text)
    return [(problem.where, problem.message) for problem in caught.value.problems]

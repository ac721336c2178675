"""A scenario opens what the node numbers apart: the file's number stands for the drawn one in all that follows."""

import json
import subprocess
import sys
from pathlib import Path

from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import record_of
from entente.domain.relations.steps import numbered_apart
from entente.record.verify import verify

ROOT = Path(__file__).parents[2]
SCENARIO = f"""
schema = "entente/scenario/1"
name = "embargo"
title = {{ en = "EXERCISE" }}
agreement = "{ROOT / "examples" / "agreements" / "jp-kr-2016.toml"}"
acts = "{ROOT / "examples" / "agreements" / "acts-2019.toml"}"
zone = "Asia/Seoul"

[[part]]
id = "one"
title = "One"

[[part.step]]
do = "propose"
at = "2016-11-22T09:00:00+09:00"
party = "jp"

[[part.step]]
do = "act"
act = "jp-1"

[[part.step]]
do = "act"
act = "kr-1"

[[part.step]]
do = "relate"
at = "2019-11-22T16:00:00+09:00"
party = "kr"
matter = "kr-statement-10000001"
verb = "issue"
say = {{ title = {{ en = "T" }}, attribution = "on_record", embargo = "2019-11-22T18:00:00+09:00" }}
texts.en = "EXERCISE"

[[part.step]]
do = "relate"
at = "2019-11-22T16:10:00+09:00"
party = "kr"
matter = "kr-measure-1"
verb = "announce"
refs = ["kr-statement-10000001"]
say = {{ subject = "complaint", title = {{ en = "T" }} }}

[[part.step]]
do = "relate"
at = "2019-11-22T16:20:00+09:00"
party = "kr"
matter = "kr-statement-1"
verb = "issue"
say = {{ title = {{ en = "T" }}, attribution = "on_record" }}
texts.en = "EXERCISE"

[[part.step]]
do = "relate"
at = "2019-11-22T18:00:00+09:00"
party = "kr"
matter = "kr-statement-10000001"
verb = "withdraw"
expect.matter = {{ kr-statement-10000001 = "withdrawn", kr-statement-1 = "issued" }}
"""


def test_a_statement_under_embargo_is_played_under_the_number_that_the_node_drew(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    folder = tmp_path / "k"
    command = [sys.executable, "-m", "entente", "demo", str(tmp_path), "--keep", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    (part,) = json.loads(done.stdout)["parts"]
    assert part["failures"] == []
    roots = [path.read_bytes() for path in sorted((folder / "one" / "roots").iterdir())]
    report = verify((folder / "one" / "kr.evidence").read_bytes(), roots)
    by_state = {matter.state: matter.id for matter in report.matters if matter.kind == "statement"}
    assert by_state["issued"] == "kr-statement-1"
    assert by_state["withdrawn"] != "kr-statement-10000001"
    assert numbered_apart(by_state["withdrawn"])
    assert set(record_of(load_scenario(tmp_path)).matters(2**41)) == {
        "kr-statement-10000001", "kr-measure-1", "kr-statement-1",
    }  # fmt: skip

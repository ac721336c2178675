"""The end is an instant: the time zone of the machine that a node runs on does not move it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support_stop import END, LAST, copy_template

ZONES = ("Asia/Seoul", "Europe/Vienna", "America/New_York")


def test_the_time_zone_of_the_machine_does_not_move_the_end(ending: Path, tmp_path: Path) -> None:
    script = Path(__file__).with_name("across_the_end.py")
    running = [
        subprocess.Popen(
            [sys.executable, str(script), str(copy_template(ending, tmp_path / zone.replace("/", "-")))],
            env=os.environ | {"TZ": zone},
            stdout=subprocess.PIPE,
        )
        for zone in ZONES
    ]
    told = [json.loads(process.communicate()[0]) for process in running]
    assert len({tuple(each["zone"]) for each in told}) == len(ZONES)
    outcomes = [[row[:3] for row in each["said"] if isinstance(row[0], int)] for each in told]
    assert outcomes[0] == [
        [LAST, "jp", ["released"]],
        [LAST, "kr", ["released"]],
        [END, "jp", ["AGREEMENT_NOT_IN_FORCE"]],
        [END, "kr", ["AGREEMENT_NOT_IN_FORCE"]],
    ]
    assert told[0]["said"] == told[1]["said"] == told[2]["said"]

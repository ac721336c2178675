from pathlib import Path

from entente.domain.marking import banner
from entente.domain.release import CODES, STEPS

SPEC = Path(__file__).parents[3] / "docs" / "spec"


def test_the_specification_lists_every_step_as_it_is() -> None:
    lines = (SPEC / "gate.md").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line.startswith(tuple(f"| {step.number} | " for step in STEPS))]
    assert listed == [
        f"| {step.number} | `{step.code}` | `{entry.topic}` | {entry.remedy} | `{entry.shared}` |"
        for step in STEPS
        for entry in [CODES[step.code]]
    ]


def test_the_specification_shows_the_words_of_reality_as_they_are() -> None:
    text = (SPEC / "marking.md").read_text(encoding="utf-8")
    for words in (banner.EXERCISE, banner.TEST, banner.ACTUAL["en"], banner.NO_MARKING["en"]):
        assert words in text

"""Write docs/spec/lifecycle-states.md from the table: ``python docs/spec/make_lifecycle_states.py``."""

from pathlib import Path

from entente.domain.agreement.lifecycle import NOTICES, STAGES

OUTPUT = Path(__file__).with_name("lifecycle-states.md")

HEAD = """\
# The lifecycle, drawn

Generated from the tables in `src/entente/domain/agreement/lifecycle.py`; do not edit. The rules are in
[lifecycle.md](lifecycle.md).

"""

STEPS = {
    "suspend_asleep": "suspend_notice (read as asleep)",
    "suspend_spent": "suspend_notice (read as spent)",
    "resume": "resume_notice",
    "withdraw": "withdraw the notice",
    "withdraw_suspension": "withdraw the suspension alone",
    "declare_spent": "the reading becomes spent",
    "SIGNED": "every party has signed",
    "FORCE": "entry into force",
    "END": "the earliest live end",
}


def _name(state: object) -> str:
    return str(state).split(".")[1].lower()


def text() -> str:
    """The page: the stages of a view, then the life of a notice inside it."""
    lines = [HEAD + "## Stages of a view\n\n```mermaid\nstateDiagram-v2", "    [*] --> draft"]
    for stage, steps in STAGES.items():
        stays = [step for step, to in steps.items() if to is stage]
        lines += [f"    {_name(stage)} --> {_name(to)}: {STEPS[step]}" for step, to in steps.items() if to is not stage]
        lines += [f"    {_name(stage)} --> {_name(stage)}: {', '.join(stays)}"] if stays else []
    lines += ["    ended --> [*]", "```\n\n## A notice of termination in a view\n\n```mermaid\nstateDiagram-v2"]
    lines += ["    [*] --> running: notice_of_termination"]
    for state, moves in NOTICES.items():
        lines += [f"    {_name(state)} --> {_name(to)}: {STEPS[step]}" for step, to in moves.items()]
    lines += ["    withdrawn --> [*]", "```", "", "## Acts by stage", ""]
    kinds = list(dict.fromkeys(step for steps in STAGES.values() for step in steps if not step.isupper()))
    lines += ["| act | " + " | ".join(_name(stage).replace("_", " ") for stage in STAGES) + " |"]
    lines += ["| --- |" + " --- |" * len(STAGES)]
    for kind in kinds:
        cells = ["judged" if kind in steps else _refusal(_name(stage)) for stage, steps in STAGES.items()]
        lines += [f"| `{kind}` | " + " | ".join(cells) + " |"]
    return "\n".join(lines) + "\n"


def _refusal(stage: str) -> str:
    return "`ALREADY_ENDED` or `TOO_LATE`" if stage == "ended" else "`NOT_IN_FORCE`"


if __name__ == "__main__":
    OUTPUT.write_text(text(), encoding="utf-8", newline="\n")

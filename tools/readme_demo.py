"""Keep the demo's output in README.md as the demo prints it: ``python tools/readme_demo.py``.

It plays the demo and writes what it printed between the two markers. A test plays it again and compares the two with
the measured figures masked, so a README that no longer shows what the demo prints fails.
"""

import re
import subprocess
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- what the demo printed -->\n```text\n", "```\n<!-- end -->"
_FIGURE = re.compile(r"[0-9][0-9,.]* (ms|s|bytes|entries)\b")
_TRY_NEXT = re.compile(r"(?m)^try next: .*$")


def masked(text: str) -> str:
    """Output with every measured figure, the spaces beside it, and what depends on the caller's directory masked."""
    lines = (_FIGURE.sub(r"# \1", line) for line in _TRY_NEXT.sub("try next:", text).splitlines())
    return "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in lines).strip()


def block(readme: str) -> str:
    """What README.md says that the demo printed."""
    return readme.split(BEGIN, 1)[1].split(END, 1)[0]


def main() -> None:
    """Play the demo and write down what it printed."""
    command = [".venv/bin/entente", "demo"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=README.parent).stdout
    readme = README.read_text()
    README.write_text(readme.replace(BEGIN + block(readme) + END, BEGIN + printed.strip() + "\n" + END))


if __name__ == "__main__":
    main()

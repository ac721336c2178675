"""Write the documents and the vectors: ``python conformance/lifecycle/generate.py``."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import cases_acts  # noqa: E402 - found beside this file
import cases_amendment  # noqa: E402
import cases_calendar  # noqa: E402
import cases_notices  # noqa: E402
import cases_worked  # noqa: E402
from documents import DOCUMENTS  # noqa: E402

GROUPS = {
    "worked": cases_worked.VECTORS,
    "calendar": cases_calendar.VECTORS,
    "notices": cases_notices.VECTORS,
    "acts": cases_acts.VECTORS,
    "amendment": cases_amendment.VECTORS,
}


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    result = {HERE / "documents" / f"{name}.toml": text for name, text in DOCUMENTS.items()}
    for name, vectors in GROUPS.items():
        result[HERE / f"{name}.json"] = json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"
    return result


if __name__ == "__main__":
    (HERE / "documents").mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")

"""Write the vectors: ``python conformance/relations/generate.py``."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import cases_calendar  # noqa: E402 - found beside this file
import cases_common  # noqa: E402
import cases_forms  # noqa: E402
import cases_measures  # noqa: E402
import cases_public  # noqa: E402
import cases_talks  # noqa: E402

GROUPS = {
    "courses-common": cases_common.VECTORS,
    "courses-measures": cases_measures.VECTORS,
    "courses-talks": cases_talks.VECTORS,
    "courses-public": [*cases_public.COURSES, *cases_public.INDICATORS],
    "courses-conflicts": cases_calendar.CONFLICTS,
    "deadlines": cases_calendar.DEADLINES,
    "series": cases_public.SERIES,
    "files": cases_public.FILES,
    "forms": cases_forms.FORMS,
    "wordings": cases_forms.WORDINGS,
    "bytes": cases_forms.BYTES,
}


def files() -> dict[Path, str]:
    """Every generated file with its text: one vector a line, so that a change shows which."""
    return {HERE / f"{name}.json": _lines(vectors) for name, vectors in GROUPS.items()}


def _lines(vectors: list[dict[str, object]]) -> str:
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=True) for vector in vectors) + "\n]\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")

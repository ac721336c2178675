"""Where the case that is drawn comes from, and real logs of two parties."""

import sys
from pathlib import Path

for name in ("domain/relations", "record"):
    sys.path.insert(0, str(Path(__file__).parents[1] / name))

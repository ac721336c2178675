"""Two real nodes for tests of a node's parts; the pair itself is the integration tests'."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "integration"))

from support_stop import OCTOBER, Pair, copy_template, make_template, open_pair

from entente.node.clock import SimulatedClock


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("template")
    make_template(base)
    return base


@pytest.fixture
def pair(template: Path, tmp_path: Path) -> Iterator[Pair]:
    """Both nodes, met, in October."""
    base = copy_template(template, tmp_path / "nodes")
    both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    yield both
    both.close()

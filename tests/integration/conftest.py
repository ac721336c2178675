"""Directories of two parties, made once; each test plays on a copy."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "domain" / "relations"))  # the case that is drawn
from support_stop import LAST, OCTOBER, Pair, copy_template, make_template, open_pair

from entente.node.clock import SimulatedClock


@pytest.fixture(scope="session")
def ending(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes, closed, under an agreement whose notice of termination runs."""
    base = tmp_path_factory.mktemp("ending")
    make_template(base)
    return base


@pytest.fixture
def base(ending: Path, tmp_path: Path) -> Path:
    """A copy of the two directories."""
    return copy_template(ending, tmp_path / "nodes")


@pytest.fixture
def pair(base: Path) -> Iterator[Pair]:
    """Both nodes in this process, met, at the last millisecond."""
    both = open_pair(base, SimulatedClock(LAST), SimulatedClock(LAST))
    yield both
    both.close()


@pytest.fixture
def october(base: Path) -> Iterator[Pair]:
    """Both nodes in this process, met, in October, when anything may still flow."""
    both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    yield both
    both.close()

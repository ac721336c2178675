"""Directories of the parties, made once; each test plays on a copy."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))  # the supports of the other tests of whole nodes

from support_faults import World, make_three, make_two, world


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes, closed, under an agreement in force."""
    base = tmp_path_factory.mktemp("two")
    make_two(base)
    return base


@pytest.fixture(scope="session")
def three(two: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same and a third, which has an agreement of its own with one of them."""
    base = tmp_path_factory.mktemp("three")
    make_three(two, base)
    return base


@pytest.fixture
def pair(two: Path) -> Iterator[World]:
    """Both nodes, each a process, linked through the relay."""
    with world(two) as both:
        yield both

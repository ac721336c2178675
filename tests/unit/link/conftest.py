"""Identities, made once: no test changes one."""

from pathlib import Path

import pytest
from linked import Card


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="session")
def jp(directory: Path) -> Card:
    return Card(directory, "jp")


@pytest.fixture(scope="session")
def kr(directory: Path) -> Card:
    return Card(directory, "kr")


@pytest.fixture(scope="session")
def xx(directory: Path) -> Card:
    return Card(directory, "xx")

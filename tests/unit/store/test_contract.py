"""The stores that keep to the contract."""

from functools import partial
from pathlib import Path

import pytest
from contract import Opened, StoreContract

from entente.store.sqlite import Store


class TestSqlite(StoreContract):
    """The embedded store."""

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opened:
        return partial(Store, tmp_path / "store.db")

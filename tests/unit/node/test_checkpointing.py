"""The write-ahead log is copied beside a writer that never stops, and does not grow without end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from entente.node import checkpointing
from entente.node.checkpointing import Checkpointer
from entente.node.writer import Writer
from entente.store.sqlite import Store

PATIENCE = 30.0


class Log:
    """A store whose write-ahead log has the lengths that are listed, one for each look; and a writer that obeys."""

    def __init__(self, *lengths: int) -> None:
        self.lengths = list(lengths)
        self.begun_again: list[int] = []

    def checkpoint(self) -> int:
        return self.lengths.pop(0) if len(self.lengths) > 1 else self.lengths[0]

    def restart_log(self) -> int:
        self.begun_again.append(self.lengths[0])
        return self.lengths[0]

    def submit(self, job: Callable[[], object]) -> None:
        job()


def test_the_writer_is_asked_for_its_share_where_the_log_is_long_and_once_until_it_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpointing, "WAL_PAGES", 100)
    monkeypatch.setattr(checkpointing, "EVERY_S", 0.001)
    log = Log(90, 101, 103, 105, 105, 105, 4, 99, 120, 121, 122, 50)
    checkpointer = Checkpointer(cast("Store", log), cast("Writer", log))
    checkpointer.start()
    while len(log.lengths) > 1:
        time.sleep(0.001)
    checkpointer.stop()
    assert log.begun_again == [105, 122]


def test_a_writer_that_goes_on_and_on_does_not_keep_the_write_ahead_log_from_beginning_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointing, "WAL_PAGES", 64)
    monkeypatch.setattr(checkpointing, "EVERY_S", 0.01)
    with Store(tmp_path / "store.db") as store:
        writer, log, written = Writer(), tmp_path / "store.db-wal", 0
        checkpointer, over = Checkpointer(store, writer), time.monotonic() + PATIENCE

        def go_on() -> None:
            nonlocal written
            with store.write() as tx:
                tx.put("any", bytes(40_000))
            written += 40_000
            if written < 4_000_000 or (written < 4 * log.stat().st_size and time.monotonic() < over):
                writer.submit(go_on)

        writer.submit(go_on)
        checkpointer.start()
        while writer.waiting or written < 4_000_000:
            time.sleep(0.01)
        checkpointer.stop()
        writer.stop()
        assert written >= 4 * log.stat().st_size

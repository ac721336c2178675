"""Copying the write-ahead log into the database off the writer's way (docs/decisions/0015).

A thread copies what it can beside the writer, which goes on appending; what is left in the end is little, and the
writer copies it itself, so that the log begins again and does not grow without end.
"""

import logging
import threading

from entente.node.writer import Writer
from entente.store.errors import StoreError
from entente.store.sqlite import WAL_PAGES, Store

logger = logging.getLogger("entente.node.checkpointing")
EVERY_S = 0.25
"""Seconds between two looks."""


class Checkpointer:
    """One thread beside one writer."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._stop = threading.Event()
        self._whole = 0
        """Pages of the log when the writer had copied all of it: as long as it has so many, nothing was added."""
        self._thread = threading.Thread(target=self._run, name="entente-checkpoints", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was begun."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                if self._long(self._store.checkpoint()) and self._long(self._store.checkpoint()):
                    # The second time it copied what had come meanwhile, so that the writer's share is small.
                    self._writer.submit(self._restart)
            except StoreError as error:
                logger.warning("the write-ahead log was not copied: %s", error)

    def _long(self, pages: int) -> bool:
        return pages > WAL_PAGES and pages != self._whole

    def _restart(self) -> None:
        try:
            self._whole = self._store.restart_log()
        except StoreError as error:
            logger.warning("the write-ahead log was not begun again: %s", error)

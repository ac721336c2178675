"""The content keys of the items held and given, at rest: each locked, in a store of its own (docs/spec/store.md)."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby

from entente.sealing.errors import NotOpenedError
from entente.sealing.seal import RestSeal
from entente.store.itemkeys import ItemKeys

BLOCK = 1 << 20
"""Items of a log whose keys are locked under one derived key, far below what random nonces allow."""


class Vault:
    """Content keys by (log, seq): locked under a key derived from the node's storage key, kept in :class:`ItemKeys`.

    A transaction does not wait for them, and their sync does not run beside its own, which would slow both down: keys
    are written by a thread of the vault when the writer has nothing better to do. Until :meth:`reached` says that it is
    durable, or :meth:`settle` has returned, each is kept beside its item as well, wrapped under its link epoch; after a
    crash it is recovered from there (:func:`.payloads.sweep`). All methods are the writer's.
    """

    def __init__(self, store: ItemKeys, storage: bytes) -> None:
        self._store = store
        self._storage = storage
        self._seals: dict[tuple[int, int], RestSeal] = {}
        self._fresh: dict[tuple[int, int], bytes] = {}
        self._begun: tuple[Future[None], dict[tuple[int, int], bytes]] | None = None
        self.failed: BaseException | None = None
        """Why the batch written last is not durable, until one is."""
        self._batches = self._durable = 0
        """Batches of keys that were begun to be written, and those of them of which all is durable."""
        self._thread = ThreadPoolExecutor(1, "entente-keys")

    def _seal(self, log: int, seq: int) -> RestSeal:
        block = (log, seq // BLOCK)
        seal = self._seals.get(block)
        if seal is None:
            seal = self._seals[block] = RestSeal(self._storage, f"itemkeys/{block[0]}/{block[1]}".encode())
        return seal

    def keep(self, log: int, keys: Sequence[tuple[int, bytes]]) -> None:
        """Keep content keys of a log, ``(seq, key)``; :meth:`reached` says when they are durable."""
        for seq, key in keys:
            self._fresh[log, seq] = self._seal(log, seq).seal(_context(seq), key)

    def flush(self) -> None:
        """Begin to write what was kept since, beside the writer; what could not be written is tried again with it."""
        if self._begun is not None and not self._begun[0].done():
            return
        self._ended()
        if self._fresh:
            keys, self._fresh = self._fresh, {}
            self._begun = (self._thread.submit(self._write, keys), keys)
            self._batches += 1

    def mark(self) -> int:
        """What :meth:`reached` is to be asked with, of everything that was kept up to now."""
        return self._batches + 1 if self._fresh else self._batches

    def reached(self, mark: int) -> bool:
        """Whether everything that had been kept at a mark is durable; does not wait."""
        if mark > self._durable and self._begun is not None and self._begun[0].done():
            self._ended()
        return mark <= self._durable

    def settle(self) -> None:
        """Return when everything that was kept is durable.

        Raises:
            StoreError: something of it could not be written; it is tried again the next time.
        """
        self._ended()
        if self._fresh:
            self._write(self._fresh)
            self._fresh = {}
            self._batches += 1
        self._durable, self.failed = self._batches, None

    def _ended(self) -> None:
        """Wait for what was begun; what could not be written waits with the rest: there may be room later."""
        if self._begun is None:
            return
        (writing, keys), self._begun = self._begun, None
        self.failed = writing.exception()
        if self.failed is None:
            self._durable = self._batches
        else:
            self._fresh = {**keys, **self._fresh}

    def _write(self, keys: Mapping[tuple[int, int], bytes]) -> None:
        for log, run in groupby(sorted(keys), lambda place: place[0]):
            self._store.put(log, [(seq, keys[log, seq]) for _, seq in run])

    def get(self, log: int, seq: int) -> bytes:
        """The content key of an item.

        Raises:
            NotOpenedError: the item was shredded, its key is not in this copy of the node, or is damaged.
        """
        locked = self._at(log, seq)
        if locked is None:
            raise NotOpenedError("the item's key is not held: it was destroyed, or this copy was restored without it")
        return self._seal(log, seq).open(_context(seq), locked)

    def _at(self, log: int, seq: int) -> bytes | None:
        locked = self._fresh.get((log, seq))
        if locked is None and self._begun is not None:
            locked = self._begun[1].get((log, seq))
        return locked if locked is not None else self._store.get(log, seq)

    def holds(self, log: int, seq: int) -> bool:
        """Whether a key lies here, whole or damaged."""
        return self._at(log, seq) is not None

    def all(self) -> Iterator[tuple[int, int]]:
        """(log, seq) of every key, in order."""
        self.settle()
        return self._store.all()

    def destroy(self, log: int, seq: int) -> None:
        """Shred an item: nothing that is left of it can be opened any more."""
        self._ended()
        self._fresh.pop((log, seq), None)
        self._store.destroy(log, seq)

    def close(self) -> None:
        """Write what was kept, and close the files.

        Raises:
            StoreError: it could not be written; it is recovered from the wraps at the next start.
        """
        try:
            self.settle()
        finally:
            self._thread.shutdown()
            self._store.close()


def _context(seq: int) -> bytes:
    return seq.to_bytes(8, "big")

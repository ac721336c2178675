"""The control socket's ``item.feed``: many items under one standing release (docs/spec/control.md).

After the command's line, items go in as four bytes of length, big endian, and the payload; the node says in lines of
JSON how many are released, received and refused so far. An item's time is from the writing of its frame to the line
that counts it among the received. ``python -m bench.feed`` is a feeder in a process of its own, for load beside a
measurement.
"""

import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

PATIENCE = 30.0
BLOCK = 50
"""Frames for each write of a stream."""
_LENGTH = struct.Struct(">I")


class FeedError(Exception):
    """The node refused the feed or an item of it, or fell silent; the text says what."""


class Progress(NamedTuple):
    """What the node had done at an instant of ``time.perf_counter``."""

    at: float
    released: int
    received: int


class Feed:
    """One feed; use as a context."""

    def __init__(self, control: Path, args: Mapping[str, Any]) -> None:
        self.released = self.received = self.sent = 0
        self.steps: list[Progress] = []
        """One for each line in which anything changed."""
        self.done: dict[str, Any] | None = None
        self._failed: Exception | None = None
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(control))
        self._lines = self._socket.makefile("rb")
        self._socket.sendall(json.dumps({"command": "item.feed", "args": dict(args)}).encode() + b"\n")
        answer = json.loads(self._lines.readline() or b"{}")
        if "ok" not in answer:
            self.close()
            error = answer.get("error", {})
            raise FeedError(f"item.feed: {error.get('code', 'NO_ANSWER')}: {error.get('message', '')}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; who reads in the background is woken first, since a reader being read is not closed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._socket.close()

    def lone(self, payload: bytes) -> float:
        """Send one item and wait until it is received; seconds."""
        begun = time.perf_counter()
        self._socket.sendall(_LENGTH.pack(len(payload)) + payload)
        self.sent += 1
        while self.received < self.sent:
            self._read()
        return time.perf_counter() - begun

    def watch(self) -> None:
        """Read the node's lines in the background from now on."""
        threading.Thread(target=self._follow, name="feed", daemon=True).start()

    def stream(
        self, payload: bytes, count: int, *, seconds: float | None = None, per_second: float | None = None
    ) -> None:
        """Send so many items, or for so long, as fast as they are taken or at a rate; after :meth:`watch`."""
        frame = _LENGTH.pack(len(payload)) + payload
        block, begun, sent = frame * BLOCK, time.perf_counter(), 0
        while sent < count and (seconds is None or time.perf_counter() - begun < seconds):
            frames = min(BLOCK, count - sent)
            if per_second is not None:
                time.sleep(max(0.0, begun + sent / per_second - time.perf_counter()))
            try:
                self._socket.sendall(block if frames == BLOCK else frame * frames)
            except TimeoutError:
                raise self._failed or FeedError(self._silent()) from None
            sent += frames
            self.sent += frames
            if self._failed:
                raise self._failed

    def until(self, *, released: int = 0, received: int = 0, patience: float = PATIENCE) -> float:
        """Wait until so many are; when it was seen (time.perf_counter).

        Raises:
            FeedError: an item was refused, or nothing more came for too long.
        """

        def there() -> bool:
            return self._failed is not None or (self.released >= released and self.received >= received)

        with self._changed:
            while not there():
                before = len(self.steps)
                if not self._changed.wait(patience) and len(self.steps) == before:
                    raise FeedError(self._silent())
        if self._failed:
            raise self._failed
        return next(step.at for step in self.steps if step.released >= released and step.received >= received)

    def finish(self) -> dict[str, Any]:
        """End the feed in order; what the node says at the end. Not after :meth:`watch`."""
        self._socket.sendall(_LENGTH.pack(0))
        while self.done is None:
            self._read()
        return self.done

    def batch(self) -> float | None:
        """Items for each line that said that more are released: the items of a commit, where the node tells each."""
        sizes, before = [], 0
        for step in self.steps:
            if step.released > before:
                sizes.append(step.released - before)
                before = step.released
        return sum(sizes) / len(sizes) if sizes else None

    def _silent(self) -> str:
        return f"silent for {PATIENCE:.0f} s: {self.sent} sent, {self.released} released, {self.received} received"

    def _follow(self) -> None:
        try:
            while True:
                self._read()
        except (OSError, ValueError, FeedError) as error:
            with self._changed:
                self._failed = error
                self._changed.notify_all()

    def _read(self) -> None:
        try:
            line = self._lines.readline()
        except TimeoutError:
            raise FeedError(self._silent()) from None
        if not line:
            raise FeedError("the node closed the feed")
        said = json.loads(line)
        if "error" in said:
            raise FeedError(f"{said['error'].get('code')}: {said['error'].get('message')}")
        if said.get("refused"):
            raise FeedError(f"the gate refused {said['refused']} of {self.sent} items")
        with self._changed:
            self.done = said.get("done", self.done)
            self.released = said.get("released", self.released)
            self.received = said.get("received", self.received)
            self.steps.append(Progress(time.perf_counter(), self.released, self.received))
            self._changed.notify_all()


def main(control: Path, job: Mapping[str, Any]) -> None:
    """Feed at a rate for so long; say when it begins, and at the end how many were received in how long."""
    with Feed(control, job["args"]) as feed:
        print("ready", flush=True)
        begun = time.perf_counter()
        feed.watch()
        feed.stream(os.urandom(job["size"]), 10**9, seconds=job["seconds"], per_second=job["rate"])
        ended = feed.until(received=feed.sent)
        print(json.dumps({"items": feed.sent, "seconds": ended - begun, "batch": feed.batch()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))

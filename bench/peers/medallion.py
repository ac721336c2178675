"""TAXII 2.1: medallion with its store in memory, over plain HTTP; one object at a time, in hundreds, and polled."""

import http.client
import json
import random
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bench import ports
from bench.context import Context
from bench.ends import Server
from bench.figures import Figure, latency, rate
from bench.process import Meter
from bench.venvs import environment

VERSION = "medallion==3.0.0"
COLLECTION = "00000000-0000-4000-8000-000000000001"
OBJECTS = f"/api/collections/{COLLECTION}/objects/"
MEDIA = "application/taxii+json;version=2.1"
NOTE = "unsigned, unsealed, over plain HTTP, kept in memory: lost when the server stops"
HUNDRED = 100
POLLED_SHARE = 10
"""A fraction of the lone items, polled hard: the server slows down as it fills."""
SLOW_POLLS = 10
USER = "bench"


def measure(context: Context) -> Iterator[Figure]:
    """Latency to a poller, hard and once a second; objects a second, one by one and in hundreds."""
    environment("medallion", VERSION)
    scale = context.scale
    for pause, count, name in (
        (0.0, max(2, scale.lone // POLLED_SHARE), "hard"),
        (1.0, min(SLOW_POLLS, scale.lone), "each second"),
    ):
        with _server(context) as server:
            seconds = _polled(server, count, scale.item, pause)
        yield latency(
            "medallion", "lone" if not pause else "lone-1s", f"2 KiB object, polled {name}", seconds, note=NOTE
        )
    for size, name in ((1, "one by one"), (HUNDRED, "in hundreds")):
        with _server(context) as server:
            meter = Meter({"server": server.process.watched})
            with meter:
                sent, took = _posted(server, size, scale.item, scale.burst_seconds)
        what = f"2 KiB objects, posted {name}"
        yield rate("medallion", f"rate-{size}", what, sent, took, cpu_us=meter.per_item(sent), note=NOTE)


class Taxii:
    """A server and how to speak to it."""

    def __init__(self, process: Server, port: int, password: str) -> None:
        self.process = process
        self._port = port
        token = b64encode(f"{USER}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Accept": MEDIA, "Content-Type": MEDIA}
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def another(self) -> "Taxii":
        """The same server for another thread."""
        other = object.__new__(Taxii)
        other.process, other._port, other._headers = self.process, self._port, self._headers
        other._connection = http.client.HTTPConnection("127.0.0.1", self._port)
        return other

    def post(self, objects: list[dict[str, object]]) -> None:
        """Add objects to the collection."""
        self._ask("POST", OBJECTS, json.dumps({"objects": objects}), 202)

    def added_after(self, instant: str) -> list[str]:
        """Ids of what was added since."""
        found = json.loads(self._ask("GET", f"{OBJECTS}?added_after={instant}", None, 200))
        return [each["id"] for each in found.get("objects", [])]

    def _ask(self, method: str, path: str, body: str | None, expected: int) -> bytes:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"medallion answered {answer.status}: {data[:200]!r}")
        return data


@contextmanager
def _server(context: Context) -> Iterator[Taxii]:
    folder, port, password = context.new_folder("taxii"), ports.free(), uuid.uuid4().hex
    collection = {
        "id": COLLECTION, "title": "bench", "can_read": True, "can_write": True,
        "media_types": ["application/stix+json;version=2.1"],
        "objects": [], "manifest": [],
    }  # fmt: skip
    information = {"title": "bench", "versions": [MEDIA], "max_content_length": 100_000_000}
    root = {"information": information, "collections": [collection], "status": []}
    discovery = {
        "title": "bench",
        "default": f"http://127.0.0.1:{port}/api/",
        "api_roots": [f"http://127.0.0.1:{port}/api/"],
    }
    (folder / "data.json").write_text(json.dumps({"/discovery": discovery, "api": root}))
    backend = {
        "module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
        "filename": str(folder / "data.json"),
    }  # fmt: skip
    settings = {"backend": backend, "users": {USER: password}, "taxii": {"max_page_size": 100}}
    (folder / "config.json").write_text(json.dumps(settings))
    command = environment("medallion", VERSION).with_name("medallion")
    arguments = [str(folder / "config.json"), "--host", "127.0.0.1", "--port", str(port), "--log-level", "ERROR"]
    with Server([str(command), *arguments], folder / "log") as process:
        ports.listening(port, process.alive)
        yield Taxii(process, port, password)


def _indicator(size: int) -> dict[str, object]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found: dict[str, object] = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": now, "modified": now,
        "pattern": "[file:size = 1]", "pattern_type": "stix", "valid_from": now,
    }  # fmt: skip
    return {**found, "description": "x" * (size - len(json.dumps(found)) - 20)}


def _posted(server: Taxii, batch: int, size: int, seconds: float) -> tuple[int, float]:
    sent, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        server.post([_indicator(size) for _ in range(batch)])
        sent += batch
    return sent, time.perf_counter() - begun


def _polled(server: Taxii, count: int, size: int, pause: float) -> list[float]:
    """Seconds from the post of an object until a poller has it, who asks for what was added since the last one."""
    seen: dict[str, float] = {}
    arrived, stopping = threading.Condition(), threading.Event()

    def poll() -> None:
        other, since = server.another(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        while not stopping.is_set():
            asked = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            found = other.added_after(since)
            with arrived:
                seen.update({each: time.perf_counter() for each in found if each not in seen})
                arrived.notify_all()
            since = asked if found else since
            stopping.wait(pause)

    poller = threading.Thread(target=poll)
    poller.start()
    latencies = []
    try:
        for _ in range(count):
            time.sleep(random.uniform(0, pause))  # noqa: S311 - at no fixed place between two polls
            item, at = _indicator(size), time.perf_counter()
            server.post([item])
            with arrived:
                if not arrived.wait_for(lambda item=item: item["id"] in seen, timeout=30):  # type: ignore[misc]
                    raise RuntimeError("an object that was posted was never seen by the poller")
                latencies.append(seen[str(item["id"])] - at)
    finally:
        stopping.set()
        poller.join()
    return latencies

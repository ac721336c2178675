"""Two Matrix homeservers (Synapse) that federate over TLS on the loopback: ``make bench-synapse``."""

import hashlib
import hmac
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from bench import certificates, ports
from bench.context import Context
from bench.ends import Server
from bench.figures import Figure, latency, rate
from bench.process import Meter
from bench.venvs import environment

VERSION = "matrix-synapse==1.163.2"
NOTE = "SQLite, as configured by default but for limits; events are signed, not sealed, unencrypted room"
SHARE = 20
"""A fraction of the lone items: it is slow."""
MOST = {"per_second": 1e6, "burst_count": 1_000_000}
WAIT_MS = 10_000
PATIENCE = 60.0
LIMIT = 10_000
"""Events in one answer, so that none is left out."""


def measure(context: Context) -> Iterator[Figure]:
    """One event at a time from a user on one server to a user on the other, and one after the other."""
    environment("synapse", VERSION)
    scale, folder = context.scale, context.new_folder("matrix")
    certificates.make(folder, "one", "other")
    with ExitStack() as stack:
        one, other = (stack.enter_context(_server(folder, name, ports.free())) for name in ("one", "other"))
        sender, reader = User(folder, one, "sender"), User(folder, other, "reader")
        room = sender.ask("POST", "createRoom", {"preset": "public_chat"})["room_id"]
        reader.ask("POST", f"join/{quote(room)}?{urlencode({'server_name': one.name})}", {})
        reader.since = reader.ask("GET", "sync")["next_batch"]
        count, body = max(2, scale.lone // SHARE), "x" * scale.item
        seconds = [_lone(sender, reader, room, body) for _ in range(count)]
        yield latency("synapse", "lone", "2 KiB event, to the other server's user", seconds, note=NOTE)
        meter = Meter({"sender": one.process.watched, "receiver": other.process.watched})
        with meter:
            sent, took = _stream(sender, reader, room, body, scale.burst_seconds)
        costs: dict[str, Any] = {"cpu_us": meter.per_item(sent), "note": NOTE}
        yield rate("synapse", "rate", "2 KiB events, one after the other", sent, took, **costs)


class Homeserver:
    """A running homeserver."""

    def __init__(self, process: Server, name: str, port: int, secret: str) -> None:
        self.process, self.name, self.port, self.secret = process, name, port, secret

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.__exit__(*error)


class User:
    """A user who speaks to their own homeserver."""

    def __init__(self, folder: Path, server: Homeserver, name: str) -> None:
        self.since = ""
        self._headers = {"Content-Type": "application/json"}
        tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        self._connection = http.client.HTTPSConnection("localhost", server.port, context=tls, timeout=60)
        self._headers["Authorization"] = f"Bearer {self._register(server, name)}"

    def _register(self, server: Homeserver, name: str) -> str:
        nonce, password = self._do("GET", "/_synapse/admin/v1/register")["nonce"], secrets.token_urlsafe()
        message = f"{nonce}\0{name}\0{password}\0notadmin".encode()
        mac = hmac.new(server.secret.encode(), message, hashlib.sha1).hexdigest()
        asked = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac}
        return str(self._do("POST", "/_synapse/admin/v1/register", asked)["access_token"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request of the client-server interface, version 3."""
        return self._do(method, f"/_matrix/client/v3/{path}", body)

    def send(self, room: str, body: str) -> str:
        """Send a message; its event id."""
        path = f"rooms/{quote(room)}/send/m.room.message/{secrets.token_hex(8)}"
        return str(self.ask("PUT", path, {"msgtype": "m.text", "body": body})["event_id"])

    def news(self, room: str) -> set[str]:
        """Event ids that came since the last look; waits for some."""
        limit = json.dumps({"room": {"timeline": {"limit": LIMIT}}})
        asked = urlencode({"since": self.since, "timeout": WAIT_MS, "filter": limit})
        found = self.ask("GET", f"sync?{asked}")
        self.since = found["next_batch"]
        timeline = found.get("rooms", {}).get("join", {}).get(room, {}).get("timeline", {})
        return {event["event_id"] for event in timeline.get("events", [])}

    def _do(self, method: str, path: str, body: object = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"synapse answered {answer.status}: {data[:200]!r}")
        return json.loads(data)


def _server(folder: Path, name: str, port: int) -> Homeserver:
    secret, home, full = secrets.token_urlsafe(), folder / f"{name}-home", f"localhost:{port}"
    home.mkdir()
    listener = {
        "port": port, "tls": True, "type": "http", "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": ["client", "federation"], "compress": False}],
    }  # fmt: skip
    database = {"name": "sqlite3", "args": {"database": str(home / "homeserver.db")}}
    settings = {
        "server_name": full, "listeners": [listener], "database": database, "pid_file": str(home / "pid"),
        "tls_certificate_path": str(folder / f"{name}.pem"), "tls_private_key_path": str(folder / f"{name}.key"),
        "federation_custom_ca_list": [str(folder / "ca.pem")], "ip_range_blacklist": [],
        "federation_ip_range_blacklist": [], "trusted_key_servers": [], "suppress_key_server_warning": True,
        "registration_shared_secret": secret, "report_stats": False, "media_store_path": str(home / "media"),
        "signing_key_path": str(home / "signing.key"), "macaroon_secret_key": secrets.token_urlsafe(),
        "rc_message": MOST, "rc_federation": {"window_size": 1000, "sleep_limit": 1_000_000, "sleep_delay": 0,
        "reject_limit": 1_000_000, "concurrent": 100}, "filter_timeline_limit": 100_000,
    }  # fmt: skip
    (home / "homeserver.yaml").write_text(json.dumps(settings))  # JSON is YAML
    command = [
        str(environment("synapse", VERSION)),
        "-m",
        "synapse.app.homeserver",
        "-c",
        str(home / "homeserver.yaml"),
    ]
    Server([*command, "--generate-keys"], home / "keys.log").wait()
    process = Server(command, home / "log")
    try:
        ports.listening(port, process.alive)
    except BaseException:
        process.__exit__()
        raise
    return Homeserver(process, full, port, secret)


def _lone(sender: User, reader: User, room: str, body: str) -> float:
    begun = time.perf_counter()
    _read(reader, room, {sender.send(room, body)})
    return time.perf_counter() - begun


def _stream(sender: User, reader: User, room: str, body: str, seconds: float) -> tuple[int, float]:
    """Send for so long, then read until everything is there."""
    sent: set[str] = set()
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        sent.add(sender.send(room, body))
    _read(reader, room, set(sent))
    return len(sent), time.perf_counter() - begun


def _read(reader: User, room: str, awaited: set[str]) -> None:
    """Read until all of them are there."""
    ends = time.monotonic() + PATIENCE
    while awaited:
        awaited -= reader.news(room)
        if awaited and time.monotonic() > ends:
            raise RuntimeError(f"{len(awaited)} events never came")

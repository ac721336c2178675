"""NATS JetStream: Debian's server with file storage, nats-py at both ends, mutual TLS 1.3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import certificates, ports
from bench.context import Context
from bench.ends import End, Server
from bench.figures import Figure, latency, rate
from bench.process import Meter
from bench.venvs import debian, environment

VERSION = "nats-py==2.16.0"
ENDS = Path(__file__).with_name("jetstream_ends.py")
NOTE = "unsigned, unsealed at rest; the server syncs every 2 minutes, not per message"
CONFIG = """\
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{folder}/store" }}
tls {{
  cert_file: "{folder}/server.pem"
  key_file: "{folder}/server.key"
  ca_file: "{folder}/ca.pem"
  verify: true
}}
"""


def measure(context: Context) -> Iterator[Figure]:
    """One at a time, and pipelined."""
    python = environment("nats", VERSION)
    server = debian("nats-server", "usr/sbin/nats-server")
    scale = context.scale
    lone = {"lone": True, "limit": scale.lone, "size": scale.item}
    found, meter = _run(context, python, server, lone)
    costs: dict[str, Any] = {"cpu_us": meter.per_item(found["items"]), "note": NOTE}
    yield latency("nats", "lone", "2 KiB message, to the subscriber's answer", found["latencies"], **costs)
    found, meter = _run(context, python, server, {"lone": False, "seconds": scale.burst_seconds, "size": scale.item})
    costs = {"cpu_us": meter.per_item(found["items"]), "note": NOTE}
    yield rate("nats", "rate", "2 KiB messages, pipelined", found["items"], found["seconds"], **costs)


def _run(context: Context, python: Path, binary: Path, job: dict[str, Any]) -> tuple[dict[str, Any], Meter]:
    folder, port = context.new_folder("nats"), ports.free()
    certificates.make(folder, "server", "take", "send")
    (folder / "server.conf").write_text(CONFIG.format(port=port, folder=folder))
    with Server([str(binary), "-c", str(folder / "server.conf")], folder / "server.log") as server:
        ports.listening(port, server.alive)
        ends = [
            [str(python), "-P", str(ENDS), role, str(port), str(folder), json.dumps(job)] for role in ("take", "send")
        ]
        with End(ends[0]) as taker:
            assert taker.line() == "ready"
            with End(ends[1]) as sender:
                assert sender.line() == "ready"
                meter = Meter({"server": server.watched, "sender": sender.watched, "receiver": taker.watched})
                with meter:
                    sender.go()
                    found = json.loads(sender.line())
    return found, meter

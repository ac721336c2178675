"""A node that takes commands through the control socket's own parser and handlers, and a request of every command."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from support_pair import second_agreement
from support_standing import approve, revoke
from support_stop import AGREEMENT, OCTOBER, Pair, copy_template, open_pair

from entente.node.clock import SimulatedClock
from entente.node.control import ControlServer
from entente.node.daemon import Daemon

EXAMPLES: dict[str, dict[str, Any]] = {
    "act.commit": {"agreement": "", "act": "", "office": "", "signature": {"suite": "", "ed25519": "", "mldsa65": ""}},
    "delivery.prepare": {"act": "kr-1", "party": "jp", "instant": "", "channel": "courier", "evidence": ""},
    "delivery.commit": {
        "agreement": "", "statement": "", "office": "", "signature": {"suite": "", "ed25519": "", "mldsa65": ""},
    },
    "act.prepare": {"kind": "declare_reading"},
    "agreement.document": {"path": "/nowhere"},
    "agreement.propose": {"path": "/nowhere"},
    "agreement.status": {},
    "bundle.export": {"peer": "jp", "path": "/nowhere/bundle"},
    "bundle.import": {"path": "/nowhere"},
    "clock.set": {"instant": "2019-10-02T08:00:00+09:00"},
    "evidence.export": {"path": "/nowhere/evidence"},
    "item.compose": {
        "path": "/nowhere", "title": "t", "media_type": "text/plain", "level": "x", "purpose": "x", "to": ["jp"],
        "precedence": "FLASH", "reality": "exercise",
    },
    "item.open": {"number": 1, "path": "/nowhere/out"},
    "item.register": {},
    "item.release": {"agreement": "", "item": ""},
    "item.statement": {"item": "", "office": "release", "person": "p"},
    "debts.show": {},
    "log.show": {},
    "agreement.documents": {},
    "item.discard": {"item": "0" * 32},
    "node.backup": {},
    "node.health": {},
    "node.status": {},
    "node.stop": {},
    "peer.pair": {"card": "", "words": ""},
    "restart.commit": {
        "agreement": "", "statement": "", "office": "", "signature": {"suite": "", "ed25519": "", "mldsa65": ""},
    },
    "restart.prepare": {},
    "item.cancel": {"item": "0" * 32, "reason": "r"},
    "standing.prepare": {
        "media_types": ["text/plain"], "level": "x", "purposes": ["x"], "to": ["jp"], "precedences": ["FLASH"],
        "realities": ["exercise"], "max_size": 1, "expires": "2019-10-03T08:00:00+09:00",
        "signers": [{"office": "release", "person": "p"}],
    },
    "standing.commit": {"agreement": "", "statement": "", "signatures": []},
    "standing.revocation": {"standing": "kr-s1", "office": "release", "person": "p"},
    "standing.revoke": {
        "agreement": "", "statement": "", "signature": {"suite": "", "ed25519": "", "mldsa65": ""},
    },
    "standing.list": {},
    "step.prepare": {
        "kind": "measure", "verb": "announce", "say": {"subject": "other", "title": {"en": "t"}},
        "signers": [{"office": "treaty", "person": "p"}],
    },
    "step.commit": {"agreement": "", "statement": "", "signatures": []},
    "draft.file": {"agreement": "", "kind": "act", "statement": "", "offices": ["treaty"], "person": "p"},
    "draft.list": {},
    "draft.show": {"draft": "draft-1"},
    "draft.approve": {
        "draft": "draft-1", "office": "treaty", "person": "p",
        "signature": {"suite": "", "ed25519": "", "mldsa65": ""},
    },
    "draft.send": {"draft": "draft-1", "person": "p"},
    "draft.drop": {"draft": "draft-1", "person": "p"},
    "matter.list": {},
    "matter.show": {"matter": "kr-measure-1"},
    "deadline.list": {},
    "deadline.acknowledge": {"alarm": "end", "person": "p"},
    "deadline.calendar": {},
    "note.text": {"act": "kr-1", "language": "en"},
    "indicator.series": {"matter": "kr-indicator-1"},
    "meeting.conflicts": {},
    "timeline.acts": {},
    "timeline.steps": {},
    "timeline.items": {},
}  # fmt: skip
"""A well-formed request of every command; a command that is not here fails the tests."""


@dataclass
class World:
    pair: Pair
    base: Path
    daemon: Daemon
    other: bytes
    made: dict[str, Path] = field(default_factory=dict)

    def ask(self, command: str, **args: Any) -> dict[str, Any]:
        return self.line(msgspec.json.encode({"command": command, "args": args}))

    def line(self, line: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = msgspec.json.decode(asyncio.run(ControlServer(self.daemon).answer(line)))
        return answer

    def code(self, command: str, **args: Any) -> str:
        answer = self.ask(command, **args)
        if "error" in answer:
            assert answer["error"]["remedy"]
            return str(answer["error"]["code"])
        refused = answer["ok"].get("refused") if isinstance(answer["ok"], dict) else None
        return str(refused[0]["code"]) if refused else "TAKEN"

    def file(self, name: str, data: bytes) -> str:
        path = self.base / name
        path.write_bytes(data)
        return str(path)


@contextmanager
def command_world(ending: Path) -> Iterator[World]:
    """Two nodes under two agreements; ``kr`` takes commands."""
    with TemporaryDirectory() as folder:
        base = copy_template(ending, Path(folder) / "nodes")
        pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
        document = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "jp-kr-second"')
        other = second_agreement(pair, document)
        approve(pair.kr)
        revoke(pair.kr, approve(pair.kr))
        yield World(pair, base, Daemon(pair.kr.node), other)
        pair.close()

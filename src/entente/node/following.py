"""Following: items told to a user of this party as they come, in the order in which they were committed here.

With deadlines, their alarms too: those that ring when it begins, then each in the moment in which it begins to ring.

Nothing is told that the register does not show (docs/spec/control.md, "Feeds"). What arrives is only noted on the way;
it is read back and told by work of its own, in the lane that gives way to everything urgent.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.deadlines import Alarm
from entente.link.session import place
from entente.node.errors import NodeError
from entente.node.items import Line, line_of, note_opening
from entente.node.ledger import Ledger
from entente.node.ringing import grounds
from entente.node.ringing import line_of as line_of_deadline
from entente.node.views import line_view
from entente.node.writer import BULK

if TYPE_CHECKING:
    from entente.node.daemon import Daemon

logger = logging.getLogger("entente.node.following")
AT_ONCE = 32
"""Items told in one go: a few milliseconds of work."""
TEXTUAL = ("application/json", "application/xml")
"""Media types whose payloads are text, beside ``text/*`` and what ends in ``+json`` or ``+xml``."""


class Following:
    """One follower. Everything but ``say`` runs on the writer's thread, that on the event loop's."""

    def __init__(
        self,
        daemon: "Daemon",
        ledger: Ledger | None,
        stream: str | None,
        *,
        payload: bool,
        deadlines: bool,
        say: Callable[[Any], None],
    ) -> None:
        self._daemon = daemon
        self._ledger = ledger
        self._stream = stream
        self._payload = payload
        self._deadlines = deadlines
        self._begun = False
        self._rung: set[tuple[bytes, str, int]] = set()
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._new: deque[tuple[int, int]] = deque()
        self._stepping = False
        self.failed = asyncio.Event()
        self.error: NodeError | None = None

    def begin(self) -> None:
        """Say that it has begun, and what rings."""
        node = self._daemon.node
        self._begun = True
        self._tell({"ok": {"now": format_instant(node.instant())}})
        for ledger in list(node.ledgers.values()):
            for alarm in node.ringing.due(ledger).unseen:
                self.rang(ledger, alarm)

    def rang(self, ledger: Ledger, alarm: Alarm) -> None:
        """A deadline's alarm has begun to ring."""
        name = (ledger.agreement, alarm.id, grounds(ledger, alarm.deadline))
        if self._deadlines and self._begun and self._ledger in (None, ledger) and name not in self._rung:
            self._rung.add(name)
            now, zone = self._daemon.node.instant(), alarm.deadline.zone
            line = line_of_deadline(alarm.deadline, alarm, {}, now)
            self._tell({"deadline": line, "agreement": ledger.agreement.hex(), "zone": zone})

    def _tell(self, value: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._say, value)

    def arrived(self, log: int, seqs: list[int]) -> None:
        """Items of these entries are held from now on."""
        if self._ledger is None or any(held.row.id == log for held in self._ledger.logs.values()):
            self._new.extend((log, seq) for seq in seqs)
            self._go_on()

    def _go_on(self) -> None:
        if self._new and not self._stepping:
            self._stepping = True
            self._daemon.writer.submit(self.step, BULK)

    def step(self) -> None:
        """Tell the next items."""
        self._stepping = False
        if self not in self._daemon.follows or self.error is not None:
            return
        try:
            told = self._told([self._new.popleft() for _ in range(min(AT_ONCE, len(self._new)))])
        except NodeError as error:
            self._fail(error)
            return
        except Exception as error:  # noqa: BLE001 - it ends this follower and nothing else
            logger.error("a follower failed: %s", place(error))
            self._fail(NodeError("INTERNAL", "the node failed at telling an item", "See the node's log."))
            return
        for value in told:
            self._tell(value)
        self._go_on()

    def _told(self, entries: list[tuple[int, int]]) -> list[dict[str, Any]]:
        node = self._daemon.node
        rows = [node.store.register_line(log, seq, "held") for log, seq in entries]
        lines = [line for line in (line_of(node, row) for row in rows if row is not None) if self._followed(line)]
        texts = {line.row.number: text for line in lines if self._payload and (text := text_of(line)) is not None}
        if texts:
            note_opening(node, [line for line in lines if line.row.number in texts])
        return [
            {"item": line_view(node, line)} | ({"text": texts[line.row.number]} if line.row.number in texts else {})
            for line in lines
        ]

    def _followed(self, line: Line) -> bool:
        if self._stream is None:
            return True
        at = line.opened.header.stream if line.opened is not None else None
        return at is not None and at.stream == self._stream

    def _fail(self, error: NodeError) -> None:
        self.error = error
        self._loop.call_soon_threadsafe(self.failed.set)


def text_of(line: Line) -> str | None:
    """The payload of an item where it lies beside its envelope and is text; None for any other."""
    if line.opened is None or line.opened.inline is None:
        return None
    kind = line.opened.header.media_type.partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or kind in TEXTUAL or kind.endswith(("+json", "+xml"))):
        return None
    try:
        return line.opened.inline.decode()
    except UnicodeDecodeError:
        return None

"""What this party's own returned receipts say of items that its restored copy never saw (docs/spec/backup.md).

Their keys were destroyed on receipt, so they come again as bare envelopes. That this party held or refused them stands
in its own log, and so their lines come back onto the register, without what they were.
"""

from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from entente.record.bodies import ReceivedOf

if TYPE_CHECKING:
    from entente.node.ledger import HeldLog

LOST = "held (lost in a restore)"


class Regained:
    """Answers of this party's own to entries of others' logs, as they came back after a restore."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], list[tuple[int, int, str]]] = {}

    def note(self, of: ReceivedOf) -> None:
        """Remember what one of this party's own receipts answered; "" stands for accepted."""
        answers = self._answers.setdefault((of.writer, of.incarnation), [])
        for low, high in of.accepted:
            insort(answers, (low, high, ""))
        for refused in of.refused:
            insort(answers, (refused.seq, refused.seq, refused.code))

    def answer(self, log: tuple[str, str], seq: int) -> str | None:
        """What was answered to an entry: a refusal's code, "" where it was accepted, None where nothing came back."""
        answers = self._answers.get(log, [])
        place = bisect_right(answers, seq, key=lambda answer: answer[0]) - 1
        if place < 0 or answers[place][1] < seq:
            return None
        return answers[place][2]


def line_regained(log: "HeldLog", seq: int, item: str, code: str, at: int) -> tuple[int, int, str, str, str, str, int]:
    """The register's line of an item that was held or refused by this party before its copy was lost."""
    direction, state = ("refused", f"refused: {code}") if code else ("held", LOST)
    return (log.row.id, seq, log.row.writer, direction, item, state, at)

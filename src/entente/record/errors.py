"""Why entries of a log are not kept, by whose fault.

LogError
 +-- WrongLogError          the carrier's: another log's entries
 +-- GapError               the carrier's: entries are missing
 +-- MalformedError         the writer's or the carrier's: not the canonical bytes
 |    +-- UnknownSuiteError nobody's: a suite that this software does not know
 +-- OutOfOrderError        the writer's: sequence numbers or instants
 |    +-- BackdatedError      of two entries, it cannot be told which is wrong
 +-- FutureError            a clock's
 +-- BodyMismatchError      the carrier's: another body than the envelope commits to
 +-- BodyMissingError       the carrier's: a body that goes to all was left out
 +-- BadKeysError           the writer's: a key statement that may not be used
 +-- BadLogSignatureError   the writer's or the carrier's: not signed by the key that counts there
 +-- BadRootError           the writer's or the carrier's: the checkpoint is of other entries
 +-- ForkError              the writer's: two histories, both signed
"""


class LogError(Exception):
    """A frame that does not extend the log; never raised itself.

    ``code`` names the fault, ``remedy`` what would mend it, ``seq`` the first bad entry. Where the checkpoint over
    several entries is at fault, ``seq`` is the first entry that it would have covered.
    """

    code = "LOG"
    remedy = "Look at the message; nothing of the frame was kept."

    def __init__(self, text: str, seq: int) -> None:
        super().__init__(text)
        self.seq = seq


class WrongLogError(LogError):
    """The frame, an envelope or the checkpoint belongs to another log."""

    code = "WRONG_LOG"
    remedy = "Ask the sender for this log's entries."


class GapError(LogError):
    """Entries are missing between the log as held and the frame."""

    code = "GAP"
    remedy = "Ask for the entries from the log's size on."


class ForkError(LogError):
    """The writer contradicts what it signed before; both checkpoints are evidence to keep."""

    code = "FORK"
    remedy = "Keep both checkpoints, stop taking entries of this log, and speak to the other party by another channel."

    def __init__(self, text: str, seq: int, held: str, offered: str) -> None:
        super().__init__(text, seq)
        self.held = held
        self.offered = offered


class MalformedError(LogError):
    """Bytes that are not the canonical form of what they should be."""

    code = "MALFORMED"
    remedy = "Ask for the entries again; if it recurs, the writer's software is at fault."


class UnknownSuiteError(MalformedError):
    """An envelope of a suite that this software does not know."""

    code = "UNKNOWN_SUITE"
    remedy = "Upgrade this node, or ask the writer to use a suite that it knows."


class OutOfOrderError(LogError):
    """A sequence number or an instant that goes backwards or jumps."""

    code = "OUT_OF_ORDER"
    remedy = "Ask for the entries again; if it recurs, the writer's software is at fault."


class BackdatedError(OutOfOrderError):
    """An instant before that of an entry before it; either of the two entries may be the wrong one."""


class FutureError(LogError):
    """An instant later than the clocks of the parties can differ."""

    code = "FUTURE"
    remedy = "Compare the clocks of both nodes; the entries are taken once their instant has come."


class BodyMismatchError(LogError):
    """A body that is not the one its envelope commits to."""

    code = "BODY_MISMATCH"
    remedy = "Ask for the entry's bodies again."


class BodyMissingError(LogError):
    """An entry of a kind that goes to all came without its body, or with the body sealed."""

    code = "BODY_MISSING"
    remedy = "Ask for the entry's bodies."


class BadKeysError(LogError):
    """The log does not begin with a key statement, or holds one that may not be used."""

    code = "BAD_KEYS"
    remedy = "Ask the party for a corrected key statement, and compare the words of its root by voice."


class BadLogSignatureError(LogError):
    """A key statement or checkpoint that is not signed by the key that counts there."""

    code = "BAD_SIGNATURE"
    remedy = "Ask for it again; if it recurs, treat it as an attempt to deceive."


class BadRootError(LogError):
    """The checkpoint does not commit to the entries given: one of them is not what the writer signed."""

    code = "BAD_ROOT"
    remedy = "Ask for the entries again; if it recurs, keep what was sent and speak to the other party."

"""What a node tells the person who asked, in one shape: code, message, remedy.

NodeError
 +-- UsageError      the request makes no sense here: exit 2
 +-- RefusedError    understood and refused, with every reason: exit 1
 +-- NotReadyError   the node may not write yet, or is not running: exit 1
"""

from collections.abc import Sequence
from typing import Any


class NodeError(Exception):
    """A request that was not carried out; nothing was changed."""

    exit_code = 1

    def __init__(self, code: str, message: str, remedy: str, reasons: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.reasons = tuple(reasons)


class UsageError(NodeError):
    """Something in the request is missing, unknown or unreadable."""

    exit_code = 2


class RefusedError(NodeError):
    """The gate, the lifecycle or the record refused; ``reasons`` name every step."""


class NotReadyError(NodeError):
    """The node cannot write now: locked, unchecked after a start, or its store is in trouble."""

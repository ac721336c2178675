"""What is wrong with a document, all of it at once: where, what, what would be allowed, and what to do."""

from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One problem: ``where`` is a dotted key such as ``levels[1].jp``, or empty for a fault of syntax.

    ``line`` and ``column`` count from 1 and are known for faults of syntax only.
    """

    where: str
    message: str
    remedy: str
    allowed: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """One line for people, without the remedy."""
        place = self.where if self.line is None else f"line {self.line}, column {self.column}"
        return f"{place}: {self.message}" if place else self.message


class DocumentError(ValueError):
    """A document cannot be used; ``problems`` says everything that is wrong with it.

    ``unreadable`` tells bytes that are no TOML document at all from a document whose meaning is wrong.
    """

    def __init__(self, problems: Iterable[Problem], *, unreadable: bool = False) -> None:
        self.problems = tuple(problems)
        self.unreadable = unreadable
        super().__init__("; ".join(str(problem) for problem in self.problems))

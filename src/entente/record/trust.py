"""Which of a party's keys count where in one of its logs (docs/spec/record.md, "Keys").

A signature counts by log position. A key statement at entry s, signed by the party's root, names the keys valid for
entries s, s+1, ... until the next statement. The root is an argument, confirmed by people; never taken from a log.
"""

from bisect import bisect_right
from typing import Self

from entente.sealing.errors import BadStatementError
from entente.sealing.identity import KeyStatement, RootCard, check_statement
from entente.sealing.signing import HybridPublic, Signature


class KeyHistory:
    """The key statements of one log by position. Immutable; :meth:`start`, then :meth:`apply` in the log's order."""

    __slots__ = ("_at", "_digest", "_root", "_statements")

    def __init__(
        self, root: RootCard, digest: bytes, at: tuple[int, ...] = (), statements: tuple[KeyStatement, ...] = ()
    ) -> None:
        self._root = root
        self._digest = digest
        self._at = at
        self._statements = statements

    @classmethod
    def start(cls, root: RootCard, digest: bytes) -> Self:
        """The history before the first entry: a root card, the digest of its bytes, and no key yet."""
        return cls(root, digest)

    @property
    def party(self) -> str:
        """Whose keys these are."""
        return self._root.party

    @property
    def newest(self) -> KeyStatement | None:
        """The statement valid for the entry to be written next."""
        return self._statements[-1] if self._statements else None

    @property
    def statements(self) -> tuple[KeyStatement, ...]:
        """Every statement of the log, in its order."""
        return self._statements

    def apply(self, seq: int, statement_bytes: bytes, signature: Signature) -> Self:
        """The history after a ``keys`` entry at ``seq``; the statement is valid from that very entry on.

        Raises:
            BadSignatureError: not signed by the party's root.
            BadStatementError: of another party or root, or its number does not rise.
            NotCanonicalError: the bytes are no key statement.
            ValueError: ``seq`` does not come after the statement before.
        """
        if self._at and seq <= self._at[-1]:
            raise ValueError(f"a key statement at entry {seq} after one at entry {self._at[-1]}")
        statement = check_statement(self._root, self._digest, statement_bytes, signature)
        if self.newest is not None and statement.number <= self.newest.number:
            raise BadStatementError(f"key statement {statement.number} after statement {self.newest.number}")
        return type(self)(self._root, self._digest, (*self._at, seq), (*self._statements, statement))

    def at(self, seq: int) -> KeyStatement | None:
        """The statement valid for entry ``seq``; None before the first."""
        place = bisect_right(self._at, seq)
        return self._statements[place - 1] if place else None

    def checkpoint_key(self, size: int) -> bytes | None:
        """The key that signs a checkpoint of ``size`` entries: the one valid at its last entry."""
        statement = self.at(size - 1)
        return statement.checkpoint if statement is not None else None

    def office(self, seq: int, office_id: str, role: str) -> HybridPublic | None:
        """The keys of an office at entry ``seq``, if the party had such an office there and it had that role."""
        statement = self.at(seq)
        if statement is None:
            return None
        for office in statement.offices:
            if office.id == office_id and role in office.roles:
                return HybridPublic(office.ed25519, office.mldsa65)
        return None

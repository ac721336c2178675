"""A new incarnation: how a node goes on that no peer can tell where its own log ends (docs/spec/bodies.md, section 4).

An office that binds the party signs a statement naming the last head known; it becomes the second entry of a log under
a new, random incarnation. Both branches are kept. It cannot be undone.
"""

from os import urandom
from typing import TYPE_CHECKING

from entente.node.agreements import announce_sealing
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import Ledger
from entente.record.bodies import Restart, RestartStatement, SignedKeys
from entente.record.envelope import INCARNATION
from entente.record.merkle import EMPTY_ROOT, Frontier
from entente.record.position import BIND
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import BadSignatureError
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.node import Node


def prepare(node: "Node", ledger: Ledger) -> bytes:
    """The statement for the office to sign.

    Raises:
        UsageError: there is nothing to restart: the log is empty, or its end is confirmed.
    """
    log = ledger.own
    if log is None or not log.row.size or ledger.ready:
        raise UsageError("NOTHING_TO_RESTART", "this node's own log is not in doubt", "Nothing needs to be done.")
    return encode(
        RestartStatement(
            schema="entente/restart/1",
            agreement=ledger.agreement,
            party=node.party,
            previous=log.row.incarnation,
            size=log.row.size,
            root=log.row.root,
            incarnation=urandom(8).hex(),
        )
    )


def commit(node: "Node", ledger: Ledger, data: bytes, office: str, signature: Signature) -> None:
    """Open the new incarnation.

    Raises:
        RefusedError: not the statement for the log as it stands, or not signed by an office that binds the party.
    """
    try:
        statement = decode(RestartStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), "Prepare it again.") from error

    def work(unit: Work) -> None:
        log = ledger.own
        if log is None or ledger.ready or (statement.previous, statement.size) != (log.row.incarnation, log.row.size):
            raise RefusedError("STALE", "the statement is not about the log as it stands", "Prepare it again.")
        verify(node, ledger, statement, data, office, signature)
        row = unit.tx.create_log(
            ledger.agreement, node.party, statement.incarnation, root=EMPTY_ROOT, frontier=Frontier().to_bytes()
        )
        unit.touch(ledger)
        new = ledger.add_log(row)
        unit.append(ledger, new, "keys", [salted(encode(SignedKeys(node.card.statement, node.card.signature)))])
        unit.append(ledger, new, "restart", [salted(encode(Restart(data, office, signature)))])
        announce_sealing(node, unit, ledger, new)

    node.committer.run(work)
    ledger.ready = True


def verify(
    node: "Node", ledger: Ledger, statement: RestartStatement, data: bytes, office: str, signature: Signature
) -> None:
    """Check a restart statement against the incarnation it follows; for one's own and for a peer's.

    Raises:
        RefusedError: it follows no incarnation held, or no office that binds the party signed it.
    """
    previous = ledger.logs.get((statement.party, statement.previous))
    known = previous is not None and statement.agreement == ledger.agreement
    if previous is None or not known or not previous.row.size or not INCARNATION.fullmatch(statement.incarnation):
        raise RefusedError(
            "UNKNOWN_PREVIOUS", "the restart follows no log that is known here", "Ask the party's office."
        )
    held = 0 < statement.size <= previous.row.size
    if statement.size <= 0 or (held and node.root_at(previous, statement.size) != statement.root):
        raise RefusedError(
            "OTHER_HISTORY", f"the restart follows a head that {statement.party}'s log never had", "Ask its office."
        )
    keys = previous.keys.office(previous.row.size - 1, office, BIND)
    if keys is None:
        raise RefusedError(
            "OFFICE_MAY_NOT_BIND", f"{office} may not bind {statement.party}", "An office with the role 'bind' signs."
        )
    try:
        keys.verify("restart", data, signature)
    except BadSignatureError as error:
        raise RefusedError("BAD_SIGNATURE", "the restart is not signed by that office", "Nothing was kept.") from error

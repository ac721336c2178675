"""What a formal act's entry must be, before the lifecycle judges what it does (docs/spec/bodies.md, section 1)."""

import re
from collections.abc import Mapping
from typing import get_args

from entente.domain.agreement.acts import ActKind
from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT
from entente.domain.agreement.terms import Agreement, Reading
from entente.record.bodies import ActStatement, SignedAct, SignedDelivery
from entente.record.position import BIND, OfficeLookup, Position


def malformed(statement: ActStatement) -> bool:
    """Whether an act's id, kind, reading or instants are none.

    Ids are numbered per party, so that nobody can take another's. An instant that no calendar has would stop everybody
    who holds the act and computes with it.
    """
    if not re.fullmatch(re.escape(statement.by) + r"-[1-9][0-9]{0,8}", statement.id):
        return True
    if statement.kind not in get_args(ActKind) or statement.reading not in (None, *get_args(Reading)):
        return True
    named = [instant for instant in (statement.instant, statement.effective) if instant is not None]
    return any(not MIN_INSTANT <= instant <= MAX_INSTANT for instant in named)


def roots_agree(statement: ActStatement, document: Agreement, roots: Mapping[str, bytes]) -> bool:
    """Whether a ``sign`` names every party's root, and exactly the roots this holder knows."""
    if tuple(party for party, _ in statement.roots) != document.parties:
        return False
    return all(roots.get(party) == root for party, root in statement.roots)


def check_signatures(
    kind: str,
    data: bytes,
    signed: SignedAct | SignedDelivery,
    position: Position,
    offices: OfficeLookup,
    document: Agreement,
) -> str | None:
    """The coarse code of what is wrong with who signed ``data``; None for nothing.

    ``document`` is the one first signed. Where it has ``[notices] two_persons`` two offices sign: two keys, of which
    nobody has both.

    Raises:
        BadSignatureError, BadKeyError, UnknownSuiteError: a signature does not verify.
    """
    office = offices(position, signed.office, BIND)
    if office is None:
        return "BAD_SIGNATURE"
    office.verify(kind, data, signed.signature)
    if signed.second is None:
        return "SECOND_PERSON_MISSING" if document.notices.two_persons else None
    if signed.second.office == signed.office:
        return "SECOND_PERSON_MISSING"
    second = offices(position, signed.second.office, BIND)
    if second is None:
        return "BAD_SIGNATURE"
    second.verify(kind, data, signed.second.signature)
    return None

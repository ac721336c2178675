"""Agreement documents: strict parsing of the bytes that the parties signed (docs/spec/agreement.md)."""

import hashlib
import tomllib

import msgspec

from entente.domain.agreement.terms import Agreement


def digest(data: bytes) -> str:
    """The identity of a document: SHA-256 of its bytes, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def parse_agreement(data: bytes) -> Agreement:
    """Parse a document."""
    raw = tomllib.loads(data.decode())
    for row in raw["levels"]:
        row["native"] = {key: row.pop(key) for key in list(row) if key in raw["parties"]}
    return msgspec.convert(raw, Agreement)

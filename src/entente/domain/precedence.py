"""Precedence (ACP 121): how soon an item is handled, never how secret it is (docs/spec/link.md)."""

PRECEDENCES = ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE")
"""In their order on the wire; the rank of a precedence is its place here, 0 the most urgent."""
RANKS = {precedence: rank for rank, precedence in enumerate(PRECEDENCES)}
ROUTINE = 3
"""The rank of what does not hurry."""

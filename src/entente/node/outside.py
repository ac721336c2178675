"""What can be seen of a node's directory from outside, by a process that has no key (docs/spec/health.md)."""

import os
import shutil
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from entente.node.findings import Facts, Process
from entente.node.home import Home
from entente.node.ledger import DAMAGED_REMEDY, damaged
from entente.record.merkle import Frontier, leaf_hash
from entente.sealing.certificates import not_after
from entente.sealing.errors import SealingError
from entente.sealing.identity import parse_card
from entente.store.connection import newest
from entente.store.errors import OutdatedError, StoreError
from entente.store.inspect import looked_into
from entente.store.reader import Reader

PIECE = 1000
"""Entries read at a time."""


def opened_to_others(path: Path) -> str | None:
    """The first of a node's directories and keys that others may open, with its mode; None where there is none."""
    for each in (path, path / "keys", *sorted((path / "keys").glob("*.key"))):
        mode = stat.S_IMODE(each.stat().st_mode)
        if mode & 0o077:
            return f"{each} (mode {mode:04o})"
    return None


def disk(path: Path) -> tuple[int, int] | None:
    """(free, size) in bytes of the file system of a directory; None where it does not say."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return None
    return usage.free, usage.total


def seconds_left(certificate: bytes, now: datetime) -> float | None:
    """Seconds of real time to a certificate's end; None where it is none."""
    try:
        return (not_after(certificate) - now).total_seconds()
    except SealingError:
        return None


def own_certificate(path: Path, now: datetime) -> float | None:
    """Seconds to the end of the certificate of a node's directory; None where it cannot be read."""
    try:
        return seconds_left((path / "tls" / "cert.pem").read_bytes(), now)
    except OSError:
        return None


def facts(home: Home, process: Process, now: datetime) -> Facts:
    """What is found where no node answers; the store is looked into only where no process has it."""
    path = home.path
    return Facts(
        directory=str(path),
        party=home.party,
        opened=opened_to_others(path),
        disk=disk(path),
        certificate=own_certificate(path, now),
        process=process,
        store=store_trouble(path / "store.db") if process == "stopped" else None,
        outside=_peers(home, now),
    )


def _peers(home: Home, now: datetime) -> Mapping[str, float | None]:
    found: dict[str, float | None] = {}
    for path in home.peer_cards():
        try:
            found[path.stem] = seconds_left(parse_card(path.read_bytes()).tls_certificate.encode(), now)
        except (SealingError, OSError):
            found[path.stem] = None
    return found


def store_trouble(path: Path) -> tuple[str, str, str] | None:
    """What a store suffers from: (code, text, remedy); None where it is whole, or not made yet.

    Every tree is computed anew from its entries. What only the node's keys could show, signatures and sealed bodies, is
    checked when the node starts.
    """
    if not os.path.lexists(path):
        return None
    try:
        with looked_into(path) as (reader, version):
            # An older store's tables may be others; it is checked when it has been brought forward.
            broken = _broken_tree(reader) if version == newest() else None
    except StoreError as error:
        return error.code, str(error), error.remedy
    if broken is not None:
        return "STORE_DAMAGED", str(damaged(f"{broken}'s log does not give the root that it had")), DAMAGED_REMEDY
    if version < newest():
        text = f"the store is of version {version}, older than this software's {newest()}"
        return OutdatedError.code, text, OutdatedError.remedy
    return None


def _broken_tree(reader: Reader) -> str | None:
    """The writer of the first log whose entries do not give its root."""
    for log in reader.logs():
        frontier = Frontier()
        while rows := reader.entries(log.id, frontier.size, PIECE):
            # A gap in the numbers is damage too, and would otherwise be read past for ever.
            if [row.seq for row in rows] != list(range(frontier.size, frontier.size + len(rows))):
                return log.writer
            frontier = frontier.extend(leaf_hash(row.envelope) for row in rows)
        if (frontier.size, frontier.root()) != (log.size, log.root):
            return log.writer
    return None

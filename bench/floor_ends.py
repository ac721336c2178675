"""The two ends of the floor, each a process: ``python -m bench.floor_ends receive|send FOLDER ...``.

A bare pipeline with the guarantees and nothing else: no agreement, no gate, no register, no precedence, no resumption.
An item is sealed under a key of its own (AES-256-GCM) that is wrapped under a session key; its envelope is a leaf of
an RFC 6962 tree; a batch ends with the signed root (Ed25519); both ends commit to SQLite (WAL, synchronous FULL)
before they sign; the receiver opens and checks every payload and signs a receipt over its own root.
"""

import hashlib
import json
import os
import socket
import sqlite3
import ssl
import struct
import sys
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.certificates import context

SESSION_KEY = hashlib.sha256(b"the floor's session key, which a handshake would agree on").digest()
NONCE = bytes(12)
"""Safe under a key that is used once."""
SEGMENT = 1024 * 1024
WINDOW = 4
"""Batches under way before the sender waits for a receipt."""
_LENGTH = struct.Struct(">I")


class Signer:
    """One end's signing key, and the other's public half; both from fixed seeds, since nothing here is secret."""

    def __init__(self, own: str, other: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(own.encode()).digest())
        self._other = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(other.encode()).digest()).public_key()

    def sign(self, size: int, root: bytes) -> bytes:
        """A checkpoint's or a receipt's signature."""
        return self._key.sign(b"floor\0%d\0" % size + root)

    def check(self, signature: bytes, size: int, root: bytes) -> None:
        """Verify the other end's.

        Raises:
            InvalidSignature: it is not.
        """
        self._other.verify(signature, b"floor\0%d\0" % size + root)


class Tree:
    """The right edge of an RFC 6962 tree."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, entry: bytes) -> None:
        """Add a leaf."""
        found, merges = hashlib.sha256(b"\0" + entry).digest(), self.size
        while merges & 1:
            found = hashlib.sha256(b"\1" + self._peaks.pop() + found).digest()
            merges >>= 1
        self._peaks.append(found)
        self.size += 1

    def root(self) -> bytes:
        """The tree's root."""
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = hashlib.sha256(b"\1" + peak + root).digest()
        return root


class Store:
    """Entries and their sealed bodies, durable at each commit."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, envelope BLOB, body BLOB) STRICT")
        self._db.execute("CREATE TABLE head (size INTEGER PRIMARY KEY, root BLOB, signature BLOB) STRICT")

    def begin(self) -> None:
        """Open a transaction."""
        self._db.execute("BEGIN IMMEDIATE")

    def add(self, rows: list[tuple[int, bytes, bytes]]) -> None:
        """Entries, within a transaction."""
        self._db.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)

    def head(self, size: int, root: bytes, signature: bytes) -> None:
        """The other end's signature over a root; alone, it rides with the next commit."""
        self._db.execute("INSERT INTO head VALUES (?, ?, ?)", (size, root, signature))

    def commit(self) -> None:
        """Make it durable."""
        self._db.execute("COMMIT")


class Line:
    """Length-prefixed frames over TLS."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._file = connection.makefile("rb", buffering=1 << 18)

    def send(self, frame: bytes) -> None:
        """One frame."""
        self._connection.sendall(_LENGTH.pack(len(frame)) + frame)

    def receive(self) -> bytes:
        """The next frame; empty at the end."""
        head = self._file.read(_LENGTH.size)
        return self._file.read(_LENGTH.unpack(head)[0]) if head else b""


class Sender:
    """Seals, records and sends batches, and takes receipts."""

    def __init__(self, folder: Path, line: Line) -> None:
        self._line, self._store, self._tree = line, Store(folder / "sender.db"), Tree()
        self._signer, self._session = Signer("sender", "receiver"), AESGCM(SESSION_KEY)
        self._encoder = msgspec.msgpack.Encoder()
        self._receipts: list[tuple[int, bytes, bytes]] = []

    def batch(self, payloads: list[bytes], *, overlap: bool) -> None:
        """A batch, durable here before its checkpoint is signed; with ``overlap`` its bytes fly before the commit."""
        rows = [self._seal(payload) for payload in payloads]
        root, encoded = self._tree.root(), self._encoder.encode(rows)
        if overlap:
            self._line.send(encoded)
        self._store.begin()
        for receipt in self._receipts:
            self._store.head(*receipt)
        self._receipts.clear()
        self._store.add(rows)
        self._store.commit()
        if not overlap:
            self._line.send(encoded)
        self._line.send(self._encoder.encode((self._tree.size, root, self._signer.sign(self._tree.size, root))))

    def _seal(self, payload: bytes) -> tuple[int, bytes, bytes]:
        key = os.urandom(32)
        seq = self._tree.size
        wrapped = self._session.encrypt(seq.to_bytes(12, "big"), key, None)
        body = AESGCM(key).encrypt(NONCE, payload, wrapped)
        entry = (seq, time.time_ns(), len(payload), hashlib.sha256(body).digest(), wrapped)
        envelope = self._encoder.encode(entry)
        self._tree.append(envelope)
        return seq, envelope, body

    def receipt(self) -> int:
        """Wait for the next receipt; how many items it covers in all."""
        size, root, signature = msgspec.msgpack.decode(self._line.receive())
        self._signer.check(signature, size, root)
        self._receipts.append((size, root, signature))
        return int(size)


def receive(folder: Path, line: Line) -> None:
    """Take batches in until the sender ends: check, open, commit, sign a receipt."""
    store, tree, signer, session = (
        Store(folder / "receiver.db"),
        Tree(),
        Signer("receiver", "sender"),
        AESGCM(SESSION_KEY),
    )
    while frame := line.receive():
        rows = [tuple(row) for row in msgspec.msgpack.decode(frame)]
        for seq, envelope, body in rows:
            number, _, size, digest, wrapped = msgspec.msgpack.decode(envelope)
            key = session.decrypt(seq.to_bytes(12, "big"), wrapped, None)
            opened = AESGCM(key).decrypt(NONCE, body, wrapped)
            assert number == seq == tree.size and size == len(opened) and digest == hashlib.sha256(body).digest()
            tree.append(envelope)
        size, root, signature = msgspec.msgpack.decode(line.receive())
        assert (size, root) == (tree.size, tree.root())
        signer.check(signature, size, root)
        store.begin()
        store.add(rows)
        store.head(size, root, signature)
        store.commit()
        line.send(msgspec.msgpack.encode((size, root, signer.sign(size, root))))


def send(
    folder: Path, line: Line, batch: int, seconds: float, limit: int, size: int, overlap: bool
) -> dict[str, object]:
    """Batches for so long or so many items: one at a time if ``batch`` is 1, else :data:`WINDOW` under way."""
    sender, payload = Sender(folder, line), os.urandom(size)
    window, sent, received, latencies = (1 if batch == 1 else WINDOW), 0, 0, []
    begun = time.perf_counter()
    while sent < limit and time.perf_counter() - begun < seconds:
        at = time.perf_counter()
        sender.batch([payload] * batch, overlap=overlap)
        sent += batch
        while sent - received > (window - 1) * batch:
            received = sender.receipt()
        latencies.append(time.perf_counter() - at)
    while received < sent:
        received = sender.receipt()
    return {"items": sent, "seconds": time.perf_counter() - begun, "latencies": latencies if batch == 1 else []}


def send_file(path: Path, line: Line) -> dict[str, object]:
    """A file in sealed segments, each a leaf; the receipt comes when it is on the other disk."""
    cipher, tree, signer = AESGCM(os.urandom(32)), Tree(), Signer("sender", "receiver")
    begun = time.perf_counter()
    with path.open("rb") as file:
        for number, segment in enumerate(iter(lambda: file.read(SEGMENT), b"")):
            sealed = cipher.encrypt(number.to_bytes(12, "big"), segment, None)
            tree.append(sealed)
            line.send(sealed)
    line.send(b"")
    line.send(signer.sign(tree.size, tree.root()))
    signer.check(line.receive(), tree.size, tree.root())
    return {"items": path.stat().st_size, "seconds": time.perf_counter() - begun, "latencies": []}


def receive_file(folder: Path, line: Line) -> None:
    """Take in a file: every segment hashed and written, all of it synced, then the receipt."""
    tree, signer = Tree(), Signer("receiver", "sender")
    with (folder / "received").open("wb") as file:
        while sealed := line.receive():
            tree.append(sealed)
            file.write(sealed)
        signer.check(line.receive(), tree.size, tree.root())
        file.flush()
        os.fsync(file.fileno())
    line.send(signer.sign(tree.size, tree.root()))


def main(role: str, folder: Path, job: dict[str, object]) -> None:
    """Run one end; the receiver prints its port, the sender its result."""
    tls = context(folder, role, server=role == "receive")
    if role == "receive":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            connection, _ = listener.accept()
            line = Line(tls.wrap_socket(connection, server_side=True))
            receive_file(folder, line) if "path" in job else receive(folder, line)
            sys.stdin.read()
        return
    connection = socket.create_connection(("127.0.0.1", int(str(job.pop("port")))))
    line = Line(tls.wrap_socket(connection, server_hostname="localhost"))
    print("ready", flush=True)
    sys.stdin.readline()
    found = send_file(Path(str(job["path"])), line) if "path" in job else send(folder, line, **job)  # type: ignore[arg-type]
    print(json.dumps(found), flush=True)
    sys.stdin.read()  # stay until the costs are read


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))

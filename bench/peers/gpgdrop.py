"""GnuPG and a file drop: signed and encrypted by one, dropped into a directory, decrypted and verified by the other."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.context import Context
from bench.figures import Figure, latency, rate
from bench.venvs import NotAvailableError

NOTE = "both ends in turn in one shell's stead; synced at both sides; no receipt, no record"


def measure(context: Context) -> Iterator[Figure]:
    """One item after the other for a while."""
    if shutil.which("gpg") is None:
        raise NotAvailableError("gpg is not installed")
    folder = context.new_folder("gpg")
    homes = {end: folder / end for end in ("sender", "receiver")}
    for end, home in homes.items():
        home.mkdir(mode=0o700)
        _gpg(home, "--passphrase", "", "--quick-generate-key", f"{end}@bench", "future-default", "default", "never")
    for home, other in ((homes["sender"], "receiver"), (homes["receiver"], "sender")):
        _gpg(home, "--import", data=_gpg(homes[other], "--export"))
    payload, drop = os.urandom(context.scale.item), folder / "drop"
    latencies: list[float] = []
    drop.mkdir()
    begun = time.perf_counter()
    try:
        while time.perf_counter() - begun < context.scale.burst_seconds:
            at = time.perf_counter()
            arguments = ("--trust-model", "always", "--sign", "--encrypt", "--recipient", "receiver@bench")
            _write(drop / "item", _gpg(homes["sender"], *arguments, data=payload))
            opened = _gpg(homes["receiver"], "--trust-model", "always", "--decrypt", data=(drop / "item").read_bytes())
            _write(folder / f"held-{len(latencies)}", opened)
            latencies.append(time.perf_counter() - at)
    finally:
        for home in homes.values():
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
    yield latency("gpg", "lone", "2 KiB item, dropped and opened", latencies, note=NOTE)
    yield rate("gpg", "rate", "2 KiB items, one after the other", len(latencies), sum(latencies), note=NOTE)


def _gpg(home: Path, *arguments: str, data: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"gpg: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return done.stdout


def _write(path: Path, data: bytes) -> None:
    """A file that is either there whole and durable, or not."""
    made = path.with_suffix(".new")
    with made.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)

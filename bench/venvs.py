"""Environments and tools of the peers, under ``bench/.venvs``, made when they are asked for."""

import shutil
import subprocess
from pathlib import Path

HOME = Path(__file__).parent / ".venvs"
PATIENCE = 600.0


class NotAvailableError(Exception):
    """A peer cannot be had here; the text says why."""


def environment(name: str, *requirements: str) -> Path:
    """The interpreter of an environment that holds exactly these packages and what they need.

    Raises:
        NotAvailableError: it cannot be made.
    """
    folder = HOME / name
    python, stamp = folder / "bin" / "python", folder / "holds"
    if stamp.exists() and stamp.read_text() == "\n".join(requirements):
        return python
    base = shutil.which("python3") or "python3"
    shutil.rmtree(folder, ignore_errors=True)
    _run(base, "-m", "venv", "--without-pip", str(folder))
    _run(base, "-m", "pip", "--python", str(python), "install", "-q", *requirements)
    stamp.write_text("\n".join(requirements))
    return python


def debian(package: str, binary: str) -> Path:
    """A program of a Debian package: the installed one, or else one unpacked here without touching the system.

    Raises:
        NotAvailableError: it is not installed and cannot be fetched.
    """
    installed = shutil.which(Path(binary).name)
    if installed:
        return Path(installed)
    folder = HOME / package
    if not (folder / binary).exists():
        if not shutil.which("apt-get"):
            raise NotAvailableError(f"{package} is not installed, and there is no apt-get to fetch it with")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _run("apt-get", "download", "-q", package, cwd=folder)
        _run("dpkg-deb", "-x", str(next(folder.glob("*.deb"))), str(folder))
    return folder / binary


def _run(*command: str, cwd: Path | None = None) -> None:
    HOME.mkdir(exist_ok=True)
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAvailableError(f"{command[0]}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise NotAvailableError(f"{' '.join(command[:4])} ...: {last[:200]}")

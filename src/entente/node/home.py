"""A node's directory: what ``entente node init`` makes and every other command opens (docs/guide/administrator.md).

node.toml            settings; nothing secret
root.json card.json  the party's root card and pairing card, to be given to the peers
keys/*.key           root, its successor, the node's keys, each office's keys; encrypted, never in clear on disk
tls/cert.pem key.pem the link's certificate and its encrypted key
peers/*.json         pairing cards of the peers, confirmed by their words
store.db             the logs
itemkeys/            the per-item keys, left out of ordinary backups
payloads/            sealed payloads larger than 64 KiB
backups/             backups taken before an upgrade
control.sock         where the commands reach the running node; mode 0600
"""

import os
import re
import tomllib
from pathlib import Path

import msgspec

from entente.node.errors import UsageError

SETTINGS_SCHEMA = "entente/node/1"
PARTY = re.compile(r"[a-z0-9-]{1,64}")
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``node.toml`` (docs/spec/node.md): ``listen`` may have port 0, for any; ``advertise`` stands in the card.

    ``metrics`` is where ``/metrics`` and ``/health`` are served, on this machine alone; empty for nowhere.
    """

    schema: str
    party: str
    simulated: bool
    listen: str
    advertise: str
    metrics: str = ""


class Home:
    """The paths of a node's directory and its settings.

    Raises:
        UsageError: the directory is not a node's, or its settings cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = (path / "node.toml").read_bytes()
            self.settings = msgspec.toml.decode(data, type=Settings)
        except FileNotFoundError as error:
            raise UsageError(
                "NOT_A_NODE", f"{path} is not a node's directory", "Make one with: entente node init DIR --party ID"
            ) from error
        except (msgspec.DecodeError, msgspec.ValidationError, tomllib.TOMLDecodeError, OSError) as error:
            raise UsageError(
                "BAD_SETTINGS", f"{path}/node.toml cannot be used: {error}", "Correct the settings file."
            ) from error
        if self.settings.schema != SETTINGS_SCHEMA:
            raise UsageError(
                "BAD_SETTINGS", f"{path}/node.toml is not of schema {SETTINGS_SCHEMA}", "Correct the settings file."
            )
        loopback = _LOOPBACK.fullmatch(self.settings.metrics)
        if self.settings.metrics and (loopback is None or int(loopback[1]) > 65535):
            raise UsageError(
                "BAD_SETTINGS",
                f"{path}/node.toml: metrics are served on this machine alone, not at {self.settings.metrics!r}",
                'Write it as metrics = "127.0.0.1:9464".',
            )

    @property
    def party(self) -> str:
        """The party whose node this is."""
        return self.settings.party

    @property
    def control(self) -> Path:
        """The socket of the running node."""
        return self.path / "control.sock"

    @property
    def item_keys(self) -> Path:
        """The folder of the per-item key store, which ordinary backups leave out."""
        return self.path / "itemkeys"

    def key_file(self, name: str) -> Path:
        """The encrypted file of the named keys: ``root``, ``root-next``, ``node``, ``office-<id>``."""
        return self.path / "keys" / f"{name}.key"

    def offices(self) -> list[str]:
        """Ids of the offices whose keys are kept here."""
        return sorted(file.stem.removeprefix("office-") for file in (self.path / "keys").glob("office-*.key"))

    def peer_cards(self) -> list[Path]:
        """Files of the paired parties' cards."""
        return sorted((self.path / "peers").glob("*.json"))


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself is durable only with its directory
        finally:
            os.close(folder)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

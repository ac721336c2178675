"""The node's own keys, unlocked in memory while it runs; the files stay encrypted (docs/spec/keyfile.md).

Office and root keys are never here: who binds the party or approves a release unlocks them where he sits.
"""

from dataclasses import dataclass, field
from pathlib import Path

from entente.node.errors import NotReadyError, UsageError
from entente.sealing.errors import SealingError
from entente.sealing.keyfile import unlock_keys
from entente.sealing.signing import HybridKey, NodeKey

COSIGN = "cosign-"
EARLIER = ("checkpoint-", COSIGN)
"""How the names of keys that a renewal replaced begin, before the number of their statement."""


@dataclass(frozen=True)
class Keyring:
    """Checkpoint and cosigning keys, the key of what lies at rest, and the password of the link's key file."""

    checkpoint: NodeKey
    cosign: NodeKey
    storage: bytes = field(repr=False)
    tls_password: bytes = field(repr=False)
    card_sealing: bytes = field(repr=False)
    earlier: tuple[NodeKey, ...] = ()
    """Checkpoint and cosigning keys before a renewal: for entries of their time, and peers who know no later ones."""
    replaced: tuple[tuple[int, NodeKey], ...] = ()
    """The cosigning keys among them, each with the number of its statement."""

    @classmethod
    def from_secrets(cls, secrets: dict[str, bytes]) -> "Keyring":
        """From the contents of the ``node`` key file."""
        return cls(
            NodeKey.from_secret(secrets["checkpoint"]),
            NodeKey.from_secret(secrets["cosign"]),
            secrets["storage"],
            secrets["tls-password"],
            secrets["card-sealing"],
            tuple(NodeKey.from_secret(secrets[name]) for name in sorted(secrets) if name.startswith(EARLIER)),
            tuple(
                (int(name.removeprefix(COSIGN)), NodeKey.from_secret(secrets[name]))
                for name in sorted(secrets)
                if name.startswith(COSIGN)
            ),
        )

    def signer(self, public: bytes) -> NodeKey:
        """The checkpoint or cosigning key with that public half.

        Raises:
            NotReadyError: it is not kept (any more).
        """
        for key in (self.checkpoint, self.cosign, *self.earlier):
            if key.public == public:
                return key
        raise NotReadyError("NO_KEY", "the signing key of that time is not kept here", "Restore the node's key file.")


def unlock(path: Path, passphrase: bytes) -> dict[str, bytes]:
    """The secrets of a key file.

    Raises:
        UsageError: there is no such file.
        NotReadyError: the passphrase does not open it, or it is damaged.
    """
    try:
        return unlock_keys(path.read_bytes(), passphrase)
    except FileNotFoundError as error:
        raise UsageError(
            "NO_KEY", f"{path.name} is not kept here", "Name an office of this node, or bring its key file."
        ) from error
    except SealingError as error:
        raise NotReadyError(error.code, f"{path.name} does not open: {error}", error.remedy) from error


def unlock_office(path: Path, passphrase: bytes) -> HybridKey:
    """An office's signing key."""
    return HybridKey.from_secret(unlock(path, passphrase)["key"])

"""Errors of sealing: what was refused, and what would remedy it.

SealingError
 +-- BadSignatureError        not the signature of that key over those bytes
 |    +-- UnknownSuiteError   made with algorithms this software does not have
 +-- NotOpenedError           sealed bytes that the key and the binding at hand do not open
 +-- BadKeyError              a public key that is none
 +-- BadStatementError        a key statement that its root did sign, and that may not be used
 +-- BadCardError             a root card, pairing card or certificate that may not be used
 +-- BadKeyfileError          a key file that cannot be read
 +-- WrongPassphraseError     a key file that this passphrase does not open

An unknown suite is a kind of bad signature so that whoever refuses the one cannot forget the other. No message holds a
key, a passphrase or a plaintext. Exceptions of the crypto library never leave this package.
"""


class SealingError(Exception):
    """Something cryptographic was refused; nothing of it may be used. Catch this to catch them all."""

    code = "SEALING"
    remedy = "Look at the message; nothing was used of what was refused."


class BadSignatureError(SealingError):
    """The signature is not that of the key over the bytes; one good half of a hybrid signature does not help."""

    code = "BAD_SIGNATURE"
    remedy = "Refuse what was signed and ask the signer for it again; if it recurs, treat it as an attempt to deceive."


class UnknownSuiteError(BadSignatureError):
    """The signature, seal or key names a suite of algorithms that this software does not have."""

    code = "UNKNOWN_SUITE"
    remedy = "Upgrade this node, or ask the other party to use a suite that both have (docs/spec/sealing.md)."


class NotOpenedError(SealingError):
    """The bytes were altered, cut, moved to another place, or sealed for somebody else."""

    code = "NOT_OPENED"
    remedy = "Ask the sender for it again; if it recurs, compare the two registers for the item."


class BadKeyError(SealingError):
    """The bytes are not a public key of the suite; nothing can be sealed to it."""

    code = "BAD_KEY"
    remedy = "Ask the other party to announce a new sealing key."


class BadStatementError(SealingError):
    """A key statement bears a root's signature and still may not be used."""

    code = "BAD_STATEMENT"
    remedy = "Ask the party for a corrected key statement with a higher number."


class BadCardError(SealingError):
    """A card or certificate is malformed, or its parts contradict one another."""

    code = "BAD_CARD"
    remedy = "Ask the party for its card again, by a way you trust, and compare the words of its root by voice."


class BadKeyfileError(SealingError):
    """The key file is malformed or asks for more work than is reasonable."""

    code = "BAD_KEYFILE"
    remedy = "Restore the key file from its backup."


class WrongPassphraseError(SealingError):
    """The passphrase does not open the key file, or the file was altered: the two cannot be told apart."""

    code = "WRONG_PASSPHRASE"
    remedy = "Try the passphrase again; if it is certainly right, restore the key file from its backup."

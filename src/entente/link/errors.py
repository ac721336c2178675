"""Errors of the link and of bundles, by whose fault they are, each with a remedy for the operator.

::

    LinkError
    +-- IdentityError    this node's own certificate, key or address cannot be used
    +-- LinkDown         a session ended before a frame could leave
    +-- PeerFault        the other end broke the link protocol; its code goes into a Trouble frame
    +-- Refuse           the node declines the session; its code goes into a Trouble frame
    +-- BundleError      a bundle cannot be read or written (entente.link.bundle)

``code`` is stable; ``remedy`` is for this side's operator. The codes of :class:`PeerFault` and :class:`Refuse` are
lower-case and coarse: they are told to the peer.
"""


class LinkError(Exception):
    """Base of all errors of this package."""

    code = "LINK"
    remedy = ""

    def __init__(self, text: str, *, code: str | None = None, remedy: str | None = None) -> None:
        super().__init__(text)
        self.code = code if code is not None else type(self).code
        self.remedy = remedy if remedy is not None else type(self).remedy


class IdentityError(LinkError):
    """This node's certificate and key cannot be used."""

    code = "IDENTITY_UNUSABLE"
    remedy = "check the certificate and the encrypted key file of this node, and the passphrase it was started with"


class LinkDown(LinkError):  # noqa: N818 - a state of the world, not a mistake
    """The session is closed; the frame did not leave and is to be sent again on the next one."""

    code = "LINK_DOWN"
    remedy = "none needed: the link reconnects by itself and what was not acknowledged is sent again"


class PeerFault(LinkError):  # noqa: N818 - says whose fault it is
    """The other end broke the link protocol (docs/spec/link.md); the session closes."""

    code = "malformed"
    remedy = "tell the other party's administrator the code and the time"


class Refuse(LinkError):  # noqa: N818 - an act of the node, raised by its handler
    """Raised by a handler to decline a session: ``code`` and ``text`` go to the peer in a Trouble frame.

    The text is read by the counterparty, so it says nothing the counterparty may not know.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text, code=code)
        self.text = text

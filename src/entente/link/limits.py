"""The bounds of the link, in one place: what a hostile or broken peer can cost this node (docs/spec/link.md)."""

import msgspec

KIB = 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds of the event loop's clock, sizes in bytes.

    The defaults are those of docs/spec/link.md; tests shorten them.
    """

    connect: float = 3.0
    """TCP connection; short so that an attempt begun before the peer returned does not outlive a back-off step."""
    handshake: float = 10.0
    """The TLS handshake."""
    hello: float = 10.0
    """From the end of the handshake to the peer's whole first frame."""
    frame: float = 30.0
    """From the first byte of a frame to its last."""
    ping: float = 5.0
    """A session on which nothing was sent for this long sends a ping."""
    silence: float = 15.0
    """A session on which nothing arrived for this long is closed."""
    stall: float = 60.0
    """A session whose peer takes no byte of a full write buffer for this long is closed."""
    probe: float = 1.0
    """How long an existing session has to show life when a second one arrives."""
    shutdown: float = 5.0
    """What is still in the write buffer has this long to leave on close."""
    grace: float = 10.0
    """A handler has this long to return once its session is closed; then it is cancelled."""
    backoff_first: float = 0.1
    backoff_cap: float = 5.0
    """Time between the beginnings of two attempts to dial: doubles from first to cap, less a jitter."""
    backoff_urgent: float = 1.0
    """The cap while something urgent waits (FLASH leaves within 5 s of the peer's return)."""
    settled: float = 5.0
    """A session that lasted this long resets the back-off; a peer that hangs up at once does not get a busy loop."""
    read_buffer: int = 256 * KIB
    """Bytes read ahead of the handler before reading pauses (a larger frame may exceed it by itself alone)."""
    write_buffer: int = 1024 * KIB
    """Bytes not yet taken by the network before ``send`` waits."""
    pending: int = 64
    """Connections that have not said hello; one more evicts the oldest."""
    pending_per_address: int = 8
    """The same, from one IP address."""

"""A paired party that attacks: the test speaks TLS to ``kr`` with the real keys of ``jp``, whose node stands still.

``us`` has an agreement of its own with ``kr`` and must notice nothing. When the attack is over the real ``jp`` starts
on the same directory, as an operator would after getting it back, and everything has to be in order again.
"""

import json
import socket
import ssl
import struct
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support_faults import SMALL, FaultNode, World, until
from support_pair import Forger
from support_proxy import between
from support_stop import OCTOBER, Party, copy_template

from entente.link.tls import ALPN
from entente.node.clock import SimulatedClock
from entente.node.home import Home
from entente.node.outgoing import hello
from entente.record.frames import AnyFrame, Hello, Trouble, decode_frame, encode_frame, with_length

TIMEOUT = 20.0
_LENGTH = struct.Struct(">I")


class Line:
    """A connection to ``kr`` that the test holds the other end of."""

    def __init__(self, end: ssl.SSLSocket) -> None:
        self._end = end
        self._end.settimeout(TIMEOUT)

    def raw(self, data: bytes) -> None:
        """Say bytes; that the other end has hung up meanwhile is not the attacker's concern."""
        with suppress(OSError):
            self._end.sendall(data)

    def say(self, *frames: AnyFrame) -> None:
        self.raw(b"".join(with_length(encode_frame(frame)) for frame in frames))

    def hear(self) -> AnyFrame:
        """The next frame.

        Raises:
            OSError: the other end has hung up, or says nothing.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return decode_frame(self._exactly(length))

    def hear_out(self) -> str:
        """Listen until the other end hangs up; the code of the trouble it gave, or ""."""
        code = ""
        with suppress(ConnectionError, ssl.SSLError):
            while True:
                frame = self.hear()
                if isinstance(frame, Trouble):
                    code = frame.code
        return code

    def until(self, kind: type) -> AnyFrame:
        """The next frame of a kind."""
        while not isinstance(frame := self.hear(), kind):
            pass
        return frame

    def close(self) -> None:
        self._end.close()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._end.recv(count - len(data))
            if not piece:
                raise ConnectionResetError("hung up")
            data += piece
        return data


class Siege(World):
    """``kr`` under attack by ``jp``, and ``us``, which has to do with neither."""

    us: FaultNode
    friend: FaultNode
    attacker: Party
    port: int
    sockets: ExitStack

    def knock(self) -> socket.socket:
        """A connection on which nothing has been said."""
        return self.sockets.enter_context(socket.create_connection(("127.0.0.1", self.port), TIMEOUT))

    def connect(self) -> Line:
        """A connection with the real keys of ``jp``, on which hello has not been said."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([ALPN])
        tls = self.attacker.home.path / "tls"
        context.load_cert_chain(tls / "cert.pem", tls / "key.pem", self.attacker.node.keyring.tls_password)
        return Line(self.sockets.enter_context(context.wrap_socket(self.knock())))

    def greet(self, **changes: Any) -> Line:
        """A session: hello said and heard."""
        line = self.connect()
        said = hello(self.attacker.node, "kr")
        line.say(Hello(**({name: getattr(said, name) for name in said.__struct_fields__} | changes)))
        assert isinstance(line.hear(), Hello)
        return line

    def forger(self) -> Forger:
        """Writes after the end of ``jp``'s log."""
        return Forger(self.attacker, bytes.fromhex(self.kr.agreement))

    def others_work(self) -> None:
        """What ``kr`` and ``us`` have for one another arrives and is answered, whatever ``jp`` does meanwhile."""
        given = [(node, node.give(bytes(SMALL))) for node in (self.us, self.friend)]
        for node, item in given:
            assert node.answer(item) == "received"
        assert self.kr.alive

    def peace(self, *, alarms: Collection[str] = (), bad: Collection[str] = ()) -> None:
        """The attack is over: the real ``jp`` takes its place, and both agreements are as after any other fault."""
        self.others_work()
        self.sockets.close()
        self.let_in(alarms=alarms, bad=bad)

    def let_in(self, *, alarms: Collection[str] = (), bad: Collection[str] = ()) -> None:
        """The real ``jp`` comes, whatever else stands at the door."""
        self.attacker.node.close()
        self.jp.start(OCTOBER)
        self.settle()
        for node in self:
            self.give(node, bytes(SMALL))
        self.settle_and_check(alarms=("trouble", *alarms), bad=bad)
        calm = World(self.base, self.friend, self.us, self.proxy)
        calm.settle_and_check(alarms=("trouble", *alarms))


@contextmanager
def siege(three: Path) -> Iterator[Siege]:
    """All three on a copy of the template; ``jp`` is in the test's hands."""
    with TemporaryDirectory(prefix="entente-") as name:
        base = copy_template(three, Path(name))
        made = json.loads((base / "made.json").read_text())
        jp, kr = (FaultNode(base / party, peer, made["jp-kr"]) for party, peer in (("jp", "kr"), ("kr", "jp")))
        with between(made["proxy"], made["kr"]) as proxy, ExitStack() as sockets:
            found = Siege(base, jp, kr, proxy)
            found.sockets = sockets
            found.us, found.port = FaultNode(base / "us", "kr", made["kr-us"]), made["kr"]
            found.attacker = Party(Home(base / "jp"), SimulatedClock(OCTOBER))
            try:
                kr.start(OCTOBER)
                found.us.start(OCTOBER)
                found.friend = kr.beside("us", made["kr-us"])
                until(lambda: found.us.ready and found.friend.ready and found.us.up, "kr and us have met")
                yield found
            finally:
                sockets.close()
                for node in (jp, kr, found.us):
                    node.stop()

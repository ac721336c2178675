"""The pages of the formats say what the code does."""

import re
from pathlib import Path

import msgspec
import pytest
from linked import hello

from entente.link import bundle, errors
from entente.link.bundle import BundleError, BundleHeader, write_bundle
from entente.link.limits import Limits
from entente.link.ways import JITTER
from entente.record.frames import MAX_FRAME, Ping, encode_frame, with_length
from entente.sealing.canonical import decode
from entente.sealing.seal import SealingKey

SPEC = Path(__file__).parents[3] / "docs" / "spec"
SOURCE = Path(errors.__file__).parent


def test_every_failure_of_a_bundle_is_on_its_page() -> None:
    codes = {error.code for error in BundleError.__subclasses__()}
    assert codes == set(re.findall(r"`((?:BUNDLE|NOT_A)_[A-Z_]+)`", (SPEC / "bundle.md").read_text()))
    assert all(error.remedy and error.__doc__ for error in BundleError.__subclasses__())


def test_every_code_of_the_link_is_on_its_page() -> None:
    page = (SPEC / "link.md").read_text()
    source = "".join((SOURCE / name).read_text() for name in ("wire.py", "session.py", "transport.py", "ways.py"))
    codes = set(re.findall(r'(?:code=|Refuse\()"([a-z-]+)"', source)) | {errors.PeerFault.code}
    assert codes == set(re.findall(r"^\|.*\| `([a-z-]+)` \|$", page, re.MULTILINE))


def test_the_example_of_a_frame_is_a_frame() -> None:
    (example,) = re.findall(r"^    (00000007 [0-9a-f ]+)$", (SPEC / "link.md").read_text(), re.MULTILINE)
    assert bytes.fromhex(example) == with_length(encode_frame(Ping(1)))
    assert f"{MAX_FRAME:,}" in (SPEC / "link.md").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("connect", "| TCP connection | {:g} s |"),
        ("handshake", "| TLS handshake | {:g} s |"),
        ("hello", "from the end of the handshake | {:g} s |"),
        ("frame", "from its first byte to its last | {:g} s |"),
        ("pending", "in all | {} |"),
        ("pending_per_address", "from one address | {} |"),
        ("shutdown", "still to be sent on close | {:g} s |"),
        ("grace", "once its session is closed | {:g} s |"),
        ("ping", "has sent nothing for {:g} s SHOULD"),
        ("silence", "no byte for {:g} s closes"),
        ("stall", "send a byte for {:g} s closes"),
        ("probe", "within {:g} s, the new"),
        ("backoff_first", "is {:g} s and doubles"),
        ("backoff_cap", "doubles up to {:g} s"),
        ("settled", "A session that lasted {:g} s"),
    ],
)
def test_the_bounds_on_the_page_are_those_of_the_code(name: str, said: str) -> None:
    page = " ".join((SPEC / "link.md").read_text().split())
    assert said.format(msgspec.structs.asdict(Limits())[name]) in page
    assert "between {} and {}".format(*JITTER) in page


def test_the_example_of_a_bundle_is_how_one_begins(tmp_path: Path) -> None:
    page = (SPEC / "bundle.md").read_text()
    key = SealingKey.generate()
    write_bundle(tmp_path / "b", [hello("jp")], writer="jp", recipient="kr", recipient_key=key.public)
    data = (tmp_path / "b").read_bytes()
    example = re.findall(r"^    ([0-9a-f. ]+?)  +(?:magic|the header|\[|sealed)", page, re.MULTILINE)
    said = re.compile("".join(example).replace(" ", "").replace("................", "[0-9a-f]{16}").replace("...", ""))
    assert said.match(data.hex())
    header = decode(BundleHeader, data[21 : 21 + int.from_bytes(data[17:21], "big")])
    assert f"{len(header.sealed):,} bytes" in page
    assert len(bundle.MAGIC) == 17

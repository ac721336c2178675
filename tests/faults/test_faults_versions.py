"""One side is upgraded: it says a higher protocol number, and sends what this one does not know."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from support_faults import SMALL, until
from support_hostile import Siege, siege

from entente.node.outgoing import hello
from entente.record.bodies import NationalHead, Received
from entente.record.frames import Cosigned, Hello, encode_frame, with_length
from entente.sealing.canonical import decode, encode

A_HEAD = encode(NationalHead(bytes(32)))


@pytest.fixture
def under(three: Path) -> Iterator[Siege]:
    with siege(three) as found:
        yield found


def test_a_peer_of_a_higher_protocol_is_answered_in_ours_and_heard(under: Siege) -> None:
    """``Hello.protocol`` is the highest that a node speaks; both speak the lower of the two."""
    line = under.connect()
    said = hello(under.attacker.node, "kr")
    line.say(Hello(**({name: getattr(said, name) for name in said.__struct_fields__} | {"protocol": 99})))
    answer = line.hear()
    assert isinstance(answer, Hello), "the session was refused"
    assert 1 <= answer.protocol < 99
    forger = under.forger()
    line.say(forger.frame(forger.entry("national", A_HEAD)))
    line.until(Cosigned)
    until(lambda: under.kr.ready, "kr counts it as met")
    line.close()
    under.peace(alarms=("restored", "heads"))


def test_an_unknown_kind_of_frame_ends_that_session_and_the_log_goes_on(under: Siege) -> None:
    """Under the protocol agreed on there is no such frame."""
    line = under.greet()
    line.raw(with_length(b"\x92\xa7novelty\x01"))
    assert line.hear_out() == "malformed"
    under.peace()


def test_an_unknown_field_of_a_frame_ends_that_session_and_the_log_goes_on(under: Siege) -> None:
    line = under.greet()
    forger = under.forger()
    data = encode_frame(forger.frame(forger.entry("national", A_HEAD)))
    assert data[0] == 0x98
    line.raw(with_length(b"\x99" + data[1:] + b"\x01"))
    assert line.hear_out() == "malformed"
    under.peace()


def receipts(under: Siege) -> dict[int, str]:
    """What kr's receipts refuse of jp's log, by entry."""
    sql = (
        "SELECT data FROM entry JOIN log ON log.id = log JOIN body ON body.id = ((log << 44) | (seq << 4))"
        " WHERE kind = 'received' AND writer = 'kr' AND agreement = ?"
    )
    with closing(connect(f"file:{under.kr.home.path / 'store.db'}?mode=ro", uri=True)) as store:
        found = [row[0] for row in store.execute(sql, (bytes.fromhex(under.kr.agreement),))]
    answers = [of for body in found for of in decode(Received, body[32:]).of if of.writer == "jp"]
    return {refused.seq: refused.code for of in answers for refused in of.refused}


def test_unknown_kinds_of_entries_and_unknown_fields_are_kept_and_refused_and_the_log_goes_on(under: Siege) -> None:
    """Never dropped, or the tree would not give its root; never taken for something they are not."""
    forger = under.forger()
    novelty = forger.entry("novelty", b"of another year")
    stranger = forger.entry("national", b"\x92" + A_HEAD[1:] + b"\x01")  # a field more than this node knows
    known = forger.entry("national", A_HEAD)
    line = under.greet()
    line.say(forger.frame(novelty, stranger, known))
    until(lambda: forger.first in receipts(under), "a receipt names it")
    refused = receipts(under)
    assert refused[forger.first] == "UNKNOWN_KIND"
    assert refused[forger.first + 1] == "MALFORMED"
    assert forger.first + 2 not in refused
    entries = under.kr.call("log.show", agreement=under.kr.agreement)["entries"]
    assert [each["kind"] for each in entries if each["writer"] == "jp"][-3:] == ["novelty", "national", "national"]
    item = under.give(under.kr, bytes(SMALL))
    line.close()
    assert under.kr.state(item) is None
    under.peace(alarms=("restored", "heads"), bad=("MALFORMED",))
    assert under.kr.state(item) == "received"

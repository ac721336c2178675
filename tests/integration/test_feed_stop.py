"""A feed stops exactly: what it released has its instant before the end, and what came after is nowhere."""

from pathlib import Path

import pytest
from support_kill import running, until
from support_stop import END, open_pair, verified
from test_feed import HOUR, approved, feeding, framed

from entente.domain.agreement.instants import format_instant
from entente.node.clock import SimulatedClock


@pytest.mark.parametrize("what", ["the agreement", "the standing release"])
def test_a_feed_stops_at_the_end(ending: Path, tmp_path: Path, what: str) -> None:
    end = END if what == "the agreement" else END - HOUR
    with running(ending, end - 2) as nodes:
        jp = nodes["jp"]
        name = approved(jp, END + HOUR if what == "the agreement" else end)
        with feeding(jp, standing=name) as feed:
            feed.line()
            feed.send(framed(b"in time"))
            until(lambda: feed.line()["received"] == 1, "it is received")
            for node in nodes.values():
                node.turn(end)
            feed.send(framed(b"too late", b"later still"))
            error = feed.end()["error"]
        said = {reason["code"]: reason["text"] for reason in error["reasons"]}
        if what == "the agreement":
            assert "AGREEMENT_NOT_IN_FORCE" in said
        else:
            assert format_instant(end) in said["RELEASE_AUTHORITY_MISSING"]
        for node in nodes.values():
            node.stop()
        base = jp.home.path.parent
        pair = open_pair(base, SimulatedClock(end), SimulatedClock(end))
        assert len(pair.jp.transfers()) == 2
        assert all(instant < end for instant in pair.jp.transfers())
        assert [verified(base, party).ok for party in pair] == [True, True]
        pair.close()

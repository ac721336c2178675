"""What fails on the way leaves a node that goes on: the same request works once the cause is gone."""

import asyncio
from pathlib import Path

import pytest
from support_pair import outcome, standing
from support_stop import AGREEMENT, Pair

from entente.node import agreements, daemon, evidence
from entente.node.daemon import Daemon
from entente.store.errors import FullError
from entente.store.transaction import Transaction


def test_a_proposal_that_the_store_could_not_take_can_be_made_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "later"')
    before = standing(pair.jp.node)

    def full(*_args: object, **_named: object) -> None:
        raise FullError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "create_log", full)
        assert outcome(lambda: agreements.propose(pair.jp.node, data)) == "DISK_FULL"
    assert standing(pair.jp.node) == before
    agreements.propose(pair.jp.node, data)


def test_evidence_that_cannot_be_written_is_a_refusal_that_says_so(pair: Pair, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "evidence"
    work = lambda: evidence.export(pair.jp.node, pair.jp.ledger, target, disclose=False)  # noqa: E731
    assert outcome(work) == "EVIDENCE_NOT_WRITTEN"


def test_a_look_at_the_clock_that_fails_is_followed_by_the_next(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks keep the high-water mark; were they to end with one accident, nobody would be told."""
    monkeypatch.setattr(daemon, "TICK", 0.01)
    running = Daemon(pair.jp.node)
    looks: list[int] = []

    def boundaries() -> tuple[int, dict[bytes, int | None]]:
        looks.append(len(looks))
        if len(looks) < 3:
            raise ValueError("no such day")
        return pair.jp.node.instant(), {}

    monkeypatch.setattr(running, "_boundaries", boundaries)

    async def play() -> None:
        ticking = asyncio.create_task(running._tick())
        while len(looks) < 2:
            await asyncio.sleep(0.01)
        assert "store" in pair.jp.node.alarms
        while len(looks) < 5:
            await asyncio.sleep(0.01)
        ticking.cancel()

    asyncio.run(asyncio.wait_for(play(), 20))
    assert "store" not in pair.jp.node.alarms

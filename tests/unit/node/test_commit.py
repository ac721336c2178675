"""The one way to write: instant, work, second look at the clock, COMMIT; against a real store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from entente.node.commit import ATTEMPTS, Committer, Work
from entente.node.errors import NodeError, NotReadyError, RefusedError
from entente.node.ledger import Ledger
from entente.store.errors import BusyError, ConflictError, FullError, StoreError
from entente.store.sqlite import Store

END = 1_000
AGREEMENT = b"a" * 32


class Times:
    """A node's instants: one for each look, the last for ever; never back behind what was seen."""

    def __init__(self, *readings: int) -> None:
        self.readings = list(readings)
        self.high = 0
        self.at_look: Callable[[], None] = lambda: None

    def instant(self) -> int:
        self.at_look()
        self.saw(self.readings.pop(0) if len(self.readings) > 1 else self.readings[0])
        return self.high

    def saw(self, instant: int) -> None:
        self.high = max(self.high, instant)


class Bench:
    """A committer, and everything it was seen to do."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path / "store.db")
        self.times = Times(0)
        self.ledger = Ledger(AGREEMENT, "jp", {})
        self.begun = Ledger(b"b" * 32, "jp", {})
        self.forgotten: list[Ledger] = []
        self.told: list[set[bytes]] = []
        self.committer = Committer(self.store, self.times, self.forgotten.append)
        self.committer.committed = lambda touched: self.told.append(set(touched))

    def as_before(self) -> bool:
        """Whether the ledger that the work changes is as it was, and the one it began is forgotten."""
        return self.ledger.national_since == 0 and self.ledger.logs == {} and self.begun in self.forgotten

    def until_the_end(self, unit: Work) -> int:
        """Work that may be done before the end, and says when it was."""
        unit.touch(self.ledger)
        unit.touch(self.begun, new=True)
        self.ledger.national_since = unit.at
        if unit.at >= END:
            raise RefusedError("ENDED", "ended", "Nothing.")
        unit.holds_until(END)
        unit.tx.put("done", str(unit.at).encode())
        return unit.at

    def run(self, work: Callable[[Work], object], *readings: int) -> object:
        self.times.readings = list(readings)
        return self.committer.run(work)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def test_the_clock_is_looked_at_under_the_write_lock_at_first_and_once_more_before_commit(
    bench: Bench, tmp_path: Path
) -> None:
    events: list[str] = []
    with Store(tmp_path / "store.db") as other:
        other._writer.execute("PRAGMA busy_timeout=0")

        def look() -> None:
            with pytest.raises(BusyError), other.write():
                pass
            events.append("look")

        bench.times.at_look = look
        bench.run(lambda unit: events.append("work"), 5)
    assert events == ["look", "work", "look"]


def test_work_done_in_time_is_committed_at_its_first_instant(bench: Bench) -> None:
    assert bench.run(bench.until_the_end, END - 2, END - 1, END) == END - 2
    assert bench.store.get("done") == str(END - 2).encode()
    assert (bench.told, bench.forgotten) == ([{AGREEMENT, bench.begun.agreement}], [])
    assert bench.ledger.national_since == END - 2


def test_work_that_the_clock_overtakes_is_rolled_back_and_judged_again(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="ended"):
        bench.run(bench.until_the_end, END - 1, END)
    assert bench.store.get("done") is None
    assert (bench.told, bench.forgotten) == ([], [bench.begun, bench.begun])
    assert bench.as_before()


def test_what_nothing_decided_bounds_is_not_overtaken(bench: Bench) -> None:
    def work(unit: Work) -> None:
        unit.holds_until(None)
        unit.tx.put("done", b"")

    bench.run(work, END - 1, END + 1_000_000)
    assert bench.store.get("done") == b""


def test_the_earliest_of_several_bounds_counts(bench: Bench) -> None:
    tried: list[int] = []

    def work(unit: Work) -> None:
        tried.append(unit.at)
        for bound in (unit.at + 50, unit.at + 10, None, unit.at + 30):
            unit.holds_until(bound)

    bench.run(work, 100, 110, 110, 119)
    assert tried == [100, 110]


def test_an_instant_seen_in_the_work_counts_as_the_clock(bench: Bench) -> None:
    """A peer's entry dated at the end overtakes what was decided before it was read."""

    def work(unit: Work) -> None:
        bench.until_the_end(unit)
        unit.saw(END)

    with pytest.raises(NotReadyError) as refused:
        bench.run(work, END - 1)
    assert refused.value.code == "OVERTAKEN"
    assert bench.store.get("done") is None


def test_an_instant_that_was_committed_is_never_gone_back_behind(bench: Bench) -> None:
    bench.run(lambda unit: unit.saw(700), 5)
    assert bench.run(lambda unit: unit.at, 5) == 700


def test_an_instant_that_was_rolled_back_moves_nothing(bench: Bench) -> None:
    def work(unit: Work) -> None:
        unit.saw(700)
        raise RefusedError("NO", "no", "Nothing.")

    with pytest.raises(RefusedError):
        bench.run(work, 5)
    assert bench.run(lambda unit: unit.at, 5) == 5


def test_a_status_that_keeps_changing_is_refused_in_the_end(bench: Bench) -> None:
    tried: list[int] = []

    def work(unit: Work) -> None:
        tried.append(unit.at)
        unit.holds_until(unit.at + 1)

    with pytest.raises(NotReadyError) as refused:
        bench.run(work, *range(1, 100))
    assert refused.value.code == "OVERTAKEN"
    assert len(tried) == ATTEMPTS
    assert bench.told == []


@pytest.mark.parametrize("error", [ConflictError("conflict"), FullError("full"), BusyError("busy")])
def test_an_error_of_the_store_is_a_refusal_and_memory_is_as_before(bench: Bench, error: StoreError) -> None:
    undone: list[int] = []

    def work(unit: Work) -> None:
        bench.until_the_end(unit)
        unit.undo.append(lambda: undone.append(1))
        raise error

    with pytest.raises(NotReadyError) as refused:
        bench.run(work, 5)
    assert (refused.value.code, refused.value.remedy) == (error.code, error.remedy)
    assert (bench.store.get("done"), bench.as_before(), bench.told) == (None, True, [])
    assert undone == []  # an error of COMMIT may leave it standing, and its keys with it


@pytest.mark.parametrize("error", [RefusedError("NO", "no", "Nothing."), ZeroDivisionError()])
def test_whatever_the_work_raises_rolls_it_back(bench: Bench, error: Exception) -> None:
    def work(unit: Work) -> None:
        bench.until_the_end(unit)
        raise error

    with pytest.raises(type(error)):
        bench.run(work, 5)
    assert (bench.store.get("done"), bench.as_before(), bench.told) == (None, True, [])


def test_what_was_done_outside_the_transaction_is_taken_back_in_reverse_when_it_is_rolled_back(bench: Bench) -> None:
    undone: list[str] = []

    def work(unit: Work) -> None:
        unit.undo.append(lambda: undone.append("first"))
        unit.undo.append(lambda: undone.append("second"))
        bench.until_the_end(unit)

    with pytest.raises(NodeError):
        bench.run(work, END - 1, END)
    assert undone == ["second", "first"] * 2
    undone.clear()
    bench.times.high = 0
    bench.run(work, END - 1)
    assert undone == []


def test_steps_after_the_commit_find_it_durable_and_never_follow_a_roll_back(bench: Bench) -> None:
    found: list[bytes | None] = []

    def work(unit: Work) -> None:
        unit.after.append(lambda: found.append(bench.store.get("done")))
        bench.until_the_end(unit)

    bench.run(work, END - 1)
    assert found == [str(END - 1).encode()]
    with pytest.raises(RefusedError):
        bench.run(work, END)
    assert len(found) == 1


def test_what_is_committed_is_told_also_where_a_step_after_it_fails(bench: Bench) -> None:
    """It stands: the peers are to have it, whatever became of the step."""
    told: list[bytes | None] = []
    bench.committer.committed = lambda _: told.append(bench.store.get("done"))

    def fail() -> None:
        raise OSError("the file could not be removed")

    def work(unit: Work) -> None:
        unit.after.append(fail)
        bench.until_the_end(unit)

    bench.run(work, END - 1)
    assert told == [str(END - 1).encode()]


def test_commit_waits_for_what_was_begun_beside_it_and_its_failure_is_a_refusal(bench: Bench) -> None:
    """A key's file that cannot be synced: the item that needs it is not in the record."""

    def fail() -> None:
        assert bench.store.get("done") is None
        raise FullError("the disk is full")

    def work(unit: Work) -> None:
        unit.before.append(fail)
        bench.until_the_end(unit)

    with pytest.raises(NotReadyError) as refused:
        bench.run(work, END - 1)
    assert refused.value.code == "DISK_FULL"
    assert (bench.store.get("done"), bench.as_before(), bench.told) == (None, True, [])


def test_the_clock_is_looked_at_after_what_commit_waits_for(bench: Bench) -> None:
    waited: list[int] = []

    def work(unit: Work) -> int:
        unit.before.append(lambda: waited.append(len(bench.times.readings)))
        return bench.until_the_end(unit)

    with pytest.raises(RefusedError, match="ended"):
        bench.run(work, END - 1, END)
    assert waited == [1]


def test_what_waits_for_the_next_transaction_is_written_once_and_not_lost_with_a_refused_one(bench: Bench) -> None:
    written: list[int] = []
    bench.committer.aside.append(lambda tx: (written.append(1), tx.put("aside", b"%d" % len(written))))
    with pytest.raises(RefusedError):
        bench.run(bench.until_the_end, END)
    assert (bench.store.get("aside"), len(bench.committer.aside)) == (None, 1)
    bench.times.high = 0
    bench.run(bench.until_the_end, END - 1)
    assert (bench.store.get("aside"), written) == (b"2", [1, 1])
    bench.run(lambda _: None, END - 1)
    assert written == [1, 1]


def test_what_waits_for_the_next_transaction_can_be_written_at_once(bench: Bench) -> None:
    bench.committer.settle()
    assert bench.committer.commits == 0
    bench.committer.aside.append(lambda tx: tx.put("aside", b"written"))
    bench.committer.settle()
    assert bench.store.get("aside") == b"written"

"""What every store of a node keeps to, whatever it is made of; a store joins by a factory in test_contract.py."""

from collections.abc import Callable
from typing import Any

import pytest

from entente.store.errors import ConflictError, StoreError
from entente.store.reader import body_id
from entente.store.rows import AwaitedRow, NewEntry

AGREEMENT = bytes(range(32))
Opened = Callable[[], Any]
"""Opens the store that the test plays with, anew each time: the same data, another set of connections."""


def entry(number: int, *bodies: tuple[bool, bytes] | None) -> NewEntry:
    return NewEntry("act", 1000 + number, b"envelope %d" % number, bodies)


class StoreContract:
    """Cases; a subclass gives the fixture ``opened``."""

    def test_an_append_stands_whole_after_it_is_opened_again(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
            tx.append(
                head, [entry(0, (False, b"clear"), None), entry(1)], root=b"r2", frontier=b"f2", checkpoint="note"
            )
        with opened() as store:
            (log,) = store.logs()
            assert log[1:] == (AGREEMENT, "jp", "0" * 16, 2, b"r2", b"f2", 1001, "note")
            assert [row.envelope for row in store.entries(log.id, 0, 9)] == [b"envelope 0", b"envelope 1"]
            assert [row.seq for row in store.entries(log.id, 1, 9)] == [1]
            assert store.bodies(log.id, 0) == {0: (False, b"clear")}

    @pytest.mark.parametrize("stale", ["size", "root"])
    def test_an_append_from_a_head_that_has_moved_is_a_conflict_and_writes_nothing(
        self, opened: Opened, stale: str
    ) -> None:
        with opened() as store:
            with store.write() as tx:
                first = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
                head = tx.append(first, [entry(0)], root=b"r1", frontier=b"f1", checkpoint="")
            wrong = first if stale == "size" else head._replace(root=b"another")
            with pytest.raises(ConflictError), store.write() as tx:
                tx.append(wrong, [entry(7)], root=b"x", frontier=b"x", checkpoint="")
            assert store.log(head.id) == head
            assert len(store.entries(head.id, 0, 9)) == 1

    def test_of_two_writers_from_one_head_one_is_a_conflict(self, opened: Opened) -> None:
        with opened() as one, opened() as other:
            with one.write() as tx:
                head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
            with one.write() as tx:
                tx.append(head, [entry(0)], root=b"r1", frontier=b"f1", checkpoint="")
            with pytest.raises(ConflictError), other.write() as tx:
                tx.append(head, [entry(0)], root=b"other", frontier=b"f1", checkpoint="")
            assert other.log(head.id).root == b"r1"

    def test_a_transaction_that_raises_leaves_nothing(self, opened: Opened) -> None:
        with opened() as store:
            with pytest.raises(RuntimeError), store.write() as tx:
                head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
                head = tx.append(head, [entry(0, (True, b"s"))], root=b"r1", frontier=b"f1", checkpoint="")
                tx.put("key", b"value")
                tx.put_wraps([(head.id, 0, "kr", b"w", 3)])
                tx.put_bodies([(body_id(head.id, 0, 1), True, b"later")])
                tx.await_parts([AwaitedRow(head.id, 0, "payload", "item")])
                tx.enter([(head.id, 0, "kr", "given", "item", "sent", 1)])
                tx.put_secret("epoch", b"id", 1, b"s")
                tx.put_evidence("kr", "two", 1)
                raise RuntimeError
            empty = [store.logs(), store.awaiting(), store.register(), store.secrets("epoch"), store.evidence()]
            assert empty == [[], [], [], [], []]
            assert store.get("key") is None

    def test_an_entry_is_appended_once(self, opened: Opened) -> None:
        with opened() as store:
            with store.write() as tx:
                head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
                tx.append(head, [entry(0)], root=b"r1", frontier=b"f1", checkpoint="")
            with pytest.raises(StoreError), store.write() as tx:
                tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
            assert len(store.logs()) == 1

    def test_history_is_in_the_order_of_commits_over_all_logs(self, opened: Opened) -> None:
        with opened() as store:
            with store.write() as tx:
                logs = [tx.create_log(AGREEMENT, name, "0" * 16, root=b"0", frontier=b"0") for name in ("jp", "kr")]
            for number, at in enumerate((1, 0, 1, 1, 0)):
                with store.write() as tx:
                    logs[at] = tx.append(logs[at], [entry(number)], root=b"%d" % number, frontier=b"f", checkpoint="")
            assert [row.envelope for row in store.history(AGREEMENT)] == [b"envelope %d" % n for n in range(5)]
            assert list(store.history(bytes(32))) == []

    def test_the_nearest_earlier_frontier_is_found(self, opened: Opened) -> None:
        with opened() as store:
            with store.write() as tx:
                head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"0", frontier=b"0")
                for start in range(0, 1100, 100):
                    entries = [entry(start + n) for n in range(100)]
                    head = tx.append(head, entries, root=b"%d" % start, frontier=b"f%d" % (start + 100), checkpoint="")
            assert store.frontier_before(head.id, 500) is None
            assert store.frontier_before(head.id, 1023) == (600, b"f600")
            assert store.frontier_before(head.id, 1100) == (1100, b"f1100")

    def test_history_can_be_asked_for_the_facts_alone(self, opened: Opened) -> None:
        with opened() as store:
            with store.write() as tx:
                logs = [tx.create_log(AGREEMENT, name, "0" * 16, root=b"0", frontier=b"0") for name in ("jp", "kr")]
                for number, at in enumerate((1, 0, 1, 1, 0)):
                    added = entry(number)._replace(fact=number % 2 == 0)
                    logs[at] = tx.append(logs[at], [added], root=b"%d" % number, frontier=b"f", checkpoint="")
            found = [row.envelope for row in store.history(AGREEMENT, facts=True)]
            assert found == [b"envelope 0", b"envelope 2", b"envelope 4"]
            assert list(store.history(bytes(32), facts=True)) == []

    def test_bodies_of_one_entry_are_never_those_of_its_neighbours(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            logs = [tx.create_log(AGREEMENT, name, "0" * 16, root=b"0", frontier=b"0").id for name in ("jp", "kr")]
            places = [(log, seq, place) for log in logs for seq in (0, 1, 2) for place in (0, 1, 15)]
            tx.put_bodies([(body_id(*at), bool(at[2]), b"%d/%d/%d" % at) for at in places])
            for log, seq in {at[:2] for at in places}:
                expected = {place: (bool(place), b"%d/%d/%d" % (log, seq, place)) for place in (0, 1, 15)}
                assert tx.bodies(log, seq) == expected
                assert tx.bodies_between(log, seq, seq) == {seq: expected}
            assert sorted(tx.bodies_between(logs[0], 1, 2)) == [1, 2]
            tx.drop_bodies(logs[0], 1)
            assert sorted(tx.bodies_between(logs[0], 0, 2)) == [0, 2]
            assert sorted(tx.bodies_between(logs[1], 0, 2)) == [0, 1, 2]

    def test_what_waits_for_a_recipient_is_found_by_its_precedence(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"0", frontier=b"0").id
            given = [(0, "kr", 3), (1, "kr", 0), (1, "us", 3), (2, "kr", 3), (3, "kr", 2), (4, "kr", 0)]
            tx.put_wraps([(head, seq, party, b"%d" % seq, rank) for seq, party, rank in given])
            assert tx.waits(head, "kr", 0, 0) == 1
            assert tx.waits(head, "kr", 0, 2) == 4
            assert tx.waits(head, "us", 0, 0) is None
            assert tx.ranks(head, "kr", 0, 3) == {0: 3, 1: 0, 2: 3, 3: 2}
            assert tx.wraps(head, "kr", 2, 9) == {2: (b"2", 3), 3: (b"3", 2), 4: (b"4", 0)}
            assert sorted(tx.urgent()) == [(head, "kr", 0, 4), (head, "kr", 2, 3)]
            tx.drop_wraps(head, (1, 4), "kr")
            assert (tx.waits(head, "kr", 0, 0), tx.urgent()) == (None, [])
            assert (tx.wrap(head, 0, "kr"), tx.wrap(head, 1, "us")) == (b"0", b"1")

    def test_what_is_awaited_is_replaced_by_what_comes_next_and_ends(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            rows = [AwaitedRow(1, seq, "body", "") for seq in (4, 2, 3)]
            tx.await_parts(rows)
            tx.await_parts([AwaitedRow(1, 3, "payload", "item")])
            assert [(row.seq, row.part, row.item) for row in tx.awaiting(1)] == [
                (2, "body", ""),
                (3, "payload", "item"),
                (4, "body", ""),
            ]
            assert tx.awaiting(2) == []
            assert len(tx.awaiting(1, 2)) == 2
            tx.end_awaiting(1, [2, 4])
            assert tx.awaiting() == [AwaitedRow(1, 3, "payload", "item")]
            assert tx.awaited(1, 2) is None

    def test_an_older_cosignature_never_replaces_a_newer_one(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            for size in (5, 3, 5, 7, 6):
                tx.put_cosigned(1, "kr", size, f"note {size}")
            tx.put_cosigned(1, "us", 1, "another's")
            assert tx.cosigned(1) == {"kr": (7, "note 7"), "us": (1, "another's")}

    def test_lines_of_the_register_are_found_by_their_entries_in_their_order(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            given = ((1, seq, to, "given", f"item-{seq}", "sent", 5) for seq in (9, 4, 6) for to in ("us", "jp"))
            tx.enter([*given, (2, 6, "jp", "held", "other", "held", 5)])
            found = tx.register_between(1, 4, 8)
            shown = {seq: [line.party for line in lines] for seq, lines in found.items()}
            assert shown == {4: ["us", "jp"], 6: ["us", "jp"]}

    def test_the_first_answer_on_a_line_of_the_register_stands(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            tx.enter([(1, 4, "kr", "given", "item", "sent", 10)])
            (line,) = tx.register("given")
            number = line.number
            tx.answer(1, (4, 4), "kr", "given", "received", 20)
            tx.answer(1, (4, 4), "kr", "given", "refused: SEAL", 30)
            tx.mark_opened(number, 40)
            tx.mark_opened(number, 50)
            (line,) = tx.register("given")
            assert (line.state, line.answered, line.opened) == ("received", 20, 40)
            assert tx.register("held") == []
            assert tx.register_items("item") == [line]
            assert tx.register_line(1, 4, "given") == line

    def test_what_is_destroyed_is_gone_and_the_entry_stays(self, opened: Opened) -> None:
        with opened() as store:
            with store.write() as tx:
                head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"0", frontier=b"0")
                tx.append(head, [entry(0, (True, b"sealed"))], root=b"1", frontier=b"1", checkpoint="")
                tx.put_bodies([(body_id(head.id, 0, 1), True, b"another")])
                tx.put_wraps([(head.id, 0, "kr", b"wrap", 0)])
            with store.write() as tx:
                tx.drop_bodies(head.id, 0)
                tx.drop_wraps(head.id, (0, 0), "kr")
            assert store.bodies(head.id, 0) == {}
            assert store.wrap(head.id, 0, "kr") is None
            assert len(store.entries(head.id, 0, 9)) == 1

    def test_secrets_come_oldest_first_and_evidence_is_kept_for_good(self, opened: Opened) -> None:
        with opened() as store, store.write() as tx:
            tx.put_secret("sealing", b"b", 2, b"two")
            tx.put_secret("sealing", b"a", 1, b"one")
            tx.put_secret("epoch", b"c", 0, b"other")
            tx.drop_secret("epoch", b"c")
            tx.put_evidence("kr", "first", 1)
            tx.put_evidence("kr", "second", 2)
        with opened() as store:
            assert [row[2] for row in store.secrets("sealing")] == [b"one", b"two"]
            assert store.secrets("epoch") == []
            assert [text for _, text, _ in store.evidence()] == ["first", "second"]
            assert not [name for name in dir(store) if "evidence" in name and ("drop" in name or "delete" in name)]

    @pytest.mark.parametrize("count", [0, 1, 7, 8, 31, 32, 33, 75, 128])
    def test_however_many_are_written_at_once_all_stand_in_their_order(self, opened: Opened, count: int) -> None:
        with opened() as store, store.write() as tx:
            head = tx.create_log(AGREEMENT, "jp", "0" * 16, root=b"r0", frontier=b"f0")
            entries = [entry(number, (True, b"sealed %d" % number), (False, b"clear")) for number in range(count)]
            tx.append(head, entries, root=b"r1", frontier=b"f1", checkpoint="")
            tx.put_wraps([(head.id, seq, "kr", b"wrap %d" % seq, 3) for seq in range(count)])
            tx.enter([(head.id, seq, "kr", "given", f"item-{seq}", "sent", 1000 + seq) for seq in range(count)])
        with opened() as store:
            assert [row.envelope for row in store.entries(head.id, 0, 999)] == [each.envelope for each in entries]
            held = store.bodies_between(head.id, 0, 999)
            assert held == {seq: dict(enumerate(each.bodies)) for seq, each in enumerate(entries)}
            wraps = store.wraps(head.id, "kr", 0, 999)
            assert wraps == {seq: (b"wrap %d" % seq, 3) for seq in range(count)}
            lines = store.register("given")
            assert [(line.number, line.item, line.instant) for line in lines] == [
                (seq + 1, f"item-{seq}", 1000 + seq) for seq in range(count)
            ]

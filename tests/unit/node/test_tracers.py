"""An answer is overdue when the objective of the item's precedence has passed; it is told, and noted once."""

import sqlite3
from typing import Any

import msgspec
import pytest
from support_stop import END, OCTOBER, Pair, Party

from entente.domain.agreement.calendar import parse_duration
from entente.node.debts import debts, in_words
from entente.node.national import NATIONAL
from entente.node.tracers import DEFAULT, MAX_NOTED, Tracers, objective
from entente.record.envelope import MAX_BODY, SALT
from entente.store.debts import _OPEN
from entente.store.sqlite import Store

MINUTE = 60_000


def national(party: Party, kind: str) -> list[dict[str, Any]]:
    """What the national log notes of a kind."""
    store = party.node.store
    log = next(row for row in store.logs() if row.agreement == NATIONAL)
    entries = [row for row in store.entries(log.id, 0, 10_000) if row.kind == kind]
    bodies = [party.node.unlock(f"national/{row.seq}", store.bodies(log.id, row.seq)[0][1]) for row in entries]
    return [msgspec.json.decode(body[SALT:]) for body in bodies]


def later(pair: Pair, milliseconds: int) -> None:
    pair.turn(OCTOBER + milliseconds)


@pytest.mark.parametrize("precedence", list(DEFAULT))
def test_an_item_is_overdue_when_its_objective_has_passed_and_not_a_millisecond_before(
    pair: Pair, precedence: str
) -> None:
    pair.jp.release(precedence=precedence)
    tracers, length = Tracers(pair.jp.node), parse_duration(DEFAULT[precedence])
    later(pair, length - 1)
    assert tracers.look() == []
    assert "tracer/kr" not in pair.jp.node.alarms
    later(pair, length)
    assert [(each.party, each.due) for each in tracers.look()] == [("kr", OCTOBER + length)]
    assert precedence in pair.jp.node.alarms["tracer/kr"]


def test_the_objectives_of_the_terms_come_before_the_defaults(pair: Pair) -> None:
    ledger = pair.jp.ledger
    assert ledger.document is not None
    named = {"FLASH": "PT1M", "ROUTINE": "P2D"}
    ledger.projection.documents[ledger.projection.first] = msgspec.structs.replace(ledger.document, precedence=named)
    assert objective(ledger, "FLASH", OCTOBER) == MINUTE
    assert objective(ledger, "ROUTINE", OCTOBER) == 2 * 24 * 60 * MINUTE
    assert objective(ledger, "PRIORITY", OCTOBER) == parse_duration(DEFAULT["PRIORITY"])
    assert objective(ledger, "a new one", OCTOBER) == objective(ledger, "ROUTINE", OCTOBER)


def test_an_answer_ends_the_tracer_and_its_alarm(pair: Pair) -> None:
    pair.jp.release()
    tracers = Tracers(pair.jp.node)
    later(pair, 11 * MINUTE)
    assert len(tracers.look()) == 1
    pair.carry()
    assert tracers.look() == []
    assert "tracer/kr" not in pair.jp.node.alarms
    assert tracers.waiting == {}


def test_a_refusal_is_an_answer_too(pair: Pair) -> None:
    pair.jp.release()
    frames = pair.jp.leaving()
    pair.turn(END)
    pair.exchange(pair.jp, frames)
    pair.carry()
    assert [row.state for row in pair.jp.node.store.register("given")][-1].startswith("refused: ")
    assert Tracers(pair.jp.node).look() == []


def test_a_tracer_is_noted_once_in_the_national_log_over_a_restart_too(pair: Pair) -> None:
    pair.jp.release()
    later(pair, 11 * MINUTE)
    for _ in range(2):
        tracers = Tracers(pair.jp.node)  # as after a start: it remembers nothing
        for _ in range(3):
            tracers.note(tracers.look())
    noted = national(pair.jp, "tracer")
    assert [[each["party"] for each in entry["overdue"]] for entry in noted] == [["kr"]]
    assert noted[0]["overdue"][0]["due"] == OCTOBER + 10 * MINUTE
    pair.jp.release(precedence="ROUTINE")
    later(pair, 11 * MINUTE + 6 * 60 * MINUTE)
    tracers.note(tracers.look())
    assert [len(entry["overdue"]) for entry in national(pair.jp, "tracer")] == [1, 1]


def test_nothing_is_noted_before_the_start_is_checked(pair: Pair) -> None:
    pair.jp.release()
    later(pair, 11 * MINUTE)
    pair.jp.ledger.ready = False
    tracers = Tracers(pair.jp.node)
    tracers.note(tracers.look())
    assert national(pair.jp, "tracer") == []
    assert "tracer/kr" in pair.jp.node.alarms


def test_a_look_follows_answers_and_new_items_between_looks(pair: Pair) -> None:
    tracers = Tracers(pair.jp.node)
    for count in range(1, 4):
        pair.jp.release(title=str(count))
        tracers.look()
    assert tracers.waiting == {"kr": 3}
    frames = pair.jp.leaving()
    pair.jp.release(title="one more")  # as many as were answered, and another
    pair.exchange(pair.jp, frames)
    for frame in pair.kr.leaving():
        pair.jp.arriving([frame])
    later(pair, 11 * MINUTE)
    assert len(tracers.look()) == 1
    assert tracers.waiting == {"kr": 1}


def test_what_one_entry_of_the_national_log_notes_fits_into_a_body() -> None:
    each = {"register": 2**62, "item": "0" * 32, "party": "x" * 64, "precedence": "IMMEDIATE", "since": 2**62, "due": 1}
    assert len(msgspec.json.encode({"overdue": [each] * MAX_NOTED})) < MAX_BODY


def test_looking_for_overdue_answers_uses_the_index_of_what_is_not_answered(tmp_path: Any) -> None:
    with Store(tmp_path / "store.db") as store:
        for what in ("r.party, COUNT(*), MAX(r.number)", "r.number"):
            plan = store._rows(f"EXPLAIN QUERY PLAN SELECT {what} {_OPEN} GROUP BY r.party")
            assert all("register_unanswered" in row[3] for row in plan)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
            " INSERT INTO register (log, seq, party, direction, item, state, instant, answered)"
            " SELECT 1, i, 'kr', 'given', 'x', 'received', i, CASE WHEN i % 50000 THEN i END FROM n"
        )
    with Store(tmp_path / "store.db") as store:
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        store._db.set_progress_handler(step, 1)
        assert store.unanswered_marks() == {"kr": (4, 200_000)}
        assert store.unanswered_numbers("kr", 150_000) == [50_000, 100_000, 150_000]
        assert [row.number for row in store.unanswered("kr", 50_000, 2)] == [100_000, 150_000]
        assert steps < 1000  # of SQLite's machine, among 200,000 lines
    connection.close()


# Debts


def test_debts_say_in_words_whether_the_peer_holds_what_it_has_not_answered(pair: Pair) -> None:
    position = pair.jp.release()
    log = pair.jp.ledger.own
    assert log is not None
    size = pair.jp.node.store.cosigned(log.row.id)["kr"][0]
    item = debts(pair.jp.node, {"kr"})["items"][0]
    assert item["text"] == f"kr has not shown that it holds it: cosigned to entry {size - 1} of {log.row.size - 1}"
    assert (item["held"], item["overdue"], item["entry"]) == (False, False, position.seq)
    assert (item["precedence"], item["objective_ms"]) == ("FLASH", 10 * MINUTE)
    frames = pair.jp.leaving()
    replies = pair.kr.arriving(frames)  # the cosignature arrives, the receipt is still on its way
    pair.jp.arriving(replies)
    later(pair, 11 * MINUTE)
    item = debts(pair.jp.node, {"kr"})["items"][0]
    assert item["text"] == f"kr holds it, cosigned to entry {position.seq}, has not answered"
    assert (item["held"], item["overdue"], item["link"]) == (True, True, "up")
    item = debts(pair.jp.node, set())["items"][0]
    assert item["text"].endswith("; the link to kr is down")
    pair.carry()
    owed = debts(pair.jp.node, {"kr"})
    assert (owed["items"], owed["acts"], owed["payloads"], owed["cosignatures"]) == ([], [], [], [])


def test_an_entry_is_held_only_where_the_cosignature_is_over_it(pair: Pair) -> None:
    log = pair.jp.ledger.own
    assert log is not None
    assert in_words("kr", log, 4, 5, up=True).startswith("kr holds it, cosigned to entry 4")
    assert in_words("kr", log, 5, 5, up=True).startswith("kr has not shown that it holds it: cosigned to entry 4")
    assert in_words("kr", log, 0, 0, up=True).endswith("has cosigned nothing")


def test_debts_list_acts_payloads_and_cosignatures(pair: Pair) -> None:
    pair.jp.act("declare_reading", reading="spent")
    owed = debts(pair.jp.node, set())
    assert [(act["parties"]) for act in owed["acts"]] == [["kr"]]
    assert [lacks["party"] for lacks in owed["cosignatures"]] == ["kr"]
    pair.carry()
    assert debts(pair.jp.node, set())["acts"] == []
    pair.jp.release(pair.jp.compose(b"x" * 3_000_000))
    pair.kr.arriving(pair.jp.leaving())
    payload = debts(pair.kr.node, set())["payloads"][0]
    assert (payload["party"], payload["held"], payload["precedence"]) == ("jp", 0, "FLASH")
    assert payload["bytes"] == 3_000_000


def test_debts_show_nothing_of_what_an_item_says(pair: Pair) -> None:
    pair.jp.release(title="Submarine")
    assert "Submarine" not in msgspec.json.encode(debts(pair.jp.node, set())).decode()

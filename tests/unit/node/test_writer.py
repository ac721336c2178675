"""The writer's thread: who goes next (docs/decisions/0015)."""

import threading

from entente.node.writer import BULK, ORDINARY, URGENT, URGENT_IN_A_ROW, Writer


def test_urgent_work_without_end_lets_others_have_a_turn_after_every_few() -> None:
    """A peer that sends FLASH for ever cannot keep its agreement from being ended or a release from being revoked."""
    writer, done, ran = Writer(), threading.Event(), list[str]()
    begun, gate = threading.Event(), threading.Event()
    writer.submit(lambda: (begun.set(), gate.wait()), ORDINARY)
    assert begun.wait(20)
    for _ in range(3 * URGENT_IN_A_ROW):
        writer.submit(lambda: ran.append("urgent"), URGENT)
    writer.submit(lambda: ran.append("ordinary"), ORDINARY)
    writer.submit(lambda: ran.append("ordinary"), ORDINARY)
    writer.submit(lambda: ran.append("bulk"), BULK)
    writer.submit(done.set, BULK)
    gate.set()
    assert done.wait(20)
    writer.stop()
    few = ["urgent"] * URGENT_IN_A_ROW
    assert ran == [*few, "bulk", *few, "ordinary", *few, "ordinary"]

"""The clock port: what a node is told of time, and that a simulated clock is exactly where it was set."""

import time

import pytest

from entente.node.clock import SimulatedClock, SystemClock

NOON = 1_574_427_600_000


def test_a_simulated_clock_stands_still_where_it_was_set() -> None:
    clock = SimulatedClock(NOON)
    assert [clock.now() for _ in range(1_000)] == [NOON] * 1_000


def test_a_simulated_clock_is_exact_and_says_that_it_is_simulated() -> None:
    clock = SimulatedClock(NOON)
    assert (clock.simulated, clock.uncertainty()) == (True, 0)


def test_a_simulated_clock_can_be_set_back() -> None:
    clock = SimulatedClock(NOON)
    clock.set(NOON - 1)
    assert clock.now() == NOON - 1


def test_a_running_clock_never_goes_back_and_starts_where_it_was_set() -> None:
    clock = SimulatedClock(NOON, running=True)
    readings = [clock.now() for _ in range(1_000)]
    assert readings[0] >= NOON
    assert readings == sorted(readings)


def test_a_running_clock_goes_by_the_machines_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([5_000_000, 6_999_999, 7_000_000])
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(ticks))
    clock = SimulatedClock(NOON, running=True)
    assert [clock.now(), clock.now()] == [NOON + 1, NOON + 2]


def test_the_machines_clock_is_in_milliseconds_and_is_not_simulated() -> None:
    clock = SystemClock()
    before = time.time_ns() // 1_000_000
    now = clock.now()
    assert before <= now <= time.time_ns() // 1_000_000
    assert clock.simulated is False


def test_the_machines_clock_is_as_uncertain_as_the_kernel_says_rounded_up() -> None:
    clock = SystemClock()
    uncertainty = clock.uncertainty()
    assert uncertainty is not None
    assert uncertainty >= 1  # the kernel's bound is never zero


def test_an_uncertainty_that_the_kernel_does_not_tell_is_unknown() -> None:
    clock = SystemClock()

    class Silent:
        @staticmethod
        def adjtimex(_timex: object) -> int:
            return -1

    clock._libc = Silent()
    assert clock.uncertainty() is None

"""Figures are set beside their targets without favour."""

import math

from bench.figures import Figure, Target, latency, missing, spread
from bench.profiling import top


def test_percentiles_are_of_the_nearest_rank() -> None:
    found = spread([each / 1000 for each in range(100, 0, -1)])
    assert (found["p50"], found["p90"], found["p99"], found["max"], found["n"]) == (50, 90, 99, 100, 100)


def test_one_slow_item_in_a_hundred_and_one_shows_in_the_p99_of_a_hundred_and_one() -> None:
    assert spread([0.001] * 99 + [1.0, 1.0])["p99"] == 1000


def test_a_target_is_met_at_its_limit_and_missed_beyond() -> None:
    at_most, at_least = Target(2.0, of="p50"), Target(10.0, at_most=False)
    assert not latency("entente", "lone", "", [0.002], targets=[at_most]).missed
    assert latency("entente", "lone", "", [0.0021], targets=[at_most]).missed == [at_most]
    assert not Figure("entente", "sustained", "", 10.0, "items/s", targets=[at_least]).missed
    assert Figure("entente", "sustained", "", 9.9, "items/s", targets=[at_least]).missed == [at_least]


def test_what_could_not_be_measured_meets_no_target() -> None:
    target = Target(2.0)
    figure = missing("entente", "lone", "an item", "the node has no feed", [target])
    assert figure.missed == [target]
    assert math.isnan(figure.value)
    assert figure.to_json()["value"] is None


def test_a_profile_names_leaves_and_what_the_project_calls() -> None:
    found = top("main (a.py:1);run (entente/node/x.py:3);read (b.py:2) 3\nmain (a.py:1);run (entente/node/x.py:9) 1\n")
    assert " 75% in read (b.py:2)" in found
    assert "100% below run (entente/node/x.py)" in found


def test_a_record_that_does_not_hold_makes_a_figure_unsound() -> None:
    def figure(said: str) -> Figure:
        return Figure("entente", "lone", "", 1.0, "ms", verified=said)

    assert not figure("").unsound
    assert not figure("jp verified: 9 entries in 0.1 s; kr verified: 9 entries in 0.1 s").unsound
    assert figure("jp verified: 9 entries in 0.1 s; kr FOUND WANTING (exit 1): 9 entries in 0.1 s").unsound
    assert figure("jp NOT VERIFIED: TimeoutExpired; kr verified: 9 entries in 0.1 s").unsound
    assert figure("jp VERIFIED, REGISTERS DIFFER: 9 entries in 0.1 s; kr verified: 9 entries in 0.1 s").unsound

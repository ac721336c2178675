"""A FLASH during back-off leaves within 5 s of the peer's return (docs/spec/link.md section 7).

The bound is the product's own and the limits are those it ships with; it is measured once, on the loop's own clock.
"""

import time

from support_faults import SMALL, World, until

BOUND = 5.0
"""Seconds from the peer's return to the item's arrival."""
ENOUGH = 7
"""Attempts in a row after which the back-off has reached its cap."""


def test_a_flash_sent_during_back_off_leaves_within_five_seconds_of_the_peers_return(pair: World) -> None:
    """Given by the side that does not dial, then, the back-off still at its cap, by the one that does."""
    for node, attempts in ((pair.kr, ENOUGH), (pair.jp, 1)):
        pair.proxy.hanging_up, before = True, pair.proxy.attempts
        pair.proxy.cut()
        until(lambda before=before, count=attempts: pair.proxy.attempts >= before + count, "the back-off is at its cap")  # type: ignore[misc]
        item = pair.give(node, bytes(SMALL))
        pair.proxy.hanging_up, returned = False, time.monotonic()
        other = pair.other(node)
        until(lambda item=item, other=other: any(line["item"] == item for line in other.lines("held")), "it arrives")  # type: ignore[misc]
        assert time.monotonic() - returned < BOUND
    pair.settle_and_check()

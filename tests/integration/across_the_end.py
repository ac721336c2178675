"""What two nodes say at the last millisecond and at the end, printed; run under several time zones by a test."""

import json
import sys
import time
from pathlib import Path

from support_stop import END, LAST, open_pair

from entente.node.clock import SimulatedClock
from entente.node.views import status_view


def main(base: Path) -> None:
    """Play on the directories under ``base``."""
    said = []
    pair = open_pair(base, SimulatedClock(LAST), SimulatedClock(LAST))
    for instant in (LAST, END):
        pair.turn(instant)
        for party in pair:
            try:
                party.release()
                outcome = ["released"]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is printed and compared
                outcome = [reason.code for reason in getattr(error, "reasons", ())] or [repr(error)]
            said.append([instant, party.party, outcome, status_view(party.node, party.ledger)])
        pair.carry()
        said.append([row.state for party in pair for row in party.node.store.register()])
    print(json.dumps({"zone": time.tzname, "said": said}))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Scenarios: what the demo plays and the timeline draws, as plain values (docs/spec/scenario.md).

A scenario names an agreement document, an acts document and payload files, and says in order what each party does and
what must come of it. :mod:`.scenario_parse` reads one, :mod:`.scenario_record` says what it leaves in the record.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from entente.cli.scenario_relate import Relating
from entente.domain.agreement.acts import Act
from entente.domain.agreement.status import Phase
from entente.domain.agreement.terms import Agreement

Deed = Literal["propose", "act", "relate", "clock", "release", "open", "cut", "join", "export", "import"]
Outcome = Literal["received", "queued", "refused"]
MAX_TITLE = 33
"""Characters of a step's title, so that its line fits 100 columns."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to release: a real file beside the scenario, and what its header says of it."""

    file: str
    title: str
    media_type: str
    level: str
    purpose: str
    precedence: str
    reality: str
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None


class Expect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must hold after a step, at every node; a mismatch makes the demo fail.

    ``phase`` and ``reading`` are by party, ``ends_at`` an instant in ms, ``matter`` maps matters to their states.
    ``outcome`` is of a release; ``code`` is that with which a release or a step about a matter is refused. ``refused``
    maps items to the coarse code with which their recipient refused them.
    """

    phase: Mapping[str, Phase] = {}
    reading: Mapping[str, str] = {}
    ends_at: int | None = None
    disputed: bool | None = None
    release_allowed: bool | None = None
    outcome: Outcome | None = None
    code: str | None = None
    matter: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step at one instant (ms). A step without a title is played and checked without a line of its own.

    ``relating`` is what a step about a matter says, and there in no other.
    """

    do: Deed
    at: int
    party: str = ""
    id: str = ""
    title: str = ""
    article: str = ""
    act: str = ""
    item: str = ""
    to: tuple[str, ...] = ()
    bundle: str = ""
    relating: Relating | None = None
    views: bool = False
    expect: Expect = Expect()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part, played on fresh nodes. Its ``steps`` begin with those of the part it replays, without their titles."""

    id: str
    title: str
    steps: tuple[Step, ...]
    replayed: int = 0


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scenario, with the documents it rests on read and the payloads' files found.

    ``agreement_digest`` is the SHA-256 of the agreement document's bytes, in lower-case hex.
    """

    name: str
    title: Mapping[str, str]
    zone: str
    agreement: Agreement
    agreement_file: Path
    agreement_digest: str
    acts: Mapping[str, Act]
    items: Mapping[str, Item]
    parts: tuple[Part, ...]
    folder: Path

    def payload(self, item: str) -> Path:
        """The file of an item."""
        return self.folder / self.items[item].file

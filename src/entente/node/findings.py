"""What is broken along the chain from the node's directory to its peers' answers (docs/spec/health.md).

:func:`findings` is pure: facts in, findings out, and no clock is read. The command line, ``/health`` and the metrics
all show what it says, so that none of them is green while another is not. Facts are gathered by
:mod:`entente.node.health` in a running node and by :mod:`entente.node.outside` where none runs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from entente.domain.agreement.instants import format_instant

State = Literal["ok", "warn", "fail", "unknown"]
RANK: Final[Mapping[State, int]] = {"fail": 0, "warn": 1, "unknown": 2, "ok": 3}

MIB: Final = 1024 * 1024
DISK_FULL: Final = 100 * MIB
"""Bytes free below which the disk counts as full: the log, its write-ahead log and one large payload."""
DISK_LOW: Final = 1024 * MIB
DISK_SHARE: Final = 0.05
EXPIRY_WARNING: Final = 30 * 86_400
"""Seconds before a certificate's end from which on it is warned of."""
QUIET: Final = 10.0
"""Seconds without a byte from a peer whose session is up before it is called silent: two pings."""
SETTLING: Final = 60_000
"""Milliseconds within which a cosignature is simply on its way."""


class Finding(NamedTuple):
    """One link of the chain.

    ``since`` is an instant of the node's clock in ms and ``seconds`` a length of real time, each None where it is not
    known. ``id`` holds ids of parties, beginnings of digests and codes only, nothing that a person wrote.
    """

    id: str
    state: State
    what: str
    remedy: str = ""
    since: int | None = None
    seconds: float | None = None


class PeerFacts(NamedTuple):
    """A paired party: whether a session is up, and for how many seconds (real time) nothing was heard of it.

    ``heard`` is whether anything was since the start; where not, ``silent`` counts from the start. ``certificate`` is
    in seconds to its end, None where it cannot be read.
    """

    party: str
    up: bool
    heard: bool
    silent: float
    address: str | None
    certificate: float | None


class Uncosigned(NamedTuple):
    """Entries of this party's own log, ``first`` to ``last``, that a peer has not cosigned; ``since`` in ms."""

    peer: str
    first: int
    last: int
    since: int


class PendingAct(NamedTuple):
    """An act of this party that not every peer has answered: its id, when it was written (ms), who is awaited."""

    id: str
    since: int
    peers: tuple[str, ...]


class RingingFacts(NamedTuple):
    """An alarm that nobody has acknowledged: of a deadline at ``at``, ringing since ``since`` (ms).

    ``name`` is for a finding's id; ``alarm`` is what is acknowledged, and ``what`` has words that people wrote.
    """

    name: str
    alarm: str
    what: str
    at: int
    since: int


class AgreementFacts(NamedTuple):
    """An agreement: ``digest`` is the beginning of it, ``urgent`` the objective of a FLASH item in ms.

    Of ``rings`` alarms that ring ``ringing`` has the first; ``end`` and ``notice`` are the next such deadlines, in ms.
    """

    digest: str
    name: str
    ready: bool
    urgent: int
    acts: tuple[PendingAct, ...]
    uncosigned: tuple[Uncosigned, ...]
    ringing: tuple[RingingFacts, ...] = ()
    rings: int = 0
    end: int | None = None
    notice: int | None = None


class OverdueFacts(NamedTuple):
    """Items given to a party and overdue: how many; of the longest overdue the precedence and when it was due (ms)."""

    party: str
    number: int
    precedence: str
    due: int


class RunningFacts(NamedTuple):
    """What only a running node knows. Instants in ms of its clock, ``uncertainty`` in ms, None where unknown."""

    now: int
    software: str
    uncertainty: int | None
    max_uncertainty: int
    peers: tuple[PeerFacts, ...]
    agreements: tuple[AgreementFacts, ...]
    alarms: Mapping[str, tuple[str, int]]
    """Name to text, and since when."""
    evidence: tuple[tuple[str, int], ...]
    overdue: tuple[OverdueFacts, ...]
    awaited: int
    """Payloads that peers still owe."""


Process = Literal["running", "locked", "silent", "stopped"]
"""``locked``: a process has the directory and its doors are closed; ``silent``: they are open and nobody answers."""


class Facts(NamedTuple):
    """Everything that :func:`findings` judges.

    ``opened`` names what others may open, with its mode; ``disk`` is (free, size) in bytes; ``certificate`` the seconds
    to the end of the node's own; ``store`` a (code, text, remedy) where the store is in trouble.
    """

    directory: str
    party: str
    opened: str | None
    disk: tuple[int, int] | None
    certificate: float | None
    process: Process
    store: tuple[str, str, str] | None
    outside: Mapping[str, float | None] = {}
    """Seconds to the end of each peer's certificate, where no node runs."""
    running: RunningFacts | None = None


def findings(facts: Facts) -> list[Finding]:
    """Every link of the chain: what fails, in the chain's order, then what warns, what is not known, what holds."""
    running, where = facts.running, facts.directory
    found = [*_directory(facts), *_disk(facts), *_process(facts), *_store(facts), *_certificates(facts)]
    if running is None:
        return ordered([*found, *_unknown()])
    # What stands earlier breaks what stands later: a start is unchecked for want of a peer, so after the links.
    found += [*_clock(running), *_peers(running, where), *_records(running, where), *_alarms(running)]
    return ordered(
        [*found, *_evidence(running), *_answers(running, where), *_tracers(running, where), *_deadlines(running, where)]
    )


def ordered(found: list[Finding]) -> list[Finding]:
    """Findings by how bad they are; within that in the order in which they stand."""
    return sorted(found, key=lambda finding: RANK[finding.state])


def sound(found: list[Finding]) -> bool:
    """Whether nothing fails and everything is known."""
    return all(finding.state in ("ok", "warn") for finding in found)


def shown(found: list[Finding]) -> dict[str, Any]:
    """Findings as plain values for JSON: ``since`` as text."""
    listed = [each._asdict() | {"since": None if each.since is None else format_instant(each.since)} for each in found]
    return {"ok": sound(found), "findings": listed}


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    whole = int(seconds)
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours or minutes:
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"
    return f"{whole} s"


def _directory(facts: Facts) -> Iterator[Finding]:
    if facts.opened:
        yield Finding("directory", "fail", f"others may open {facts.opened}", f"chmod -R go= {facts.directory}")
    else:
        yield Finding("directory", "ok", f"{facts.directory} is closed to others")


def _disk(facts: Facts) -> Iterator[Finding]:
    remedy = "Free space on the disk that holds the node's directory."
    if facts.disk is None:
        yield Finding("disk", "fail", "the disk does not say how much is free", "Look at the disk.")
        return
    free, size = facts.disk
    low = free < DISK_LOW or free < size * DISK_SHARE
    state: State = "fail" if free < DISK_FULL else "warn" if low else "ok"
    yield Finding("disk", state, f"{free // MIB} MiB free", "" if state == "ok" else remedy)


def _process(facts: Facts) -> Iterator[Finding]:
    where = facts.directory
    said: Mapping[Process, tuple[str, str]] = {
        "stopped": (f"no node is running in {where}, so its keys are locked", f"Start it: entente node run {where}"),
        "locked": (
            "a process has the directory and has opened no door: its keys are locked, or it reads its store",
            "Give it the passphrase of the node's keys, or wait; see its log.",
        ),
        "silent": ("the process does not answer", "See its log and what its machine does; then stop and start it."),
    }
    if facts.process == "running":
        yield Finding(
            "node", "ok", f"{facts.running.software} runs, its keys are unlocked" if facts.running else "runs"
        )
    else:
        what, remedy = said[facts.process]
        yield Finding("node", "fail", what, remedy)


def _store(facts: Facts) -> Iterator[Finding]:
    if facts.store is None:
        yield Finding("store", "ok", "it can be read and written" if facts.running else "every tree gives its root")
        return
    code, text, remedy = facts.store
    if code == "UPGRADE_NEEDED":
        yield Finding("store", "warn", text, remedy)
    else:
        yield Finding("store", "fail", f"{code}: {text}", remedy)


def _certificates(facts: Facts) -> Iterator[Finding]:
    """Certificates live in real time, on a simulated node too."""
    ends: dict[str, float | None] = {facts.party: facts.certificate, **facts.outside}
    if facts.running is not None:
        ends |= {peer.party: peer.certificate for peer in facts.running.peers}
    for party, left in ends.items():
        remedy = "Renew it, and give the peers the new card before it ends."
        if party != facts.party:
            remedy = f"Have {party} renew it, and pair with its new card before it ends."
        name = f"certificate/{party}"
        if left is None:
            yield Finding(name, "fail", "it cannot be read", remedy)
        elif left <= 0:
            yield Finding(name, "fail", f"ended {span(-left)} ago in real time", remedy, seconds=-left)
        else:
            state: State = "warn" if left < EXPIRY_WARNING else "ok"
            yield Finding(name, state, f"ends in {span(left)} of real time", "" if state == "ok" else remedy)


def _clock(running: RunningFacts) -> Iterator[Finding]:
    known, allowed = running.uncertainty, running.max_uncertainty
    remedy = "Let chrony or ntpd discipline the clock; near a change of status release is refused meanwhile."
    if known is None:
        yield Finding("clock", "fail", "its uncertainty is unknown, and nothing is released", remedy)
    elif known > allowed:
        yield Finding("clock", "fail", f"±{known} ms, where the terms allow ±{allowed} ms", remedy)
    else:
        yield Finding("clock", "ok", f"±{known} ms, of ±{allowed} ms that the terms allow")


def _records(running: RunningFacts, directory: str) -> Iterator[Finding]:
    for each in running.agreements:
        remedy = f"Connect a peer; if none can be reached: entente node restart {directory} {each.name} --office ID"
        if each.ready:
            yield Finding(f"record/{each.digest}", "ok", f"{each.name}: its own log may be written")
        else:
            text = f"{each.name}: START_UNCHECKED, no peer has confirmed where its own log ends"
            yield Finding(f"record/{each.digest}", "fail", text, remedy)


def _peers(running: RunningFacts, directory: str) -> Iterator[Finding]:
    if not running.peers:
        yield Finding("link", "fail", "no party is paired", f"Pair one: entente node pair {directory} CARD")
    for peer in running.peers:
        yield _peer(peer)


def _peer(peer: PeerFacts) -> Finding:
    name, where = f"link/{peer.party}", peer.address or "no address"
    if peer.up and peer.silent < QUIET:
        return Finding(name, "ok", f"up, {where}")
    remedy = f"See that {where} can be reached and that the node of {peer.party} runs; or carry bundles."
    if peer.up:
        text = f"up, and silent for {span(peer.silent)}"
        remedy = f"Ask whether the node of {peer.party} still works; the link is closed and dialled again by itself."
        return Finding(name, "fail", text, remedy, seconds=peer.silent)
    if not peer.heard and peer.address is None:
        return Finding(name, "warn", "its card names no address: it dials, or is met by bundles", remedy)
    heard = f"silent for {span(peer.silent)}" if peer.heard else f"not heard since the start {span(peer.silent)} ago"
    return Finding(name, "fail", f"down, {where}, {heard}", remedy, seconds=peer.silent)


_ALARMS: Final[tuple[tuple[str, str], ...]] = (
    ("tzdata/", "Bring both nodes to the same version: midnight must be the same instant for both."),
    ("restored/", "Wait until the peer has sent the entries back; see: entente node status."),
    ("heads/", "Ask the peer whether its node was restored; nothing is written until it shows this log's end."),
    ("log/", "Tell the registrar: nothing of that log is taken until its writer has mended it."),
    ("trouble/", "Ask the peer's administrator: its node took something of this one's ill."),
    ("gate/", "See: entente agreement show."),
)
"""What an alarm is about, in the chain's order, and what would mend it."""
_ELSEWHERE: Final = ("store", "evidence/", "tracer/")
"""Alarms whose findings come from the facts themselves."""


def _alarms(running: RunningFacts) -> Iterator[Finding]:
    places = [prefix for prefix, _ in _ALARMS]
    remedies = dict(_ALARMS)

    def place(name: str) -> int:
        return next((at for at, prefix in enumerate(places) if name.startswith(prefix)), len(places))

    for name, (text, since) in sorted(running.alarms.items(), key=lambda alarm: place(alarm[0])):
        if not name.startswith(_ELSEWHERE):
            at = place(name)
            other = "See the node's log; the alarm is cleared when the trouble is over."
            remedy = remedies[places[at]] if at < len(places) else other
            kind, _, rest = name.partition("/")
            shown = f"{kind}/{rest[:16]}" if kind == "restored" else name
            yield Finding(shown if at < len(places) else f"alarm/{name}", "fail", text, remedy, since)


def _evidence(running: RunningFacts) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for party, at in running.evidence:
        first.setdefault(party, at)
    for party, at in first.items():
        remedy = "Tell the registrar, and show it to the party: entente evidence export."
        yield Finding(f"evidence/{party}", "fail", f"{party} has contradicted its own signature", remedy, at)


def _answers(running: RunningFacts, directory: str) -> Iterator[Finding]:
    """What this party's own log still lacks: answers to acts, and cosignatures."""
    remedy = f"See: entente debts {directory}"
    for each in running.agreements:
        late = each.urgent
        for act in each.acts:
            age = running.now - act.since
            state: State = "fail" if age >= late else "warn"
            text = f"{each.name}: {act.id} is not acknowledged by {', '.join(act.peers)}"
            yield Finding(f"act/{each.digest}/{act.id}", state, text, remedy, act.since)
        for lacks in each.uncosigned:
            if running.now - lacks.since >= SETTLING:
                text = f"{each.name}: {lacks.peer} has not cosigned entries {lacks.first} to {lacks.last}"
                yield Finding(f"cosignature/{each.digest}/{lacks.peer}", "warn", text, remedy, lacks.since)


def _tracers(running: RunningFacts, directory: str) -> Iterator[Finding]:
    for each in running.overdue:
        items = "1 item" if each.number == 1 else f"{each.number} items"
        text = f"{items} given to {each.party} overdue for an answer, the oldest {each.precedence}"
        remedy = f"Telephone the peer, then see: entente debts {directory}"
        yield Finding(f"tracer/{each.party}", "fail", text, remedy, each.due)
    if not running.overdue:
        yield Finding("tracer", "ok", "no answer is overdue")
    if running.awaited:
        count = running.awaited
        yield Finding("payload", "ok", f"{count} payload{'s are' if count > 1 else ' is'} on the way here")


def _deadlines(running: RunningFacts, directory: str) -> Iterator[Finding]:
    """What comes due, and no officer has said to have seen: a warning, since nothing of the node is broken."""
    for each in running.agreements:
        which = f" --agreement {each.digest}" if len(running.agreements) > 1 else ""
        named: Counter[str] = Counter()
        for alarm in each.ringing:
            named[alarm.name] += 1
            number = f"/{named[alarm.name]}" if named[alarm.name] > 1 else ""
            left = (alarm.at - running.now) / 1000
            when = f"in {span(left)}" if left > 0 else f"since {span(-left)}"
            text = f"{each.name}: {alarm.what}: {format_instant(alarm.at)}, {when}; nobody has acknowledged it"
            remedy = f"entente deadlines acknowledge {directory} {alarm.alarm} --person ID{which}"
            yield Finding(f"deadline/{each.digest}/{alarm.name}{number}", "warn", text, remedy, alarm.since)
        more = each.rings - len(each.ringing)
        if more > 0:
            text = f"{each.name}: {more} more alarms that nobody has acknowledged"
            yield Finding(f"deadline/{each.digest}", "warn", text, f"See: entente deadlines list {directory}{which}")


def _unknown() -> Iterator[Finding]:
    for name in ("clock", "record", "link", "tracer"):
        yield Finding(name, "unknown", "only a running node knows")

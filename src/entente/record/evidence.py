"""The evidence file: one agreement's logs as anyone may check them (docs/spec/evidence.md).

A magic line and frames, as in a courier's bundle: ``Entries`` with bodies in clear where they are disclosed and None
where they are withheld (never sealed, never with a wrap), ``Cosigned`` for checkpoints that others cosigned,
``Segment`` for sealed payload segments. The order within one log matters, the order between logs does not. The file
holds no root and is trusted in nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from entente.record.checkpoint import origin
from entente.record.frames import AnyFrame, Cosigned, Entries, Segment, read_frames, write_frames
from entente.sealing.canonical import NotCanonicalError

MAGIC = b"entente/evidence/1\n"


class EvidenceError(ValueError):
    """The file is no evidence at all; ``code`` says in which way."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class LogEvidence:
    """What the file holds of one log, in its order."""

    agreement: bytes
    writer: str
    incarnation: str
    frames: list[Entries] = field(default_factory=list)
    cosigned: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    @property
    def name(self) -> tuple[str, str]:
        """(writer, incarnation)."""
        return self.writer, self.incarnation

    @property
    def origin(self) -> str:
        """The log's identity in its checkpoints."""
        return origin(self.agreement, self.writer, self.incarnation)

    @property
    def notes(self) -> Iterator[str]:
        """Every checkpoint in the file, cosigned or not; a frame that ends between two carries none ("")."""
        yield from (frame.checkpoint for frame in self.frames if frame.checkpoint)
        yield from self.cosigned


@dataclass
class Evidence:
    """The logs of one agreement, in the order in which the file first names them."""

    agreement: bytes
    logs: dict[tuple[str, str], LogEvidence]


def write_evidence(frames: Iterable[Entries | Cosigned | Segment]) -> Iterator[bytes]:
    """The bytes of an evidence file, piece by piece."""
    return write_frames(MAGIC, frames)


def read_evidence(evidence: bytes | Iterable[AnyFrame]) -> Evidence:
    """Parse an evidence file, or take its frames.

    Raises:
        EvidenceError: ``MALFORMED`` (another magic line, a truncated file, no canonical frame), ``WRONG_FRAME``
            (a frame that is no evidence), ``WRONG_AGREEMENT`` (a second agreement), ``EMPTY`` (no entries).
    """
    logs: dict[tuple[str, str], LogEvidence] = {}
    agreement: bytes | None = None
    try:
        for frame in read_frames(MAGIC, evidence) if isinstance(evidence, bytes) else evidence:
            if not isinstance(frame, Entries | Cosigned | Segment):
                raise EvidenceError("WRONG_FRAME", f"a frame of kind {type(frame).__name__} is no evidence")
            if agreement is not None and frame.agreement != agreement:
                raise EvidenceError("WRONG_AGREEMENT", "the file holds frames of more than one agreement")
            agreement = frame.agreement
            log = LogEvidence(agreement, frame.writer, frame.incarnation)
            _add(logs.setdefault(log.name, log), frame)
    except NotCanonicalError as error:
        raise EvidenceError("MALFORMED", str(error)) from error
    if agreement is None or not any(log.frames for log in logs.values()):
        raise EvidenceError("EMPTY", "the file holds no entries")
    return Evidence(agreement, logs)


def _add(log: LogEvidence, frame: Entries | Cosigned | Segment) -> None:
    if isinstance(frame, Entries):
        log.frames.append(frame)
    elif isinstance(frame, Cosigned):
        log.cosigned.append(frame.checkpoint)
    else:
        log.segments.append(frame)

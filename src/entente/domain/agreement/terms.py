"""The terms of an agreement, as the signed document states them (docs/spec/agreement.md).

An :class:`Agreement` is the document of the parties after strict parsing (:mod:`entente.domain.agreement.document`):
plain values, nothing derived from a clock. Lengths of time stay ISO 8601 strings here; what arithmetic needs them
parses them with :mod:`entente.domain.agreement.calendar`. Identity: an agreement is the SHA-256, lower-case hex, of the
bytes of the document first signed; an amendment is another document with its own digest.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

LanguageMap = Mapping[str, str]
"""A text in several languages: ``{"en": ..., "ja": ..., "ko": ...}``; never empty."""

Channel = Literal["link", "bundle", "courier", "hand", "oral"]
Precedence = Literal["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"]
Reading = Literal["asleep", "spent"]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the document: immutable, unknown keys are errors."""


class Text(_Table, frozen=True, kw_only=True):
    """One language version of the treaty's text, by file and digest; ``authentic`` as the treaty says."""

    lang: str
    file: str
    sha256: str
    authentic: bool


class Authority(_Table, frozen=True, kw_only=True):
    """A competent authority of a party."""

    id: str
    name: LanguageMap


class PartyTerms(_Table, frozen=True, kw_only=True):
    """A party as the document names it; ``zone`` is an IANA time zone."""

    name: LanguageMap
    zone: str
    authorities: tuple[Authority, ...] = ()


class Force(_Table, frozen=True, kw_only=True):
    """Entry into force (lifecycle section 2)."""

    rule: Literal["later_notification", "signature", "first_of_month"]
    months: int | None = None
    after: Literal["signature", "notification"] | None = None


class Term(_Table, frozen=True, kw_only=True):
    """The first term and its extensions, ISO 8601 periods (lifecycle section 3)."""

    length: str | None = None
    extension: str | None = None
    overflow: Literal["clamp", "next_day"] = "clamp"


class Termination(_Table, frozen=True, kw_only=True):
    """The termination clause (lifecycle section 4)."""

    rule: Literal["end_of_term", "after_notice"]
    lead: str
    clock_starts: Literal["receipt", "dispatch"]
    zone: str
    counting: Literal["last_day", "boundary_day"] = "last_day"
    ends: Literal["end_of_day", "start_of_day"] = "end_of_day"
    revocable: bool = True
    resume: Literal["remaining", "immediate"] = "remaining"
    ends_for: Literal["all", "party"] = "all"


class Operation(_Table, frozen=True, kw_only=True):
    """Whether one party alone may suspend the operation of the agreement (lifecycle sections 1 and 6)."""

    unilateral: bool = False


class ReadingTerms(_Table, frozen=True, kw_only=True):
    """How a party reads a suspended notice, declared in the document (lifecycle section 5)."""

    suspended_notice: Reading


class Notices(_Table, frozen=True, kw_only=True):
    """The form of formal notices: ``record`` says that the log records a note and is not the note."""

    form: Literal["record", "electronic"] = "record"
    two_persons: bool = False


class Level(_Table, frozen=True, kw_only=True):
    """One row of the table of corresponding levels, highest first.

    ``native`` maps a party to its markings at this row (several: many-to-one; a party without a counterpart is left
    out); ``handling`` maps a party without a counterpart to the marking whose handling it promises.
    """

    common: str
    native: Mapping[str, tuple[str, ...]]
    handling: Mapping[str, str] = {}


class CaveatTerms(_Table, frozen=True, kw_only=True):
    """A caveat of the agreement beside REL TO and ORCON, with its meaning."""

    code: str
    meaning: LanguageMap


class ThirdParty(_Table, frozen=True, kw_only=True):
    """The third-party rule: prior written consent, and who may be released to without asking."""

    consent: Literal["prior_written"]
    standing: tuple[str, ...] = ()


class Purposes(_Table, frozen=True, kw_only=True):
    """The purposes for which information may be given."""

    allowed: tuple[str, ...]


class ChannelTerms(_Table, frozen=True, kw_only=True):
    """Channels allowed at a common level; no table at all allows all, a table allows what it says."""

    level: str
    allow: tuple[Channel, ...]


class Reproduction(_Table, frozen=True, kw_only=True):
    """How many copies may be made at a common level, and whether the originator's consent is needed."""

    level: str
    copies: int
    consent: bool


class Disposition(_Table, frozen=True, kw_only=True):
    """How items of a common level are destroyed; ``never`` means return only."""

    level: str
    destroy: Literal["certificate", "two_person", "consent", "never"]


class Incidents(_Table, frozen=True, kw_only=True):
    """Times for reports of loss or compromise, ISO 8601 durations."""

    notify: str
    interim: str
    final: str


class Inspection(_Table, frozen=True, kw_only=True):
    """Whether inspectors see titles."""

    titles: bool = False


class ReleaseTerms(_Table, frozen=True, kw_only=True):
    """What a release needs beyond the release authority's approval."""

    two_persons: bool = False
    assurance: bool = False
    facility: bool = False


class Limits(_Table, frozen=True, kw_only=True):
    """Bounds: ``max_item`` in bytes (absent: the software's own limit), the others ISO 8601 durations."""

    max_item: int | None = None
    max_skew: str = "PT5M"
    max_uncertainty: str = "PT1S"


class Survival(_Table, frozen=True, kw_only=True):
    """What becomes of items held when the agreement ends."""

    rule: Literal["while_held", "return_on_end"]


class Agreement(_Table, frozen=True, kw_only=True):
    """An agreement document: the only authority by which anything flows."""

    schema: Literal["entente/agreement/1"]
    name: str
    title: LanguageMap
    parties: tuple[str, ...]
    party: Mapping[str, PartyTerms]
    force: Force
    termination: Termination
    levels: tuple[Level, ...]
    third_party: ThirdParty
    purposes: Purposes
    survival: Survival
    text: tuple[Text, ...] = ()
    articles: Mapping[str, str] = {}
    term: Term | None = None
    operation: Operation = Operation()
    reading: Mapping[str, ReadingTerms] = {}
    notices: Notices = Notices()
    caveats: tuple[CaveatTerms, ...] = ()
    precedence: Mapping[Precedence, str] = {}
    channel: tuple[ChannelTerms, ...] = ()
    reproduction: tuple[Reproduction, ...] = ()
    disposition: tuple[Disposition, ...] = ()
    incidents: Incidents | None = None
    inspection: Inspection = Inspection()
    release: ReleaseTerms = ReleaseTerms()
    limits: Limits = Limits()

    def article(self, topic: str, otherwise: str) -> str:
        """The article that a reason about ``topic`` rests on, as the terms name it, else ``otherwise``."""
        return self.articles.get(topic, otherwise)


SECTIONS = ("lifecycle ", "gate ")
"""How a section of our own specification begins where the terms name no article."""


def article_in_words(rests_on: str) -> str:
    """What a reason rests on as a person reads it: ``Art. 21(3)``, or the section of our specification."""
    return rests_on if rests_on.startswith(SECTIONS) else f"Art. {rests_on}"

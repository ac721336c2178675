"""What every refusal says: the steps' codes in order, what they rest on, the remedy (docs/spec/gate.md, section 4)."""

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from entente.domain.agreement.reasons import StatusReason
from entente.domain.agreement.terms import Agreement, article_in_words

Reason: TypeAlias = StatusReason
"""Why the gate refuses, or what it marks: the same structure that a status gives its reasons in."""

Direction = Literal["release", "accept"]
SharedCode = Literal["AGREEMENT", "LABEL", "CHANNEL", "SIZE", "AUTHORITY", "OTHER"]


class CodeEntry(NamedTuple):
    """A reason code: the topic of the article it rests on, its remedy, and all that a counterparty may learn of it."""

    topic: str
    remedy: str
    shared: SharedCode


CODES: dict[str, CodeEntry] = {
    "NOT_A_PARTY": CodeEntry(
        "parties", "Address the item to a party under an agreement that both have signed.", "AGREEMENT"
    ),
    "TERMS_MISSING": CodeEntry("amendment", "Obtain the document whose digest the amendment names.", "AGREEMENT"),
    "AGREEMENT_NOT_IN_FORCE": CodeEntry(
        "force", "Bring the agreement into force, or release under another one.", "AGREEMENT"
    ),
    "OPERATION_SUSPENDED": CodeEntry("operation", "Resume operation by a formal act.", "AGREEMENT"),
    "STATUS_DISPUTED": CodeEntry(
        "disputes", "Consult; a formal act that both views allow ends the difference.", "AGREEMENT"
    ),
    "OWN_ACT_PENDING": CodeEntry(
        "termination", "Wait until the act is received, or undo it by another act that is received.", "AGREEMENT"
    ),
    "KEY_NOT_TRUSTED": CodeEntry("keys", "Verify the peer's current key statement against its root key.", "OTHER"),
    "CLOCK_UNCERTAIN": CodeEntry("clock", "Bring the clock under control, or wait for a clear instant.", "OTHER"),
    "REALITY_MISSING": CodeEntry("reality", "State whether the item is actual, exercise or test.", "LABEL"),
    "LABEL_MISSING": CodeEntry("levels", "Have the originator mark the item.", "LABEL"),
    "NO_EQUIVALENT_LEVEL": CodeEntry(
        "levels", "Have the originator choose a marking that has a counterpart, or amend the table of levels.", "LABEL"
    ),
    "CAVEAT_EXCLUDES_RECIPIENT": CodeEntry("caveats", "Ask the originator to change the caveat.", "LABEL"),
    "PURPOSE_MISSING": CodeEntry("purpose", "State the purpose for which the item is given.", "LABEL"),
    "PURPOSE_NOT_ALLOWED": CodeEntry("purpose", "Choose an allowed purpose, or amend the terms.", "LABEL"),
    "CHANNEL_NOT_ALLOWED": CodeEntry("channel", "Use a channel that the terms allow at this level.", "CHANNEL"),
    "FACILITY_NOT_CLEARED": CodeEntry(
        "facility", "Have the recipient's authority confirm a facility clearance up to this level.", "OTHER"
    ),
    "ASSURANCE_MISSING": CodeEntry("need_to_know", "Ask the recipient for its assurance for this purpose.", "OTHER"),
    "ORIGINATOR_CONSENT_MISSING": CodeEntry(
        "third_party", "Obtain the originator's prior written consent.", "AUTHORITY"
    ),
    "CONSENT_EXPIRED": CodeEntry("third_party", "Obtain a fresh written consent of the originator.", "AUTHORITY"),
    "RELEASE_AUTHORITY_MISSING": CodeEntry(
        "release", "Have the sender's release authority approve exactly this item, or a standing release.", "AUTHORITY"
    ),
    "SECOND_PERSON_MISSING": CodeEntry(
        "release", "Have a second person approve, with another key than the first.", "AUTHORITY"
    ),
    "TOO_LARGE": CodeEntry("limits", "Give a smaller extract, or divide the item.", "SIZE"),
    "ON_HOLD": CodeEntry("incidents", "Close the incident, or release what it does not touch.", "OTHER"),
}
"""Every code of the gate, in the order of its steps, counted from 1."""

_NUMBERS = {code: number for number, code in enumerate(CODES, start=1)}


def gate_reason(agreement: Agreement | None, code: str, text: str, *, blocks: bool = True) -> Reason:
    """A reason of the gate; it rests on the article named in the terms, else on the step of the specification."""
    entry = CODES[code]
    section = f"gate {_NUMBERS[code]}"
    rests_on = section if agreement is None else agreement.article(entry.topic, section)
    return Reason(code=code, blocks=blocks, rests_on=rests_on, text=text, remedy=entry.remedy)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's answer: every step that failed, in order, what is to be marked, and what stays lawful."""

    allowed: bool
    direction: Direction
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    stays_lawful: str = ""

    def shared_code(self) -> SharedCode | None:
        """All that the counterparty may learn of a refusal: the class of the first step that failed, and nothing else.

        ``None`` where there is nothing to tell: it was allowed, or it is a sender's own refusal, which is national and
        never shared.
        """
        if self.allowed or self.direction == "release":
            return None
        return CODES[self.reasons[0].code].shared


def what_stays_lawful(agreement: Agreement | None) -> str:
    """What goes on in every phase, a refusal notwithstanding."""
    article = article_in_words("gate 5" if agreement is None else agreement.article("survival", "gate 5"))
    return f"What was provided stays protected ({article}); receipts, returns and incident reports go on."

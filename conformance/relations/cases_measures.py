"""Notes, linked measures and arrangements (sections 10, 5 and 6)."""

from shorthand import THREE, Course, Json, sha256, text, then, wording

N, M, A = "kr-note-1", "kr-measure-1", "jp-arrangement-1"
NOTE = ("act=kr-1", "form=record")
WORDS = (text("en", "The note."), text("ko", "공한"))
STAMPED = f"evidence={sha256('stamped copy')}"


def _note() -> Json:
    course = Course()
    course("kr", N, "send", "act=kr-1", "to=jp", "article=21(3)", "form=electronic", "authority=Minute 4", texts=WORDS)
    course("kr", N, "deliver", "to=jp", "channel=link", "on=2019-11-22T00:01:30.000Z")
    course("kr", N, "deliver", "to=jp", "channel=hand", "on=2019-11-22T00:03:00.000Z", STAMPED)
    course("jp", N, "acknowledge", "summary.ja=受領")
    course("jp", N, "acknowledge", no="NOT_NOW")
    course("kr", N, "deliver", "to=jp", "channel=post", "on=2019-11-22T00:03:00.000Z", STAMPED, no="NOT_NOW")
    shown = {"act": "kr-1", "to": ["jp"], "article": "21(3)", "form": "electronic", "authority": "Minute 4"}
    return course.vector(
        "a note is sent, delivered by two channels, acknowledged, and then done with; a delivery at the very instant "
        "of the claim is one", "10", matters={N: then("acknowledged", **shown)},
    )  # fmt: skip


def _note_to_two() -> Json:
    course = Course(*THREE)
    course("kr", N, "send", "act=kr-1", "to=us", "to=jp", "form=record", texts=WORDS)
    course("kr", N, "deliver", "to=jp", "channel=link", "on=2019-11-22T00:01:30.000Z")
    half = course.vector("", "")["steps"][:]
    course("us", N, "acknowledge")
    return course.vector(
        "a note is delivered once each was reached, one as claimed and one as acknowledged", "10",
        matters={N: then("delivered", to=["us", "jp"])}, after=[[len(half), {N: then("sent")}]],
    )  # fmt: skip


def _note_acknowledged_at_once() -> Json:
    course = Course(*THREE)
    course("kr", N, "send", "act=kr-1", "to=jp", "form=record", texts=WORDS)
    course("us", N, "acknowledge", no="NOT_ADDRESSED")
    course("kr", N, "deliver", "to=us", "channel=link", "on=2019-11-22T00:00:00.000Z", no="NOT_ADDRESSED")
    course("jp", N, "acknowledge")
    return course.vector(
        "NOT_ADDRESSED: of the audience, and not of those whom the note is to; acknowledged without any delivery", "10",
        matters={N: then("acknowledged")},
    )  # fmt: skip


def _note_refused() -> Json:
    course = Course(*THREE)
    for to in (("to=kr",), ("to=xx",), ("to=jp", "to=jp"), ("to=jp", "to=kr")):
        course("kr", N, "send", "act=kr-1", *to, "form=record", texts=WORDS, no="BAD_ADDRESS")
    course("kr", N, "send", "act=kr-1", "to=jp", "to=us", "form=record", texts=WORDS)
    for channel in ("hand", "courier", "post"):
        late = "on=2019-11-23T00:00:00.000Z"
        course("kr", N, "deliver", "to=jp", f"channel={channel}", late, no="EVIDENCE_MISSING")
    course("kr", N, "deliver", "to=jp", "channel=link", "on=2019-11-22T00:09:00.001Z", no="NOT_YET")
    course("kr", N, "deliver", "to=jp", "channel=link", "on=2019-11-22T00:09:00.000Z")
    course("kr", N, "deliver", "to=jp", "channel=link", "on=2019-11-22T00:02:00.000Z", no="ALREADY_DELIVERED")
    course("jp", N, "acknowledge")
    course("jp", N, "acknowledge", no="ALREADY_ACKNOWLEDGED")
    course("jp", N, "deliver", "to=us", "channel=link", "on=2019-11-22T00:02:00.000Z", no="NOT_YOURS")
    return course.vector(
        "BAD_ADDRESS, EVIDENCE_MISSING before NOT_YET, a millisecond later than the claim, ALREADY_DELIVERED, "
        "ALREADY_ACKNOWLEDGED", "10", matters={N: then("sent")},
    )  # fmt: skip


def _measure() -> Json:
    course = Course()
    course("kr", M, "announce", "subject=complaint", "title.en=Complaint", "title.ko=제소", "forum=WTO",
           "reference=G/L/1", "effective=2019-11-30T00:00:00.000Z", "condition.en=Unless talks begin",
           "review=2019-12-01")  # fmt: skip
    course("kr", M, "record", "summary.en=Numbered", "on=2019-11-22", "reference=DS590")
    course("kr", M, "enforce")
    course("kr", M, "ease", "effective=2019-12-01T00:00:00.000Z")
    course("kr", M, "ease", "condition.en=While it goes well")
    course("kr", M, "suspend", "condition.en=While talks go on", "review=2020-03-10")
    course("kr", M, "record", "summary.en=Nothing moved")
    shown = {"subject": "complaint", "title": {"en": "Complaint", "ko": "제소"}, "forum": "WTO", "reference": "DS590"}
    first = {"since": "2019-11-30T00:00:00.000Z", "condition": {"en": "Unless talks begin"}, "review": "2019-12-01"}
    moved = {"since": "2019-11-22T00:06:00.000Z", "condition": {"en": "While talks go on"}, "review": "2020-03-10"}
    return course.vector(
        "a measure moves; condition, day and instant are those of the last move, and a record moves nothing", "5",
        matters={M: then("suspended", **shown, **moved)},
        after=[
            [2, {M: then("announced", **shown, **first)}],
            [3, {M: then("in_force", since="2019-11-22T00:03:00.000Z", condition={}, review=None)}],
            [4, {M: then("eased", since="2019-12-01T00:00:00.000Z")}],
            [5, {M: then("eased", since="2019-11-22T00:05:00.000Z", condition={"en": "While it goes well"})}],
        ],
    )  # fmt: skip


def _measure_ends() -> Json:
    course = Course()
    ways = ("enforce end", "suspend resume suspend end", "enforce ease resume ease end", "enforce withdraw")
    for number, way in enumerate(ways, 1):
        matter = f"kr-measure-{number}"
        course("kr", matter, "announce", "subject=other", "title.en=It")
        for verb in way.split():
            course("kr", matter, verb)
        course("kr", matter, "enforce", no="NOT_NOW")
        course("kr", matter, "suspend", no="NOT_NOW")
    return course.vector(
        "a measure ends from every state that is in force, and nothing follows", "5",
        matters={"kr-measure-1": then("ended"), "kr-measure-2": then("ended"), "kr-measure-3": then("ended"),
                 "kr-measure-4": then("withdrawn")},
    )  # fmt: skip


def _arrangement() -> Json:
    course = Course()
    course("jp", A, "open", "title.en=Each holds", "review=2019-12-31")
    course("kr", A, "undertake", "term=notice", "summary.en=Stays suspended", "while=jp-dialogue-1",
           "asks.en=Talks", "reserves.en=May resume it")  # fmt: skip
    course("jp", A, "undertake", "term=talks", "summary.en=Goes on talking")
    course("jp", A, "report", "term=notice", "of=kr", "kept=kept")
    course("kr", A, "report", "term=notice", "of=kr", "kept=disputed")
    course("jp", A, "report", "term=notice", "of=kr", "kept=not_kept")
    course("jp", A, "reverse", "term=talks")
    course("kr", A, "report", "term=talks", "of=jp", "kept=not_kept")
    course("kr", A, "review", "on=2020-06-30")
    terms = {
        "kr": {"notice": {"summary": {"en": "Stays suspended"}, "while": ["jp-dialogue-1"], "asks": {"en": "Talks"},
                          "reserves": {"en": "May resume it"}, "reversed": None,
                          "reports": {"jp": {"kept": "not_kept"}, "kr": {"kept": "disputed"}}}},
        "jp": {"talks": {"reversed": {"by": "jp"}, "reports": {"kr": {"kept": "not_kept"}}}},
    }  # fmt: skip
    return course.vector(
        "each party undertakes in its own words; each one's newest report counts, also of a term taken back", "6",
        matters={A: then("standing", title={"en": "Each holds"}, review="2020-06-30", terms=terms)},
    )  # fmt: skip


def _arrangement_again() -> Json:
    course = Course()
    course("jp", A, "open", "title.en=Each holds")
    course("kr", A, "undertake", "term=a", "summary.en=First", "reserves.en=Much")
    course("jp", A, "report", "term=a", "of=kr", "kept=kept")
    course("kr", A, "undertake", "term=a", "summary.en=Second")
    course("kr", A, "reverse", "term=a")
    course("kr", A, "undertake", "term=a", "summary.en=Third")
    taken = {"summary": {"en": "Second"}, "reserves": {}, "reports": {}, "reversed": None}
    return course.vector(
        "a later undertaking takes the earlier one's place, with nothing that was reported, reserved or taken back",
        "6",
        matters={A: then("standing", terms={"kr": {"a": taken | {"summary": {"en": "Third"}}}})},
        after=[[4, {A: then("standing", terms={"kr": {"a": taken}})}]],
    )  # fmt: skip


def _arrangement_refused() -> Json:
    course = Course()
    course("jp", A, "open", "title.en=Each holds")
    course("kr", A, "reverse", "term=a", no="NO_SUCH_TERM")
    course("kr", A, "undertake", "term=a", "summary.en=It")
    course("jp", A, "reverse", "term=a", no="NO_SUCH_TERM")
    course("kr", A, "report", "term=a", "of=jp", "kept=kept", no="NO_SUCH_TERM")
    course("kr", A, "report", "term=a", "of=us", "kept=kept", no="NO_SUCH_TERM")
    course("kr", A, "reverse", "term=a")
    course("kr", A, "reverse", "term=a", no="NO_SUCH_TERM")
    course("kr", A, "end")
    course("jp", A, "undertake", "term=a", "summary.en=Late", no="NOT_NOW")
    course("jp", A, "review", "on=2020-01-01", no="NOT_NOW")
    course("jp", A, "end", no="NOT_NOW")
    return course.vector("NO_SUCH_TERM: nobody's, another's, or taken back; any party ends it", "6",
                         matters={A: then("ended")})  # fmt: skip


def _common_wording() -> Json:
    course = Course(*THREE)
    english, korean = text("en", "We hold."), text("ko", "유지한다.")
    first, second = wording(english, korean), wording(text("en", "We hold on."))
    course("jp", A, "open", "title.en=Each holds")
    course("jp", A, "adopt", f"wording={first}", no="NO_SUCH_WORDING")
    course("jp", A, "propose", texts=(korean, english))
    course("kr", A, "propose", texts=(english, korean), no="ALREADY_PROPOSED")
    course("jp", A, "adopt", f"wording={first}", no="ALREADY_SIGNED")
    course("kr", A, "adopt", f"wording={first}")
    course("kr", A, "adopt", f"wording={first}", no="ALREADY_SIGNED")
    course("us", A, "propose", texts=(text("en", "We hold on."),))
    course("us", A, "adopt", f"wording={first}")
    course("jp", A, "adopt", f"wording={second}")
    course("kr", A, "adopt", f"wording={second}")
    one = {"wording": first, "signed": ["jp", "kr", "us"], "by": "jp"}
    two = {"wording": second, "signed": ["us", "jp", "kr"], "by": "us"}
    return course.vector(
        "a common wording is agreed once all three have signed its digest, whatever the order of its languages; a "
        "later one that all sign takes its place, and both are kept", "4",
        matters={A: then("standing", wordings={"agreed": second, "proposed": [one, two]})},
        after=[
            [8, {A: then("standing", wordings={"agreed": None})}],
            [10, {A: then("standing", wordings={"agreed": first})}],
        ],
    )  # fmt: skip


VECTORS = [make() for make in (
    _note, _note_to_two, _note_acknowledged_at_once, _note_refused, _measure, _measure_ends, _arrangement,
    _arrangement_again, _arrangement_refused, _common_wording,
)]  # fmt: skip

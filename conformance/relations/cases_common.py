"""What holds for every kind (sections 1, 2 and 13)."""

from datetime import timedelta

from shorthand import START, THREE, Course, Json, sha256, text, then, written

M, T, S = "kr-measure-1", "kr-dialogue-1", "kr-statement-1"
ANNOUNCED = ("subject=other", "title.en=A measure")
TALKS = ("title.en=Talks", "level=working")
WORDS = (text("en", "What is said."),)


def _nothing_there() -> Json:
    course = Course()
    course("kr", M, "record", "summary.en=Of nothing", no="NO_SUCH_MATTER")
    return course.vector("NO_SUCH_MATTER: a step about a matter that is not there", "2, rule 1", matters={})


def _another_kind() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "close", kind="indicator", no="NO_SUCH_MATTER")
    course("kr", M, "propose", *TALKS, kind="dialogue", no="NO_SUCH_MATTER")
    return course.vector(
        "NO_SUCH_MATTER: a step of another kind than the matter, also one that would open it", "2, rule 1",
        matters={M: then("announced")}, events={M: [None]},
    )  # fmt: skip


def _opened_again() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "announce", *ANNOUNCED, no="ALREADY_OPEN", opening="")
    course("jp", M, "announce", *ANNOUNCED, no="ALREADY_OPEN", opening="")
    return course.vector(
        "ALREADY_OPEN: the matter is there, whoever would open it", "2, rule 2",
        matters={M: then("announced")}, events={M: [None, "ALREADY_OPEN", "ALREADY_OPEN"]},
    )  # fmt: skip


def _other_matter() -> Json:
    course = Course(*THREE)
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "enforce", opening=sha256("another statement"), no="OTHER_MATTER")
    course("xx", M, "enforce", opening=sha256("another statement"), no="OTHER_MATTER")
    course("kr", M, "enforce", opening="", no="OTHER_MATTER")
    return course.vector(
        "OTHER_MATTER: the step is about another opening statement; said before who may write at all", "2, rule 3",
        matters={M: then("announced")},
    )  # fmt: skip


def _written_twice() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "enforce")
    suspended = course("kr", M, "suspend")["digest"]
    course("kr", M, "resume")
    course("kr", M, "suspend", digest=suspended, no="ALREADY_WRITTEN")
    course("jp", M, "suspend", digest=suspended, no="ALREADY_WRITTEN")
    course("kr", M, "suspend")
    early = course("kr", M, "suspend", no="NOT_NOW")["digest"]
    course("kr", M, "resume")
    course("kr", M, "suspend", digest=early, no="ALREADY_WRITTEN")
    return course.vector(
        "ALREADY_WRITTEN: a statement counts once, one that was refused too; said before whose step it is", "2, rule 3",
        matters={M: then("in_force")},
    )  # fmt: skip


def _put_in_its_place() -> Json:
    course = Course()
    about = ("title.en=On it", "attribution=on_record", "about=jp", "claim.en=It expressed understanding")
    course("kr", S, "issue", *about, texts=WORDS)
    course("jp", S, "confirm", no="OTHER_MATTER")
    earlier = written(START)
    other = (*about[:3], "claim.en=It apologised")
    course("kr", S, "issue", *other, texts=WORDS, at=earlier, opening="", digest=sha256("another claim"))
    course.refused.insert(0, ["kr", "0" * 16, 1, "ALREADY_OPEN"])
    return course.vector(
        "OTHER_MATTER: whoever opens another matter of the id, dated earlier, does not take the answers over",
        "2, rule 3",
        matters={S: then("issued", claim={"en": "It apologised"}, answer="unanswered")},
    )


def _between_others() -> Json:
    course = Course()
    course("kr", T, "propose", *TALKS)
    course("us", T, "accept", no="NOT_BETWEEN_THEM")
    course("us", T, "accept", audience=list(THREE), no="NOT_BETWEEN_THEM")
    course("jp", T, "accept", audience=list(THREE), no="NOT_BETWEEN_THEM")
    course("us", T, "close", no="NOT_BETWEEN_THEM")
    return course.vector(
        "NOT_BETWEEN_THEM: a writer who is not of the audience, or another audience; said before what the state allows",
        "2, rule 3", matters={T: then("proposed")},
    )  # fmt: skip


def _not_yours() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("jp", M, "enforce", no="NOT_YOURS")
    course("jp", M, "resume", no="NOT_YOURS")
    course("kr", T, "propose", *TALKS)
    course("kr", T, "accept", no="NOT_YOURS")
    return course.vector(
        "NOT_YOURS: the owner's step by another, another's by the owner; said before what the state allows",
        "2, rule 3", matters={M: then("announced"), T: then("proposed")},
    )  # fmt: skip


def _not_now() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "ease", no="NOT_NOW")
    course("kr", M, "resume", no="NOT_NOW")
    course("kr", M, "end", no="NOT_NOW")
    course("kr", M, "withdraw")
    course("kr", M, "record", "summary.en=Late", no="NOT_NOW")
    course("kr", M, "withdraw", no="NOT_NOW")
    return course.vector(
        "NOT_NOW: the state does not allow it, and the last state allows nothing", "2, rule 4",
        matters={M: then("withdrawn")},
        events={M: [None, "NOT_NOW", "NOT_NOW", "NOT_NOW", None, "NOT_NOW", "NOT_NOW"]},
    )  # fmt: skip


def _whose_id() -> Json:
    course = Course()
    course("kr", "jp-measure-1", "announce", *ANNOUNCED, no="NOT_YOURS")
    course("kr", "kr-note-1", "announce", *ANNOUNCED, kind="measure", no="NOT_YOURS")
    course("kr", M, "announce", *ANNOUNCED, audience=["jp", "us"], no="NOT_BETWEEN_THEM")
    course("kr", M, "announce", *ANNOUNCED, audience=["kr"], no="NOT_BETWEEN_THEM")
    course("kr", M, "announce", *ANNOUNCED, audience=["kr", "kr"], no="NOT_BETWEEN_THEM")
    course("kr", "jp-measure-2", "announce", *ANNOUNCED, audience=["jp", "us"], no="NOT_YOURS")
    return course.vector(
        "to open: NOT_YOURS for an id of another party or kind, NOT_BETWEEN_THEM for no other party", "2, rule 5",
        matters={},
    )  # fmt: skip


def _opens_nothing() -> Json:
    course = Course()
    lacking = ("title.en=On it", "attribution=background")
    course("kr", S, "issue", *lacking, texts=WORDS, no="BAD_SOURCE")
    course("kr", S, "withdraw", no="NO_SUCH_MATTER")
    course("kr", S, "issue", *lacking, "source=reg-7", texts=WORDS)
    return course.vector(
        "an opening step that is refused opens nothing, and the same id may be opened by a later one", "2",
        matters={S: then("issued")}, events={S: [None]},
    )  # fmt: skip


def _at_one_instant() -> Json:
    course = Course()
    at = written(START)
    course("kr", T, "propose", *TALKS, at=at)
    course("jp", T, "accept", at=at, no="NO_SUCH_MATTER")
    course("kr", M, "announce", *ANNOUNCED, at=at, seq=10, incarnation="1" * 16)
    course("kr", M, "enforce", at=at, seq=9, incarnation="2" * 16)
    course("kr", M, "suspend", at=at, seq=10, incarnation="2" * 16)
    course("kr", M, "resume", at=at, seq=100, incarnation="2" * 16)
    return course.vector(
        "steps of one instant go by writer, then by incarnation, then by place in the log as a number", "2",
        matters={T: then("proposed"), M: then("in_force")}, events={M: [None, None, None, None]},
    )  # fmt: skip


def _by_instant() -> Json:
    course = Course()
    first, second, third = (written(START + timedelta(milliseconds=each)) for each in (1, 2, 3))
    course("kr", M, "announce", *ANNOUNCED, at=first)
    course("kr", M, "withdraw", at=third)
    course("kr", M, "enforce", at=second)
    return course.vector(
        "steps go by their instants to the millisecond, not by their places in the log", "2",
        matters={M: then("withdrawn")}, events={M: [None, None, None]},
    )  # fmt: skip


def _given_twice() -> Json:
    course = Course()
    course("kr", M, "announce", *ANNOUNCED)
    course("kr", M, "enforce")
    course.steps += course.steps[:]
    return course.vector("a step that is given twice is taken once", "2", matters={M: then("in_force")},
                         events={M: [None, None]})  # fmt: skip


def _two_at_one_place() -> Json:
    course = Course()
    step = course("kr", M, "announce", *ANNOUNCED)
    course.steps.append(step | {"said": [["subject", "", "complaint"], *step["said"][1:]]})
    return course.vector("two different steps at one place of one log cannot be folded", "2", cannot=True)


def _numbers() -> Json:
    course = Course()
    course("kr", "kr-measure-999999999", "announce", *ANNOUNCED)
    course("kr", "kr-measure-7", "announce", *ANNOUNCED)
    opened = {"kr-measure-999999999": then("announced"), "kr-measure-7": then("announced")}
    return course.vector("numbers need not follow each other", "1", matters=opened)


VECTORS = [make() for make in (
    _nothing_there, _another_kind, _opened_again, _other_matter, _written_twice, _put_in_its_place, _between_others,
    _not_yours, _not_now, _whose_id, _opens_nothing, _at_one_instant, _by_instant, _given_twice, _two_at_one_place,
    _numbers,
)]  # fmt: skip

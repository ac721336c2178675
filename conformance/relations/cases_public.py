"""Statements and their embargo, indicators and their files (sections 8 and 11)."""

from typing import Any

from shorthand import THREE, Course, Json, sha256, text, then, wording

S, J, I = "kr-statement-1", "jp-statement-1", "kr-indicator-1"  # noqa: E741 - as the page names kinds
WORDS, BETTER = text("en", "It was agreed."), text("en", "It was agreed in substance.")
CLAIM = ("title.en=On it", "attribution=on_record", "about=jp", "claim.en=Expressed understanding")
EMBARGO = "2019-11-22T09:00:00.000Z"
BEFORE, AFTER = "2019-11-22T08:59:59.999Z", "2019-11-22T09:00:00.001Z"


def _at(instant: str, *visible: str, published: tuple[str, ...] = ()) -> Json:
    return {"at": instant, "visible": list(visible), "published": list(published)}


def _claim() -> Json:
    course = Course(*THREE)
    course("kr", S, "issue", *CLAIM, texts=(WORDS,))
    course("us", S, "contest", no="NOT_YOURS")
    course("kr", S, "confirm", no="NOT_YOURS")
    course("jp", S, "confirm")
    course("kr", S, "correct", "title.en=On it, again", texts=(BETTER,))
    course("jp", S, "contest", "summary.ja=事実と異なる", texts=(text("ja", "事実と異なる。"),))
    course("kr", S, "withdraw")
    course("jp", S, "confirm", no="NOT_NOW")
    course("kr", S, "correct", texts=(WORDS,), no="NOT_NOW")
    versions = [{"title": {"en": "On it"}, "wording": wording(WORDS)},
                {"title": {"en": "On it, again"}, "wording": wording(BETTER)}]  # fmt: skip
    shown: Json = {"claim": {"en": "Expressed understanding"}, "about": "jp", "versions": versions}
    return course.vector(
        "a claim stays as it was made; the party that it is about answers, and its newest answer counts; corrections "
        "keep every earlier text", "8",
        matters={S: then("withdrawn", answer="contested", out="2019-11-22T00:01:00.000Z",
                         withdrawn="2019-11-22T00:07:00.000Z", **shown)},
        after=[[3, {S: then("issued", answer="unanswered", reply=None)}], [4, {S: then("issued", answer="confirmed")}]],
    )  # fmt: skip


def _issue_refused() -> Json:
    course = Course()
    for attribution, source in (("background", ()), ("on_record", ("source=reg-1",)), ("none", ("source=reg-1",))):
        course("kr", S, "issue", "title.en=T", f"attribution={attribution}", *source, texts=(WORDS,), no="BAD_SOURCE")
    for half in ("about=jp", "claim.en=It did"):
        course("kr", S, "issue", "title.en=T", "attribution=none", half, texts=(WORDS,), no="HALF_A_CLAIM")
    for whom in ("kr", "us"):
        about = (f"about={whom}", "claim.en=It did")
        course("kr", S, "issue", "title.en=T", "attribution=none", *about, texts=(WORDS,), no="NOT_ANOTHER_PARTY")
    course("kr", S, "issue", "title.en=T", "attribution=background", "source=reg-1", texts=(WORDS,))
    course("jp", S, "confirm", no="NO_CLAIM")
    course("jp", S, "withdraw", no="NOT_YOURS")
    shown: Json = {"attribution": "background", "source": "reg-1", "answer": None}
    return course.vector("BAD_SOURCE, HALF_A_CLAIM, NOT_ANOTHER_PARTY, NO_CLAIM", "8",
                         matters={S: then("issued", **shown)})  # fmt: skip


def _joint() -> Json:
    course = Course(*THREE)
    both = (text("ja", "共同で言う。"), text("en", "Said together."))
    course("jp", J, "propose", "title.en=Together", texts=both)
    course("kr", J, "adopt", f"wording={sha256('another')}", no="NO_SUCH_WORDING")
    course("jp", J, "adopt", f"wording={wording(*both)}", no="NOT_YOURS")
    course("kr", J, "adopt", f"wording={wording(*both)}")
    course("kr", J, "adopt", f"wording={wording(*both)}", no="ALREADY_SIGNED")
    course("us", J, "adopt", f"wording={wording(*both)}")
    course("jp", J, "withdraw", no="NOT_NOW")
    out = "2019-11-22T00:06:00.000Z"
    return course.vector(
        "a joint statement is out with the last signature, not one millisecond before, and no party alone withdraws it",
        "8",
        matters={J: then("joint", out=out, wordings={"agreed": wording(*both)})},
        after=[[4, {J: then("proposed", out=None)}]],
        instants=[_at("2019-11-22T00:05:59.999Z", J), _at(out, J, published=(J,))],
    )  # fmt: skip


def _joint_withdrawn() -> Json:
    course = Course()
    course("jp", J, "propose", "title.en=Together", texts=(WORDS,))
    course("jp", J, "withdraw")
    course("kr", J, "adopt", f"wording={wording(WORDS)}", no="NOT_NOW")
    later = _at("2030-01-01T00:00:00.000Z", J)
    return course.vector("a proposal that its owner takes back is never out", "8",
                         matters={J: then("withdrawn", out=None)}, instants=[later])  # fmt: skip


def _embargo() -> Json:
    course = Course()
    course("kr", S, "issue", *CLAIM[:2], f"embargo={EMBARGO}", *CLAIM[2:], texts=(WORDS,))
    course("jp", S, "contest")
    course("kr", S, "correct", texts=(BETTER,))
    course("kr", "kr-statement-2", "issue", "title.en=Free", "attribution=none", texts=(WORDS,))
    second = "kr-statement-2"
    return course.vector(
        "an embargo: nothing one millisecond before, with every correction and reply, and all of it at the instant",
        "8",
        matters={S: then("issued", out=EMBARGO), second: then("issued")},
        instants=[
            _at("2019-11-22T00:04:00.000Z", second, published=(second,)), _at(BEFORE, second, published=(second,)),
            _at(EMBARGO, S, second, published=(second, S)), _at(AFTER, S, second, published=(second, S)),
        ],
    )  # fmt: skip


def _embargo_past() -> Json:
    course = Course()
    long_ago = "embargo=2019-01-01T00:00:00.000Z"
    course("kr", S, "issue", "title.en=T", "attribution=none", long_ago, texts=(WORDS,))
    return course.vector(
        "an embargo that is over before the statement is made: out from its issue", "8",
        matters={S: then("issued", out="2019-11-22T00:01:00.000Z")},
        instants=[_at("2019-11-22T00:00:59.999Z", S), _at("2019-11-22T00:01:00.000Z", S, published=(S,))],
    )  # fmt: skip


def _withdrawn_under_embargo() -> Json:
    course = Course()
    for number, withdrawn in ((1, BEFORE), (2, EMBARGO), (3, AFTER)):
        name = f"kr-statement-{number}"
        under = f"embargo={EMBARGO}"
        course("kr", name, "issue", "title.en=T", "attribution=none", under, texts=(WORDS,))
        course("kr", name, "withdraw", at=withdrawn)
    first, second, third = (f"kr-statement-{number}" for number in (1, 2, 3))
    return course.vector(
        "what is withdrawn before it is out is never out, visible as it may be; at the instant it was said", "8",
        matters={first: then("withdrawn", out=None), second: then("withdrawn", out=EMBARGO),
                 third: then("withdrawn", out=EMBARGO)},
        instants=[_at(BEFORE), _at(EMBARGO, first, second, third, published=(second, third))],
    )  # fmt: skip


def _joint_under_embargo() -> Json:
    course = Course()
    course("jp", J, "propose", "title.en=Together", f"embargo={EMBARGO}", texts=(WORDS,))
    course("jp", "jp-statement-2", "propose", "title.en=Together", f"embargo={EMBARGO}", texts=(WORDS,))
    course("kr", J, "adopt", f"wording={wording(WORDS)}")
    course("kr", "jp-statement-2", "adopt", f"wording={wording(WORDS)}", at=AFTER)
    second = "jp-statement-2"
    return course.vector(
        "a joint statement is out with its embargo or its last signature, whichever is later", "8",
        matters={J: then("joint", out=EMBARGO), second: then("joint", out=AFTER)},
        instants=[_at(BEFORE), _at(EMBARGO, J, second, published=(J,)), _at(AFTER, J, second, published=(J, second))],
    )  # fmt: skip


COURSES = [make() for make in (
    _claim, _issue_refused, _joint, _joint_withdrawn, _embargo, _embargo_past, _withdrawn_under_embargo,
    _joint_under_embargo,
)]  # fmt: skip
FOLLOW = ("title.en=Imports of resist", "unit=t", "source=Customs service")


def _csv(data: bytes) -> list[Any]:
    return text("en", data, "text/csv")


def _indicator() -> Json:
    course = Course()
    data = b"period,value\n2019-07,1\n"
    course("kr", I, "follow", *FOLLOW)
    course("kr", I, "observe", texts=(text("en", data),), no="NOT_ONE_CSV")
    course("kr", I, "observe", texts=(_csv(data), ["ko", *_csv(data)[1:]]), no="NOT_ONE_CSV")
    course("jp", I, "observe", texts=(_csv(data),), no="NOT_YOURS")
    course("kr", I, "observe", "period=2019-07", texts=(_csv(data),))
    course("kr", I, "observe", texts=(_csv(b"no file of values"),))
    course("kr", I, "close")
    course("kr", I, "observe", texts=(_csv(data),), no="NOT_NOW")
    shown: Json = {"unit": "t", "source": "Customs service", "observations": [
        {"period": "2019-07", "texts": [{"sha256": sha256(data)}]}, {"period": ""}]}  # fmt: skip
    return course.vector("NOT_ONE_CSV by the media type and the number of texts; what is in it is no part of the step",
                         "11", matters={I: then("closed", **shown)})  # fmt: skip


INDICATORS = [_indicator()]


def _file(name: str, data: bytes, points: list[list[str]] | None = None, line: int = 0) -> Json:
    expect: Json = {"line": line} if points is None else {"points": points}
    return {"name": name, "rests_on": "relations 11", "file": data.hex(), "expect": expect}


HEAD = b"period,value\n"
FILES = [
    _file("dates and months", HEAD + b"2019-07,1\n2019-07-04,-12.5\n2020-02-29,0\n",
          [["2019-07", "1"], ["2019-07-04", "-12.5"], ["2020-02-29", "0"]]),
    _file("lines ended by CR LF", b"period,value\r\n2019-07,1\r\n", [["2019-07", "1"]]),
    _file("lines ended by either", b"period,value\r\n2019-07,1\n2019-08,2\r\n", [["2019-07", "1"], ["2019-08", "2"]]),
    _file("the last line without an end", HEAD + b"2019-07,1", [["2019-07", "1"]]),
    _file("a value of 40 characters", HEAD + b"2019-07," + b"1" * 40, [["2019-07", "1" * 40]]),
    _file("zero, below zero, and places", HEAD + b"2019-07,0.0\n2019-08,-0.50\n",
          [["2019-07", "0.0"], ["2019-08", "-0.50"]]),
    _file("nothing", b"", line=1),
    _file("a byte order mark", b"\xef\xbb\xbf" + HEAD + b"2019-07,1\n", line=1),
    _file("no header", b"2019-07,1\n", line=1),
    _file("another header", b"Period,Value\n2019-07,1\n", line=1),
    _file("a header with a blank", b"period, value\n2019-07,1\n", line=1),
    _file("no rows", HEAD, line=1),
    _file("not UTF-8", HEAD + b"2019-07,1\n2019-08,\xff\n", line=3),
    _file("an empty line", HEAD + b"2019-07,1\n\n2019-08,1\n", line=3),
    _file("an empty line at the end", HEAD + b"2019-07,1\n\n", line=3),
    _file("one column", HEAD + b"2019-07\n", line=2),
    _file("three columns", HEAD + b"2019-07,1,2\n", line=2),
    _file("a year", HEAD + b"2019,1\n", line=2),
    _file("month 13", HEAD + b"2019-13,1\n", line=2),
    _file("a month of the year 0", HEAD + b"0000-07,1\n", line=2),
    _file("a day that there is not", HEAD + b"2019-02-29,1\n", line=2),
    _file("a blank before the period", HEAD + b" 2019-07,1\n", line=2),
    _file("a period twice", HEAD + b"2019-07,1\n2019-08,2\n2019-07,1\n", line=4),
    _file("a value of 41 characters", HEAD + b"2019-07," + b"1" * 41 + b"\n", line=2),
    _file("a blank before the value", HEAD + b"2019-07, 1\n", line=2),
    _file("no value", HEAD + b"2019-07,\n", line=2),
    _file("a plus sign", HEAD + b"2019-07,+1\n", line=2),
    _file("a leading zero", HEAD + b"2019-07,01\n", line=2),
    _file("an exponent", HEAD + b"2019-07,1e3\n", line=2),
    _file("a sign of thousands", HEAD + b"2019-07,1'000\n", line=2),
    _file("no digit before the point", HEAD + b"2019-07,.5\n", line=2),
    _file("no digit after the point", HEAD + b"2019-07,5.\n", line=2),
    _file("quotes", HEAD + b'2019-07,"1"\n', line=2),
    _file("other digits", HEAD + "2019-07,\uff11\n".encode(), line=2),
    _file("a CR that no LF follows", HEAD + b"2019-07,1\r", line=2),
    _file("lines ended by CR", b"period,value\r2019-07,1\r", line=1),
]  # fmt: skip


def _series(name: str, files: list[bytes], held: list[int], **expect: Any) -> Json:
    course = Course()
    course("kr", I, "follow", *FOLLOW)
    for data in files:
        course("kr", I, "observe", texts=(_csv(data),))
    vector = course.vector(name, "11", matters={I: then("followed")})
    return vector | {"matter": I, "files": [files[place].hex() for place in held], "series": expect}


OLD, NEW = HEAD + b"2019-08,12\n2019-07,10.5\n", HEAD + b"2019-07,9.75\n2019-08,12\n"
AGAIN = HEAD + b"2019-08,12.0\n"
BAD = HEAD + b"2019-09,x\n"
SERIES = [
    _series(
        "the newest file's value stands, and one that is written otherwise is a revision", [OLD, NEW, AGAIN], [0, 1, 2],
        points=[["2019-07", "9.75"], ["2019-08", "12.0"]],
        revisions=[["2019-07", "10.5", "9.75", "2019-11-22T00:03:00.000Z"],
                   ["2019-08", "12", "12.0", "2019-11-22T00:04:00.000Z"]],
        missing=[], faults=[],
    ),
    _series(
        "a file that is not at hand, and one that is no file of values, are named and left out", [OLD, NEW, BAD],
        [0, 2],
        points=[["2019-07", "10.5"], ["2019-08", "12"]], revisions=[], missing=[sha256(NEW)], faults=[[sha256(BAD), 2]],
    ),
]  # fmt: skip

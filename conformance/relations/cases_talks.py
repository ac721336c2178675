"""Dialogues, meetings and conflicts (sections 7 and 9)."""

from shorthand import THREE, Course, Json, text, then, wording

T, M = "kr-dialogue-1", "kr-meeting-1"
DAY, NEXT = (f"2019-12-{day}T01:00:00.000Z/2019-12-{day}T10:00:00.000Z" for day in (16, 17))
WORDS, OTHERS = text("en", "What was said."), text("en", "What was said, rather.")


def _dialogue(course: Course, level: str = "director_general") -> None:
    course("kr", T, "propose", "title.en=Policy dialogue", f"level={level}", "agenda=Licensing", "agenda=List")
    course("jp", T, "accept")


def _rounds() -> Json:
    course = Course()
    _dialogue(course)
    course("jp", T, "convene", "round=7", f"window={DAY}", "place=Tokyo", "zone=Asia/Tokyo", "video=no",
           "participant=jp: Director-General")  # fmt: skip
    course("kr", T, "postpone", "round=7", f"window={NEXT}", "reason.en=Weather")
    course.wait(30)
    course("jp", T, "hold", "round=7")
    course("kr", T, "convene", "round=8", f"window={DAY}", "video=yes")
    course("kr", T, "cancel", "round=8")
    course("jp", T, "convene", "round=8", f"window={NEXT}", "place=Seoul")
    course("jp", T, "adjourn")
    course("kr", T, "postpone", "round=8", f"window={DAY}", "place=Busan", "zone=Asia/Seoul")
    course("kr", T, "reopen")
    course("kr", T, "hold", "round=8")
    course("jp", T, "close")
    course("kr", T, "minute", "round=7", texts=(WORDS,))
    seven = {"state": "held", "window": NEXT.split("/"), "earlier": [DAY.split("/")], "place": "Tokyo",
             "zone": "Asia/Tokyo", "video": False, "participants": ["jp: Director-General"]}  # fmt: skip
    eight = {"state": "held", "window": DAY.split("/"), "earlier": [NEXT.split("/")], "place": "Busan",
             "zone": "Asia/Seoul", "video": False}  # fmt: skip
    return course.vector(
        "rounds are convened, put off, cancelled, convened again and held; the place stays where nobody names another",
        "7",
        matters={T: then("closed", level="director_general", agenda=["Licensing", "List"],
                         rounds={"7": seven, "8": eight})},
        after=[
            [1, {T: then("proposed")}], [2, {T: then("open")}], [7, {T: then("open", rounds={"8": {"state": "cancelled",
             "video": True}})}], [9, {T: then("adjourned")}], [11, {T: then("open")}],
        ],
    )  # fmt: skip


def _rounds_refused() -> Json:
    course = Course()
    course("kr", T, "propose", "title.en=Talks", "level=minister")
    course("kr", T, "convene", "round=1", f"window={DAY}", no="NOT_NOW")
    course("jp", T, "accept")
    course("jp", T, "accept", no="NOT_NOW")
    for verb, more in (("postpone", (f"window={DAY}",)), ("cancel", ()), ("hold", ())):
        course("jp", T, verb, "round=1", *more, no="NO_SUCH_ROUND")
    course("jp", T, "minute", "round=1", texts=(WORDS,), no="NO_SUCH_ROUND")
    course("jp", T, "propose_minutes", "round=1", texts=(WORDS,), no="NO_SUCH_ROUND")
    course("jp", T, "adopt_minutes", "round=1", f"wording={wording(WORDS)}", no="NO_SUCH_ROUND")
    course("jp", T, "convene", "round=1", f"window={DAY}")
    course("kr", T, "convene", "round=1", f"window={NEXT}", no="ALREADY_CONVENED")
    course("kr", T, "minute", "round=1", texts=(WORDS,), no="NOT_HELD")
    course("kr", T, "propose_minutes", "round=1", texts=(WORDS,), no="NOT_HELD")
    course("kr", T, "adopt_minutes", "round=1", f"wording={wording(WORDS)}", no="NOT_HELD")
    course("kr", T, "cancel", "round=1")
    course("kr", T, "cancel", "round=1", no="CANCELLED")
    course("kr", T, "postpone", "round=1", f"window={NEXT}", no="CANCELLED")
    course("kr", T, "hold", "round=1", no="CANCELLED")
    course("kr", T, "minute", "round=1", texts=(WORDS,), no="NOT_HELD")
    course("kr", T, "convene", "round=2", f"window={DAY}")
    begins = DAY.partition("/")[0]
    course("kr", T, "hold", "round=2", at=begins.replace("01:00:00.000Z", "00:59:59.999Z"), no="NOT_YET")
    course("kr", T, "hold", "round=2", at=begins)
    course.wait(30)
    course("kr", T, "hold", "round=2", no="ALREADY_HELD")
    course("kr", T, "cancel", "round=2", no="ALREADY_HELD")
    course("kr", T, "postpone", "round=2", f"window={NEXT}", no="ALREADY_HELD")
    course("kr", T, "convene", "round=2", f"window={NEXT}", no="ALREADY_CONVENED")
    course("kr", T, "convene", "round=3", f"window={DAY}")
    course("kr", T, "adjourn")
    course("kr", T, "convene", "round=4", f"window={NEXT}", no="NOT_NOW")
    course("kr", T, "hold", "round=3", no="NOT_NOW")
    course("kr", T, "cancel", "round=3")
    course("kr", T, "close")
    course("kr", T, "reopen", no="NOT_NOW")
    held = {"1": {"state": "cancelled"}, "2": {"state": "held", "window": DAY.split("/")}, "3": {"state": "cancelled"}}
    return course.vector(
        "NO_SUCH_ROUND, ALREADY_CONVENED, NOT_HELD, CANCELLED, ALREADY_HELD, NOT_YET to the millisecond; nothing "
        "convened or held while adjourned", "7", matters={T: then("closed", rounds=held)},
    )  # fmt: skip


def _minutes() -> Json:
    course = Course()
    _dialogue(course)
    course("kr", T, "convene", "round=1", f"window={DAY}")
    course("kr", T, "convene", "round=2", f"window={NEXT}")
    course.wait(30)
    course("kr", T, "hold", "round=1")
    course("kr", T, "hold", "round=2")
    course("kr", T, "minute", "round=1", texts=(WORDS,))
    course("jp", T, "minute", "round=1", texts=(OTHERS,))
    course("jp", T, "propose_minutes", "round=1", texts=(WORDS,))
    course("kr", T, "propose_minutes", "round=1", texts=(WORDS,), no="ALREADY_PROPOSED")
    course("kr", T, "adopt_minutes", "round=2", f"wording={wording(WORDS)}", no="NO_SUCH_WORDING")
    course("jp", T, "adopt_minutes", "round=1", f"wording={wording(WORDS)}", no="ALREADY_SIGNED")
    course("kr", T, "adopt_minutes", "round=1", f"wording={wording(WORDS)}")
    course("kr", T, "minute", "round=1", texts=(OTHERS,))
    own = {"kr": {"by": "kr", "wording": wording(OTHERS)}, "jp": {"by": "jp", "wording": wording(OTHERS)}}
    one = {"minutes": {"own": own, "agreed": wording(WORDS)}}
    return course.vector(
        "each party writes its own minutes, and minutes of one round are agreed by the digest of the same bytes", "4",
        matters={T: then("open", rounds={"1": one, "2": {"minutes": {"agreed": None, "proposed": []}}})},
        after=[[8, {T: then("open", rounds={"1": {"minutes": {"own": {"kr": {"wording": wording(WORDS)}}}}})}],
               [12, {T: then("open", rounds={"1": {"minutes": {"agreed": None}}})}]],
    )  # fmt: skip


def _actions() -> Json:
    course = Course()
    _dialogue(course)
    course("kr", T, "assign", "action=list", "to=us", "summary.en=Send it", no="NOT_BETWEEN_THEM")
    course("kr", T, "assign", "action=list", "to=jp", "due=2019-12-20", "summary.en=Send the list")
    course("jp", T, "assign", "action=list", "to=kr", "summary.en=Another", no="ALREADY_ASSIGNED")
    course("jp", T, "done", "action=map", no="NO_SUCH_ACTION")
    course("kr", T, "done", "action=list", no="NOT_YOURS")
    course("jp", T, "close")
    course("jp", T, "done", "action=list")
    course("jp", T, "done", "action=list", no="ALREADY_DONE")
    course("kr", T, "assign", "action=map", "to=kr", "summary.en=Draw it")
    done = {"list": {"to": "jp", "due": "2019-12-20", "done": {"by": "jp"}},
            "map": {"to": "kr", "due": None, "done": None}}  # fmt: skip
    return course.vector(
        "an action is called done by the party that it is for, and by nobody else, also after the talks have closed",
        "7", matters={T: then("closed", actions=done)},
    )  # fmt: skip


def _of_three() -> Json:
    course = Course(*THREE)
    _dialogue(course)
    course("us", T, "accept", no="NOT_NOW")
    course("us", T, "convene", "round=1", f"window={DAY}")
    return course.vector("the first other party that accepts opens the talks of three; the third comes in as it likes",
                         "7", matters={T: then("open", rounds={"1": {"state": "convened"}})})  # fmt: skip


def _meeting(course: Course, *more: str) -> None:
    course("kr", M, "propose", "title.en=Summit", "level=leader", f"window={DAY}", f"window={NEXT}", *more)


def _agreed() -> Json:
    course = Course()
    _meeting(course, "place=Chengdu", "zone=Asia/Shanghai", "host_event.en=Trilateral summit", "host_place=Chengdu",
            "attendee=China: Premier", "principal=jp: Prime Minister", "principal=kr: President")  # fmt: skip
    course("jp", M, "counter", f"window={NEXT}", "zone=Asia/Tokyo")
    course("kr", M, "agree", f"window={NEXT}")
    course.wait(30)
    course("jp", M, "hold", "dialogue=kr-dialogue-4", "round=2")
    course("jp", M, "record", texts=(WORDS,))
    course("jp", M, "propose_record", texts=(OTHERS,))
    course("kr", M, "propose_record", texts=(OTHERS,), no="ALREADY_PROPOSED")
    course("kr", M, "adopt_record", f"wording={wording(WORDS)}", no="NO_SUCH_WORDING")
    course("jp", M, "adopt_record", f"wording={wording(OTHERS)}", no="ALREADY_SIGNED")
    course("kr", M, "adopt_record", f"wording={wording(OTHERS)}")
    course("kr", M, "cancel", no="NOT_NOW")
    shown = {"level": "leader", "host_event": {"en": "Trilateral summit"}, "host_place": "Chengdu",
             "attendees": ["China: Premier"], "principals": ["jp: Prime Minister", "kr: President"], "offered_by": "jp",
             "windows": [NEXT.split("/")], "agreed": NEXT.split("/"), "place": "Chengdu", "zone": "Asia/Tokyo",
             "dialogue": "kr-dialogue-4", "round": 2,
             "record": {"own": {"jp": {"wording": wording(WORDS)}}, "agreed": wording(OTHERS)}}  # fmt: skip
    return course.vector(
        "a meeting is proposed, countered, agreed to, held and recorded; a place that the counter does not name stays",
        "9",
        matters={M: then("held", **shown)},
        after=[[1, {M: then("proposed", offered_by="kr", agreed=None)}], [3, {M: then("agreed")}],
               [9, {M: then("held", record={"agreed": None})}]],
    )  # fmt: skip


def _agreed_refused() -> Json:
    course = Course(*THREE)
    _meeting(course)
    course("kr", M, "agree", f"window={DAY}", no="OWN_OFFER")
    longer = DAY.replace("10:00:00.000Z", "10:00:00.001Z")
    course("jp", M, "agree", f"window={longer}", no="NOT_ON_THE_TABLE")
    course("jp", M, "agree", f"window={DAY}")
    course("jp", M, "agree", f"window={DAY}", no="ALREADY_AGREED")
    course("us", M, "agree", f"window={NEXT}")
    course("us", M, "hold", no="NOT_NOW")
    course("us", M, "counter", f"window={NEXT}")
    course("jp", M, "agree", f"window={DAY}", no="NOT_ON_THE_TABLE")
    course("us", M, "agree", f"window={NEXT}", no="OWN_OFFER")
    course("jp", M, "agree", f"window={NEXT}")
    course("kr", M, "agree", f"window={NEXT}")
    course("kr", M, "counter", f"window={DAY}", no="NOT_NOW")
    course("kr", M, "agree", f"window={NEXT}", no="NOT_NOW")
    begins = NEXT.partition("/")[0]
    course("kr", M, "hold", at=begins.replace("01:00:00.000Z", "00:59:59.999Z"), no="NOT_YET")
    course("kr", M, "hold", "dialogue=kr-measure-1", "round=1", at=begins, no="NO_DIALOGUE")
    course.wait(30)
    course("kr", M, "hold", "dialogue=kr-dialogue-1", no="HALF_A_ROUND")
    course("kr", M, "hold", "round=1", no="HALF_A_ROUND")
    return course.vector(
        "OWN_OFFER, NOT_ON_THE_TABLE to the millisecond, ALREADY_AGREED, NOT_YET, NO_DIALOGUE, HALF_A_ROUND; a counter "
        "clears what was agreed to, and all but the offerer agree to the same window", "9",
        matters={M: then("agreed", offered_by="us", consents={"jp": NEXT.split("/"), "kr": NEXT.split("/")},
                         agreed=NEXT.split("/"))},
        after=[[6, {M: then("proposed", consents={"jp": DAY.split("/"), "us": NEXT.split("/")}, agreed=None)}],
               [8, {M: then("proposed", consents={})}], [11, {M: then("proposed")}]],
    )  # fmt: skip


def _cancelled() -> Json:
    course = Course()
    _meeting(course)
    course("jp", M, "cancel", "reason.en=No time")
    course("jp", M, "agree", f"window={DAY}", no="NOT_NOW")
    course("kr", "kr-meeting-2", "propose", "title.en=Again", "level=minister", f"window={DAY}")
    course("jp", "kr-meeting-2", "agree", f"window={DAY}")
    course("kr", "kr-meeting-2", "record", texts=(WORDS,), no="NOT_NOW")
    course("kr", "kr-meeting-2", "cancel")
    return course.vector("a meeting is cancelled by any party, on the table or agreed", "9",
                         matters={M: then("cancelled"), "kr-meeting-2": then("cancelled")})  # fmt: skip


def _met() -> Json:
    course = Course(*THREE)
    _dialogue(course)
    course("jp", T, "convene", "round=2", f"window={DAY}")
    for number, window, audience in ((1, NEXT, THREE), (2, DAY, THREE), (3, DAY, ("jp", "kr")), (4, DAY, THREE)):
        name = f"kr-meeting-{number}"
        course("kr", name, "propose", "title.en=Summit", "level=leader", f"window={window}", audience=list(audience))
        for party in audience[:1] + audience[2:]:
            course(party, name, "agree", f"window={window}", audience=list(audience))
    course.wait(30)
    course("kr", M, "hold", f"dialogue={T}", "round=2")
    course("jp", "kr-meeting-2", "hold", f"dialogue={T}", "round=1")
    course("jp", "kr-meeting-3", "hold", f"dialogue={T}", "round=3", audience=["jp", "kr"])
    course("jp", "kr-meeting-4", "hold", "dialogue=kr-dialogue-2", "round=4")
    return course.vector(
        "a dialogue has met in the meetings of all its parties that became its rounds, beside those it convened", "9",
        matters={T: then("open", rounds={"2": {"state": "convened"}}), M: then("held", dialogue=T, round=2),
                 **{f"kr-meeting-{number}": then("held") for number in (2, 3, 4)}},
        met={T: [[1, "kr-meeting-2", *DAY.split("/")], [2, M, *NEXT.split("/")]]},
    )  # fmt: skip


VECTORS = [
    make()
    for make in (_rounds, _rounds_refused, _minutes, _actions, _of_three, _agreed, _agreed_refused, _cancelled, _met)
]

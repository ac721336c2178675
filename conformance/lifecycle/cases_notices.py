"""Notices, suspensions and readings (sections 4 and 5)."""

from shorthand import act, in_force, signed, then, vector

ENTRY = in_force()
OPEN = signed("2015-01-01")
END_2019, END_2020 = "2019-11-22T15:00:00.000Z", "2020-11-22T15:00:00.000Z"


def notice(name: str, at: str, **rest: object) -> dict[str, object]:
    """A notice of termination."""
    return act(name, "notice_of_termination", at, **rest)


NOTICE = notice("kr-notice", "2019-08-23 17:30 KST")
SUSPENSION = act("kr-suspend", "suspend_notice", "2019-11-22 18:00 KST", "kr-notice")
OPEN_NOTICE = notice("kr-notice", "2021-03-10 12:00")
"""Six months after 10 March, Vienna: ends with 10 September, at 22:00 UTC."""
OPEN_END = "2021-09-10T22:00:00.000Z"


def running(ends_at: str) -> dict[str, object]:
    """A view in which a notice runs to that instant."""
    return {"phase": "notice_running", "ends_at": ends_at}


VECTORS = [
    vector(
        "counting boundary_day gives one day more, and the other counting is named", "lifecycle 4", "jk-boundary-day",
        [*ENTRY, notice("kr-notice", "2019-08-25 23:59:59.999 KST")],
        then("2019-08-25", every={"phase": "in_force", "notice_deadline": "2019-08-25"}),
        then("2019-09-01", every=running(END_2019), reasons=["OTHER_COUNTING"], mentions=[END_2020]),
    ),
    vector(
        "counting boundary_day, one day late", "lifecycle 4", "jk-boundary-day",
        [*ENTRY, notice("kr-notice", "2019-08-26 00:00 KST")],
        then("2019-09-01", every=running(END_2020), reasons=[]),
    ),
    vector(
        "the day of a notice is the local day", "lifecycle 4", "jk",
        [*ENTRY, notice("kr-notice", "2019-08-24 15:00 UTC")],
        then("2019-09-01", every=running(END_2020)),
    ),
    vector(
        "from dispatch: the day of dispatch decides, the receipt only when it counts", "lifecycle 4", "jk-dispatch",
        [*ENTRY, notice("kr-notice", "2019-08-24 23:59 KST", received="2019-09-10")],
        then("2019-09-09", every={"phase": "in_force"}),
        then("2019-09-10", every=running(END_2019)),
    ),
    vector(
        "from dispatch: an end under the other counting does not precede the receipt either", "lifecycle 4",
        "jk-dispatch", [*ENTRY, notice("kr-notice", "2019-08-25 12:00 KST", received="2019-12-01 12:00")],
        then("2019-12-02", every=running(END_2020), reasons=["OTHER_COUNTING"], mentions=["2019-12-01T12:00:00.000Z"]),
    ),
    vector(
        "from dispatch, received after the boundary: the end is the receipt", "lifecycle 4", "jk-dispatch",
        [*ENTRY, notice("kr-notice", "2019-08-20", received="2019-12-01 12:00")],
        then("2019-12-01", every={"phase": "in_force", "next_boundary": "2020-11-23"}),
        then("2019-12-01 12:00", every={"phase": "ended", "ends_at": "2019-12-01T12:00:00.000Z",
                                        "last_day": "2019-12-01"}),
    ),
    vector(
        "received against dispatched: from receipt the same notice is late", "lifecycle 4", "jk",
        [*ENTRY, notice("kr-notice", "2019-08-24 23:59 KST", received="2019-09-10")],
        then("2019-09-10", every=running(END_2020)),
    ),
    vector(
        "the view that knows of a delivery in time ends earlier than the other", "lifecycle 1", "jk",
        [*ENTRY, notice("kr-notice", "2019-08-24 10:00 KST", delivered={"jp": "2019-08-24 11:00 KST"},
                        received="2019-08-25 09:00 KST")],
        then("2019-09-01", kr=running(END_2019), jp=running(END_2020), disputed=True, release_allowed=True),
        then("2019-11-22 15:00", kr={"phase": "ended"}, jp=running(END_2020), disputed=True, release_allowed=False,
             reasons=["STATUS_DISPUTED", "OTHER_COUNTING"]),
    ),
    vector(
        "a lead longer than a term reaches past the current one", "lifecycle 4", "jk-two-years-notice",
        [*ENTRY, notice("kr-notice", "2017-01-01")],
        then("2017-01-02", every=running(END_2019) | {"next_boundary": "2017-11-23", "notice_deadline": "2015-11-22"}),
    ),
    vector(
        "after_notice ends with the local day by default", "lifecycle 4", "vienna", [*OPEN, OPEN_NOTICE],
        then("2021-03-11", every=running(OPEN_END) | {"last_day": "2021-09-10"}, release_allowed=True, reasons=[]),
        then("2021-09-10 22:00", every={"phase": "ended"}),
    ),
    vector(
        "ends start_of_day: at that day's first instant", "lifecycle 4", "vienna-start-of-day", [*OPEN, OPEN_NOTICE],
        then("2021-03-11", every=running("2021-09-09T22:00:00.000Z") | {"last_day": "2021-09-09"}),
    ),
    vector(
        "overflow next_day holds for the lead too", "lifecycle 4", "vienna-next-day",
        [*OPEN, notice("kr-notice", "2021-08-31 10:00")],
        then("2021-09-01", every=running("2022-03-01T23:00:00.000Z") | {"last_day": "2022-03-01"}),
    ),
    vector(
        "after_notice inside a term: the earlier of the notice's end and the term's", "lifecycle 4", "jk-three-years",
        [*ENTRY, notice("kr-notice", "2017-01-01 12:00 KST"), notice("jp-notice", "2019-11-01 12:00 KST")],
        then("2017-01-02", every=running("2017-04-01T15:00:00.000Z") | {"next_boundary": "2019-11-23",
                                                                        "notice_deadline": None}),
    ),
    vector(
        "of several live ends the earliest prevails, and a withdrawal leaves the later one", "lifecycle 4", "vienna",
        [*OPEN, OPEN_NOTICE, notice("jp-notice", "2021-04-01"),
         act("kr-withdraw", "withdraw", "2021-05-01", "kr-notice")],
        then("2021-04-02", every=running(OPEN_END)),
        then("2021-05-01", every=running("2021-10-01T22:00:00.000Z"), refused=[]),
    ),
    vector(
        "a party may give several notices, and take one back", "lifecycle 4", "vienna",
        [*OPEN, OPEN_NOTICE, notice("kr-second", "2021-04-01"),
         act("kr-withdraw", "withdraw", "2021-05-01", "kr-notice", "kr-second")],
        then("2021-04-02", every=running(OPEN_END)),
        then("2021-05-01", every={"phase": "in_force", "ends_at": None}),
    ),
    vector(
        "a notice can be withdrawn until it takes effect", "lifecycle 4", "vienna",
        [*OPEN, OPEN_NOTICE, act("kr-withdraw", "withdraw", "2021-09-10 21:59:59.999", "kr-notice")],
        then("2021-09-11", every={"phase": "in_force", "ends_at": None}, release_allowed=True, refused=[]),
    ),
    vector(
        "a withdrawal at the end is too late, by the end of the view", "lifecycle 4", "vienna",
        [*OPEN, OPEN_NOTICE, act("kr-withdraw", "withdraw", "2021-09-10 22:00", "kr-notice")],
        then("2021-09-11", every={"phase": "ended", "ends_at": OPEN_END}, refused=["kr-withdraw ALREADY_ENDED"]),
    ),
    vector(
        "an irrevocable notice cannot be withdrawn", "lifecycle 4", "irrevocable-open",
        [*OPEN, OPEN_NOTICE, act("kr-withdraw", "withdraw", "2021-05-01", "kr-notice")],
        then("2021-05-01", every=running(OPEN_END), refused=["kr-withdraw NOT_REVOCABLE"]),
    ),
    vector(
        "an irrevocable notice cannot be suspended where that would spend it", "lifecycle 4", "jk-irrevocable",
        [*ENTRY, NOTICE, SUSPENSION],
        then("2019-11-22 10:00", jp=running(END_2019), kr={"phase": "notice_suspended"}, disputed=True, refused=[]),
        then("2019-11-23", jp={"phase": "ended"}, kr={"phase": "notice_suspended"}, release_allowed=False,
             reasons=["STATUS_DISPUTED"]),
    ),
    vector(
        "resume remaining: the seconds that were left, to the millisecond", "lifecycle 5", "jk-remaining",
        [*ENTRY, NOTICE, act("kr-suspend", "suspend_notice", "2019-11-22 14:59:58.250 UTC", "kr-notice"),
         act("kr-resume", "resume_notice", "2021-03-01 12:00:00.500 UTC", "kr-notice")],
        then("2021-03-01 12:00:00.500", kr=running("2021-03-01T12:00:02.250Z"), jp={"phase": "in_force"},
             release_allowed=True, disputed=True, reasons=[]),
        then("2021-03-01 12:00:02.250", kr={"phase": "ended", "ends_at": "2021-03-01T12:00:02.250Z"},
             release_allowed=False),
    ),
    vector(
        "resume remaining: what was left may lead out of the calendar, and stays on its last instant", "lifecycle 3",
        "vienna-ages",
        [*OPEN, notice("kr-notice", "2019-08-23"), act("kr-suspend", "suspend_notice", "2019-09-01", "kr-notice"),
         act("kr-resume", "resume_notice", "2219-09-01", "kr-notice")],
        then("2019-08-23", every=running("9999-08-23T22:00:00.000Z")),
        then("2219-09-01", every=running("9999-12-31T23:59:59.999Z"), release_allowed=True),
    ),
    vector(
        "a resumed notice can be suspended again, with what is left of it", "lifecycle 5", "jk-remaining",
        [*ENTRY, NOTICE, act("kr-suspend", "suspend_notice", "2019-11-20 15:00 UTC", "kr-notice"),
         act("kr-resume", "resume_notice", "2020-01-01", "kr-notice"),
         act("kr-again", "suspend_notice", "2020-01-02", "kr-notice"),
         act("kr-wake", "resume_notice", "2020-02-01", "kr-notice")],
        then("2020-01-01", kr=running("2020-01-03T00:00:00.000Z")),
        then("2020-01-02", kr={"phase": "notice_suspended", "ends_at": None}),
        then("2020-02-01", kr=running("2020-02-02T00:00:00.000Z")),
    ),
    vector(
        "to take back the suspension alone lets the notice run on to its original end", "lifecycle 5", "jk-undeclared",
        [*ENTRY, NOTICE, act("kr-suspend", "suspend_notice", "2019-10-01", "kr-notice"),
         act("kr-withdraw", "withdraw", "2019-11-01", "kr-suspend")],
        then("2019-10-15", every={"phase": "notice_suspended"}),
        then("2019-11-01", every=running(END_2019), reasons=[], refused=[]),
        then("2019-11-22 15:00", every={"phase": "ended", "ends_at": END_2019}),
    ),
    vector(
        "WOULD_LAPSE: at the very instant of the original end", "lifecycle 5", "jk-undeclared",
        [*ENTRY, NOTICE, SUSPENSION, act("kr-withdraw", "withdraw", "2019-11-22 15:00 UTC", "kr-suspend")],
        then("2019-11-23", every={"phase": "notice_suspended", "ends_at": None}, refused=["kr-withdraw WOULD_LAPSE"]),
    ),
    vector(
        "to take back the suspension one millisecond before the original end", "lifecycle 5", "jk-undeclared",
        [*ENTRY, NOTICE, SUSPENSION, act("kr-withdraw", "withdraw", "2019-11-22 14:59:59.999 UTC", "kr-suspend")],
        then("2019-11-22 14:59:59.999", every=running(END_2019)),
        then("2019-11-23", every={"phase": "ended", "ends_at": END_2019}, refused=[]),
    ),
    vector(
        "boundaries pass a suspended notice, but not a term without extension", "lifecycle 5", "jk-fixed",
        [*ENTRY, notice("kr-notice", "2017-08-01"), act("kr-suspend", "suspend_notice", "2017-09-01", "kr-notice")],
        then("2017-09-01", every={"phase": "notice_suspended", "ends_at": "2017-11-22T15:00:00.000Z"}),
        then("2017-11-22 15:00", every={"phase": "ended"}),
    ),
    vector(
        "the reading spent declared later withdraws a notice then suspended, in that view", "lifecycle 5",
        "jk-undeclared",
        [*ENTRY, NOTICE, SUSPENSION, act("jp-reads", "declare_reading", "2020-08-24", reading="spent"),
         act("kr-resume", "resume_notice", "2020-09-01", "kr-notice")],
        then("2020-08-24", jp={"phase": "in_force", "reading": "spent"},
             kr={"phase": "notice_suspended", "reading": None}, disputed=True, release_allowed=True),
        then("2020-09-01", jp={"phase": "in_force"}, kr={"phase": "ended"}, release_allowed=False),
    ),
    vector(
        "the reading asleep declared later revives nothing", "lifecycle 5", "jk-both-spent",
        [*ENTRY, NOTICE, SUSPENSION, act("kr-reads", "declare_reading", "2020-01-01", reading="asleep"),
         act("kr-resume", "resume_notice", "2020-09-01", "kr-notice")],
        then("2020-09-01", every={"phase": "in_force", "ends_at": None}, kr={"reading": "asleep"}, disputed=False,
             refused=["kr-resume NOT_SUSPENDED"]),
    ),
    vector(
        "a declaration counts at its dispatch, in every view, received or not", "lifecycle 1", "jk-undeclared",
        [*ENTRY, NOTICE, SUSPENSION,
         act("jp-reads", "declare_reading", "2020-08-24", reading="spent", received={})],
        then("2020-08-24", jp={"phase": "in_force", "reading": "spent"}, kr={"phase": "notice_suspended"}),
    ),
    vector(
        "a declaration overrides the reading in the document", "lifecycle 5", "jk",
        [*ENTRY, act("jp-reads", "declare_reading", "2019-01-01", reading="asleep"), NOTICE, SUSPENSION],
        then("2019-11-23", every={"phase": "notice_suspended", "reading": "asleep"}, disputed=False),
    ),
    vector(
        "a suspension with a boundary of the agreement between: a fresh notice is needed where it is spent",
        "lifecycle 5", "jk-both-spent",
        [*ENTRY, NOTICE, SUSPENSION, notice("kr-fresh", "2020-08-24 12:00 KST")],
        then("2020-08-25", every=running(END_2020), disputed=False, release_allowed=True),
    ),
    vector(
        "an agreed end stands until another agreement replaces it", "lifecycle 4", "vienna",
        [*OPEN, act("jp-end", "agree_termination", "2021-01-01", instant="2021-06-30 12:00"),
         act("kr-end", "agree_termination", "2021-01-02", instant="2021-06-30 12:00"),
         act("jp-other", "agree_termination", "2021-02-01", instant="2021-12-31"),
         act("kr-other", "agree_termination", "2021-03-01", instant="2021-12-31")],
        then("2021-01-01", every={"phase": "in_force", "ends_at": None}),
        then("2021-01-02", every={"phase": "in_force", "ends_at": "2021-06-30T12:00:00.000Z",
                                  "last_day": "2021-06-30"}, release_allowed=True),
        then("2021-02-15", every={"ends_at": "2021-06-30T12:00:00.000Z"}),
        then("2021-03-01", every={"ends_at": "2021-12-31T00:00:00.000Z"}),
        then("2021-12-31", every={"phase": "ended"}),
    ),
    vector(
        "different instants are no agreement, and the earliest live end prevails over an agreed one", "lifecycle 4",
        "vienna",
        [*OPEN, OPEN_NOTICE, act("jp-end", "agree_termination", "2021-04-01", instant="2021-12-31"),
         act("kr-end", "agree_termination", "2021-04-02", instant="2022-01-01"),
         act("jp-yes", "agree_termination", "2021-04-03", instant="2022-01-01")],
        then("2021-04-02", every=running(OPEN_END)),
        then("2021-04-03", every=running(OPEN_END)),
        then("2021-09-10 22:00", every={"phase": "ended", "ends_at": OPEN_END}),
    ),
]  # fmt: skip

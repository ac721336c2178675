"""The worked cases of docs/spec/lifecycle.md, section 9."""

from shorthand import act, in_force, signed, then, vector

ENTRY = in_force("2016-11-23 11:00 KST")
NOTICE = act("kr-notice", "notice_of_termination", "2019-08-23 17:30 KST")
SUSPENSION = act("kr-suspend", "suspend_notice", "2019-11-22 18:00 KST", "kr-notice")
RESUMPTION = act("kr-resume", "resume_notice", "2020-09-01", "kr-notice")
END_2019, END_2020 = "2019-11-22T15:00:00.000Z", "2020-11-22T15:00:00.000Z"
RUNNING = {"phase": "notice_running", "ends_at": END_2019, "last_day": "2019-11-22"}
GOING_ON = {"ends_at": None, "last_day": None, "next_boundary": "2020-11-23", "notice_deadline": "2020-08-24"}
CASE_9 = [
    *ENTRY,
    NOTICE,
    SUSPENSION,
    act("kr-withdraw", "withdraw", "2023-03-21", "kr-notice", "kr-suspend"),
]


def _notice(at: str) -> dict[str, object]:
    return act("kr-notice", "notice_of_termination", at)


VECTORS = [
    vector(
        "case 1: without further acts the agreement extends by itself", "lifecycle 3", "jk", ENTRY,
        then("2019-08-01", every={"phase": "in_force", "ends_at": None, "next_boundary": "2019-11-23",
                                  "notice_deadline": "2019-08-24"},
             jp={"reading": "spent"}, kr={"reading": "asleep"},
             disputed=False, release_allowed=True, reasons=[], refused=[]),
    ),
    vector(
        "cases 2 and 3: a notice in time ends the term, and release stops at that instant", "lifecycle 4", "jk",
        [*ENTRY, NOTICE],
        then("2019-10-02", every=RUNNING | {"next_boundary": "2019-11-23", "notice_deadline": "2019-08-24"},
             release_allowed=True, disputed=False, reasons=[]),
        then("2019-11-22 14:59:59.999", every=RUNNING, release_allowed=True),
        then("2019-11-22 15:00:00.000",
             every={"phase": "ended", "ends_at": END_2019, "last_day": "2019-11-22", "next_boundary": None,
                    "notice_deadline": None},
             release_allowed=False, disputed=False, reasons=["AGREEMENT_NOT_IN_FORCE"]),
    ),
    vector(
        "case 4: the deadline day counts to its last second", "lifecycle 4", "jk",
        [*ENTRY, _notice("2019-08-24 23:59:59 KST")],
        then("2019-09-01", every=RUNNING, reasons=[]),
    ),
    vector(
        "case 5: a notice one second late ends the next term, and the other counting is named", "lifecycle 4", "jk",
        [*ENTRY, _notice("2019-08-25 00:00:00 KST")],
        then("2019-09-01", every={"phase": "notice_running", "ends_at": END_2020, "last_day": "2020-11-22",
                                  "next_boundary": "2019-11-23", "notice_deadline": "2019-08-24"},
             release_allowed=True, reasons=["OTHER_COUNTING"], mentions=[END_2019]),
        then("2020-01-01", every={"phase": "notice_running", "ends_at": END_2020, "next_boundary": "2020-11-23",
                                  "notice_deadline": "2020-08-24"}),
        then("2020-11-22 15:00", every={"phase": "ended", "ends_at": END_2020}, reasons=["AGREEMENT_NOT_IN_FORCE"]),
    ),
    vector(
        "case 6: a suspension in time is read in two ways", "lifecycle 5", "jk", [*ENTRY, NOTICE, SUSPENSION],
        then("2019-11-23", jp=GOING_ON | {"phase": "in_force"}, kr=GOING_ON | {"phase": "notice_suspended"},
             disputed=True, release_allowed=True, reasons=[], refused=[]),
    ),
    vector(
        "case 7: a suspension at the end is too late", "lifecycle 5", "jk",
        [*ENTRY, NOTICE, act("kr-suspend", "suspend_notice", "2019-11-22 15:00 UTC", "kr-notice")],
        then("2019-11-22 15:00 UTC", every={"phase": "ended", "ends_at": END_2019}, refused=["kr-suspend TOO_LATE"]),
        then("2019-11-23", every={"phase": "ended", "ends_at": END_2019}, refused=["kr-suspend TOO_LATE"],
             disputed=False, release_allowed=False),
    ),
    vector(
        "case 8: to wake the notice ends the agreement in one view only", "lifecycle 5", "jk",
        [*ENTRY, NOTICE, SUSPENSION, RESUMPTION],
        then("2020-09-01", jp={"phase": "in_force", "ends_at": None},
             kr={"phase": "ended", "ends_at": "2020-09-01T00:00:00.000Z", "last_day": "2020-09-01"},
             disputed=True, release_allowed=False, reasons=["STATUS_DISPUTED"], refused=[]),
        then("2020-08-31 23:59:59.999", kr={"phase": "notice_suspended"}, release_allowed=True),
    ),
    vector(
        "case 9: notice and suspension withdrawn together leave the agreement in force", "lifecycle 5", "jk", CASE_9,
        then("2023-03-21", every={"phase": "in_force", "ends_at": None, "next_boundary": "2023-11-23"},
             disputed=False, release_allowed=True, refused=[]),
        then("2023-03-20", jp={"phase": "in_force"}, kr={"phase": "notice_suspended"}, disputed=True),
    ),
    vector(
        "case 10: nothing ends an agreement in the past", "lifecycle 5", "jk",
        [*ENTRY, NOTICE, SUSPENSION, act("kr-withdraw", "withdraw", "2023-03-21", "kr-suspend")],
        then("2023-03-22", jp={"phase": "in_force"}, kr={"phase": "notice_suspended", "ends_at": None},
             refused=["kr-withdraw WOULD_LAPSE"], release_allowed=True, disputed=True),
    ),
    vector(
        "case 11: six months from a day that the month of the end does not have", "lifecycle 4", "vienna",
        [*signed("2015-01-01"), act("kr-notice", "notice_of_termination", "2021-08-31 08:00 UTC")],
        then("2021-09-01", every={"phase": "notice_running", "last_day": "2022-02-28",
                                  "ends_at": "2022-02-28T23:00:00.000Z", "next_boundary": None,
                                  "notice_deadline": None}),
    ),
    vector(
        "case 12: 29 February does not drift", "lifecycle 3", "signed-yearly", signed("2020-02-29 09:00 UTC"),
        then("2020-03-01", every={"next_boundary": "2021-02-28"}),
        then("2021-02-28", every={"next_boundary": "2022-02-28"}),
        then("2022-02-28", every={"next_boundary": "2023-02-28"}),
        then("2023-02-28", every={"next_boundary": "2024-02-29"}),
        then("2024-02-28 23:59:59.999", every={"next_boundary": "2024-02-29"}),
        then("2024-02-29", every={"next_boundary": "2025-02-28"}),
    ),
    vector(
        "case 13: the order of arrival means nothing", "lifecycle 1", "jk", CASE_9[::-1],
        then("2023-03-21", every={"phase": "in_force"}, disputed=False, refused=[]),
    ),
    vector(
        "case 14: a claim of delivery counts in the writer's view, a receipt in the other", "lifecycle 1", "jk",
        [*ENTRY, NOTICE,
         act("kr-suspend", "suspend_notice", "2019-11-22 17:59 KST", "kr-notice",
             delivered={"jp": "2019-11-22 18:00 KST"}, received="2019-11-23 02:00 KST")],
        then("2019-11-22 10:00 UTC", kr={"phase": "notice_suspended"}, jp={"phase": "notice_running"}, disputed=True,
             release_allowed=True),
        then("2019-11-23", kr={"phase": "notice_suspended", "ends_at": None},
             jp={"phase": "ended", "ends_at": END_2019},
             disputed=True, release_allowed=False, reasons=["STATUS_DISPUTED"], refused=[]),
    ),
    vector(
        "case 15: no end precedes the receipt of the notice that causes it", "lifecycle 4", "dispatch-thirty-days",
        [*signed("2015-01-01"), act("kr-notice", "notice_of_termination", "2021-06-01", received="2021-07-20 12:00")],
        then("2021-07-20 11:59:59.999", every={"phase": "in_force", "ends_at": None}),
        then("2021-07-21", every={"phase": "ended", "ends_at": "2021-07-20T12:00:00.000Z", "last_day": "2021-07-20"}),
    ),
    vector(
        "case 16: undeclared readings count as asleep and are shown as not declared", "lifecycle 5", "jk-undeclared",
        [*ENTRY, NOTICE, SUSPENSION],
        then("2019-11-23", every=GOING_ON | {"phase": "notice_suspended", "reading": None},
             disputed=False, release_allowed=True),
    ),
]  # fmt: skip

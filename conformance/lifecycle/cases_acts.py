"""When acts count, in which order, and each reason for refusing one (section 1); operation (section 6)."""

from shorthand import act, in_force, signed, then, vector

ENTRY = in_force()
OPEN = signed("2015-01-01")
THREE = ("at", "de", "fr")
NOTICE = act("kr-notice", "notice_of_termination", "2021-03-10 12:00")
END = "2021-09-10T22:00:00.000Z"
RUNNING = {"phase": "notice_running", "ends_at": END}
IN_FORCE = {"phase": "in_force", "ends_at": None}


def three(name: str, kind: str, at: str, *refs: str, **rest: object) -> dict[str, object]:
    """An act among three parties."""
    return act(name, kind, at, *refs, parties=THREE, **rest)


def refused(
    name: str, code: str, *acts: dict[str, object], document: str = "vienna", at: str = "2021-06-01", **rest: object
) -> dict[str, object]:
    """The last of these acts is refused with that code."""
    return vector(
        f"{code}: {name}",
        "lifecycle 1",
        document,
        [*OPEN, *acts],
        then(at, refused=[f"{acts[-1]['id']} {code}"], **rest),
    )


SUSPEND = act("kr-suspend", "suspend_notice", "2021-04-01", "kr-notice")
VECTORS = [
    refused("the act of somebody else", "NOT_A_PARTY",
            act("us-notice", "notice_of_termination", "2021-01-01", parties=("jp", "kr")), every=IN_FORCE),
    vector(
        "NOT_A_PARTY: it counts by every party's receipt", "lifecycle 1", "vienna",
        [*OPEN, act("us-sign", "sign", "2021-01-01", received={"jp": "2021-01-02", "kr": "2021-01-05"}),
         act("us-late", "sign", "2021-01-03", received={"jp": "2021-01-03"})],
        then("2021-01-04", refused=[]),
        then("2021-01-05", refused=["us-sign NOT_A_PARTY"]),
    ),
    refused("a suspension of nothing", "UNKNOWN_REF", NOTICE, act("kr-suspend", "suspend_notice", "2021-04-01"),
            every=RUNNING),
    refused("a suspension of two notices", "UNKNOWN_REF", NOTICE,
            act("kr-second", "notice_of_termination", "2021-03-11"),
            act("kr-suspend", "suspend_notice", "2021-04-01", "kr-notice", "kr-second"), every=RUNNING),
    refused("a withdrawal of an act that nobody knows is refused whole", "UNKNOWN_REF", NOTICE,
            act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice", "kr-phantom"), every=RUNNING),
    refused("a reference to an act that counts later", "UNKNOWN_REF",
            act("kr-notice", "notice_of_termination", "2021-03-10 12:00", received="2021-05-01"), SUSPEND),
    refused("a withdrawal of the other party's notice is refused whole", "NOT_OWN_ACT", NOTICE,
            act("jp-notice", "notice_of_termination", "2021-04-01"),
            act("jp-withdraw", "withdraw", "2021-05-01", "jp-notice", "kr-notice"), every=RUNNING),
    refused("a suspension of the other party's notice", "NOT_OWN_ACT", NOTICE,
            act("jp-suspend", "suspend_notice", "2021-04-01", "kr-notice"), every=RUNNING),
    refused("a suspension of a signature", "WRONG_KIND_OF_REF", NOTICE,
            act("kr-suspend", "suspend_notice", "2021-04-01", "kr-sign"), every=RUNNING),
    refused("to wake a suspension instead of the notice", "WRONG_KIND_OF_REF", NOTICE, SUSPEND,
            act("kr-resume", "resume_notice", "2021-05-01", "kr-suspend"), every={"phase": "notice_suspended"}),
    refused("a withdrawal of a signature", "WRONG_KIND_OF_REF", NOTICE,
            act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice", "kr-sign"), every=RUNNING),
    vector(
        "MISMATCH: to sign another document is not to sign this one", "lifecycle 1", "vienna",
        [act("jp-sign", "sign", "2015-01-01", digest="document:vienna.toml"),
         act("kr-sign", "sign", "2015-01-02", digest="missing")],
        then("2015-01-03", every={"phase": "draft"}, refused=["kr-sign MISMATCH"]),
    ),
    vector(
        "NOT_SIGNED: completion before that party's own signature", "lifecycle 1", "jk",
        [act("jp-sign", "sign", "2015-01-01"), act("kr-done", "notify_completion", "2015-01-02"),
         act("kr-sign", "sign", "2015-01-03"), act("jp-done", "notify_completion", "2015-01-04")],
        then("2015-01-05", every={"phase": "signed"}, refused=["kr-done NOT_SIGNED"]),
    ),
    vector(
        "NOT_IN_FORCE: before entry into force only four kinds are allowed", "lifecycle 1", "jk",
        [*signed("2015-01-01"), act("kr-notice", "notice_of_termination", "2015-01-02"),
         act("kr-stop", "suspend_operation", "2015-01-03"),
         act("kr-end", "agree_termination", "2015-01-04", instant="2016-01-01"),
         act("kr-reads", "declare_reading", "2015-01-05", reading="spent"),
         act("kr-go", "resume_operation", "2015-01-06"),
         act("kr-withdraw", "withdraw", "2015-01-07", "kr-notice")],
        then("2015-02-01", every={"phase": "signed"}, kr={"reading": "spent"},
             refused=["kr-notice NOT_IN_FORCE", "kr-stop NOT_IN_FORCE", "kr-end NOT_IN_FORCE", "kr-go NOT_IN_FORCE",
                      "kr-withdraw NOT_IN_FORCE"]),
    ),
    vector(
        "ALREADY_ENDED: no act counts for a view that has ended", "lifecycle 1", "vienna",
        [*OPEN, NOTICE, act("jp-notice", "notice_of_termination", "2021-09-10 22:00"),
         act("kr-resume", "resume_notice", "2021-09-11", "kr-notice"),
         act("kr-sign-again", "sign", "2021-09-12"),
         act("kr-reads", "declare_reading", "2021-09-13", reading="spent"),
         act("jp-stop", "suspend_operation", "2021-09-14")],
        then("2021-10-01", every={"phase": "ended", "ends_at": END, "reading": None},
             refused=["jp-notice ALREADY_ENDED", "kr-resume ALREADY_ENDED", "kr-sign-again ALREADY_ENDED",
                      "kr-reads ALREADY_ENDED", "jp-stop ALREADY_ENDED"]),
    ),
    vector(
        "TOO_LATE: what would move an end, at or after it", "lifecycle 1", "vienna",
        [*OPEN, NOTICE, act("kr-suspend", "suspend_notice", "2021-09-10 22:00", "kr-notice"),
         act("jp-end", "agree_termination", "2021-09-11", instant="2022-01-01"),
         act("jp-amend", "amend", "2021-09-12", digest="document:vienna.toml", effective="2022-01-01")],
        then("2021-10-01", every={"phase": "ended", "ends_at": END},
             refused=["kr-suspend TOO_LATE", "jp-end TOO_LATE", "jp-amend TOO_LATE"]),
    ),
    vector(
        "ALREADY_ENDED: a suspension after an agreed end, before its notice's own", "lifecycle 1", "vienna",
        [*OPEN, NOTICE, act("jp-end", "agree_termination", "2021-04-01", instant="2021-05-01"),
         act("kr-end", "agree_termination", "2021-04-02", instant="2021-05-01"),
         act("kr-suspend", "suspend_notice", "2021-05-02", "kr-notice"),
         act("kr-suspend-2", "suspend_notice", "2021-10-02", "kr-notice")],
        then("2021-05-03", every={"phase": "ended", "ends_at": "2021-05-01T00:00:00.000Z"},
             refused=["kr-suspend ALREADY_ENDED"]),
        then("2021-10-03", refused=["kr-suspend ALREADY_ENDED", "kr-suspend-2 TOO_LATE"]),
    ),
    vector(
        "TOO_LATE: a notice that no boundary can satisfy", "lifecycle 1", "jk-fixed",
        [*ENTRY, act("kr-notice", "notice_of_termination", "2017-08-25 00:00 KST"),
         act("kr-after", "notice_of_termination", "2018-01-01")],
        then("2017-09-01", every={"phase": "in_force", "ends_at": "2017-11-22T15:00:00.000Z"},
             refused=["kr-notice TOO_LATE"]),
        then("2018-01-01", every={"phase": "ended"}, refused=["kr-notice TOO_LATE", "kr-after TOO_LATE"]),
    ),
    refused("an agreed end that is not later than the act", "TOO_LATE",
            act("kr-end", "agree_termination", "2021-01-01", instant="2021-01-01"), every=IN_FORCE),
    vector(
        "TOO_LATE: the second consent received after the named instant", "lifecycle 1", "vienna",
        [*OPEN, act("kr-end", "agree_termination", "2021-01-01", instant="2021-02-01"),
         act("jp-end", "agree_termination", "2021-01-02", instant="2021-02-01", received="2021-02-01")],
        then("2021-03-01", every=IN_FORCE, refused=["jp-end TOO_LATE"]),
    ),
    refused("to wake a notice that runs", "NOT_SUSPENDED", NOTICE,
            act("kr-resume", "resume_notice", "2021-04-01", "kr-notice"), every=RUNNING),
    refused("to wake a notice that was withdrawn", "NOT_SUSPENDED", NOTICE,
            act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice"),
            act("kr-resume", "resume_notice", "2021-05-01", "kr-notice"), every=IN_FORCE),
    refused("to lift what nobody suspended", "NOT_SUSPENDED", act("kr-go", "resume_operation", "2021-01-01"),
            every=IN_FORCE),
    refused("a second signature", "ALREADY_DONE", act("kr-sign-again", "sign", "2021-01-01"), every=IN_FORCE),
    refused("to suspend what is suspended", "ALREADY_DONE", NOTICE, SUSPEND,
            act("kr-again", "suspend_notice", "2021-05-01", "kr-notice"), every={"phase": "notice_suspended"}),
    refused("to suspend what was withdrawn", "ALREADY_DONE", NOTICE,
            act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice"),
            act("kr-suspend", "suspend_notice", "2021-05-01", "kr-notice"), every=IN_FORCE),
    refused("to withdraw what is withdrawn", "ALREADY_DONE", NOTICE,
            act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice"),
            act("kr-again", "withdraw", "2021-05-01", "kr-notice"), every=IN_FORCE),
    refused("to withdraw a suspension that no longer holds its notice", "ALREADY_DONE", NOTICE, SUSPEND,
            act("kr-resume", "resume_notice", "2021-05-01", "kr-notice"),
            act("kr-withdraw", "withdraw", "2021-05-02", "kr-suspend"), every={"phase": "notice_running"}),
    vector(
        "dead references of a withdrawal are ignored while one is live", "lifecycle 5", "vienna",
        [*OPEN, NOTICE, act("kr-withdraw", "withdraw", "2021-04-01", "kr-notice"),
         act("kr-second", "notice_of_termination", "2021-05-01"),
         act("kr-again", "withdraw", "2021-06-01", "kr-notice", "kr-second")],
        then("2021-06-01", every=IN_FORCE, refused=[]),
    ),
    vector(
        "an act without a receipt counts nowhere, and stops no clock in its writer's view", "lifecycle 1", "vienna",
        [*OPEN, NOTICE, act("kr-suspend", "suspend_notice", "2021-04-01", "kr-notice", received={})],
        then("2021-05-01", every=RUNNING, refused=[]),
    ),
    vector(
        "an act refused by its writer's view and not yet judged by the other is listed, until that allows it",
        "lifecycle 1", "vienna",
        [*OPEN, act("kr-notice", "notice_of_termination", "2021-03-10 12:00", received="2021-04-10"),
         act("kr-suspend", "suspend_notice", "2021-03-11", "kr-notice", delivered={"jp": "2021-03-12"},
             received="2021-04-11")],
        then("2021-04-10", every={"phase": "notice_running"}, refused=["kr-suspend UNKNOWN_REF"]),
        then("2021-04-11", jp={"phase": "notice_suspended"}, kr={"phase": "notice_running"}, refused=[],
             disputed=True),
    ),
    vector(
        "acts that count at one instant follow their references first", "lifecycle 1", "vienna",
        [*OPEN, act("kr-z-notice", "notice_of_termination", "2021-03-02", received="2021-03-10 12:00"),
         act("kr-a-suspend", "suspend_notice", "2021-03-01", "kr-z-notice", received="2021-03-10 12:00")],
        then("2021-03-10 12:00", every={"phase": "notice_suspended"}, refused=[]),
    ),
    vector(
        "acts that count at one instant without references follow dispatch, then id", "lifecycle 1", "jk",
        [act("kr-sign", "sign", "2015-01-02", received="2015-01-03"),
         act("kr-done", "notify_completion", "2015-01-01", received="2015-01-03"),
         act("jp-b-sign", "sign", "2015-01-02", received="2015-01-03")],
        then("2015-01-03", every={"phase": "signed"}, refused=["kr-done NOT_SIGNED"]),
    ),
    vector(
        "acts that refer to each other in a circle refer to nothing earlier", "lifecycle 1", "vienna",
        [*OPEN, act("kr-a", "withdraw", "2021-01-01", "kr-b", received="2021-02-01"),
         act("kr-b", "withdraw", "2021-01-02", "kr-a", received="2021-02-01")],
        then("2021-02-01", every=IN_FORCE, refused=["kr-a UNKNOWN_REF", "kr-b WRONG_KIND_OF_REF"]),
    ),
    vector(
        "refused acts are listed in the order in which they count for their writers", "lifecycle 1", "vienna",
        [*OPEN, act("kr-b", "resume_operation", "2021-01-01", received="2021-02-02"),
         act("jp-a", "resume_operation", "2021-01-02", received="2021-02-01"),
         act("kr-a", "resume_operation", "2021-01-03", received="2021-02-02")],
        then("2021-03-01", refused=["jp-a NOT_SUSPENDED", "kr-b NOT_SUSPENDED", "kr-a NOT_SUSPENDED"]),
    ),
    vector(
        "with three parties an act counts when the last of the others has received it", "lifecycle 8", "three",
        [*signed("2020-01-01", THREE),
         three("at-notice", "notice_of_termination", "2020-11-01",
               received={"de": "2020-11-02", "fr": "2020-12-10"}, delivered={"fr": "2020-11-03"})],
        then("2020-11-05", at={"phase": "notice_running", "ends_at": "2021-01-01T00:00:00.000Z"},
             de={"phase": "in_force"}, fr={"phase": "in_force"}, disputed=True, release_allowed=True),
        then("2020-12-10", at={"ends_at": "2021-01-01T00:00:00.000Z"}, de={"ends_at": "2022-01-01T00:00:00.000Z"},
             fr={"phase": "notice_running"}),
        then("2021-01-01", at={"phase": "ended"}, de={"phase": "notice_running"}, release_allowed=False,
             reasons=["STATUS_DISPUTED"]),
    ),
    vector(
        "operation: with unilateral false both have to suspend, and both to resume", "lifecycle 6", "vienna",
        [*OPEN, act("kr-stop", "suspend_operation", "2021-01-01"), act("jp-stop", "suspend_operation", "2021-01-02"),
         act("kr-go", "resume_operation", "2021-01-03"), act("jp-go", "resume_operation", "2021-01-04")],
        then("2021-01-01", every=IN_FORCE, release_allowed=True),
        then("2021-01-02", every={"phase": "suspended"}, release_allowed=False, disputed=False,
             reasons=["OPERATION_SUSPENDED"]),
        then("2021-01-03", every={"phase": "suspended"}),
        then("2021-01-04", every=IN_FORCE, release_allowed=True, refused=[]),
    ),
    vector(
        "operation: each party's latest stance counts", "lifecycle 6", "vienna",
        [*OPEN, act("kr-stop", "suspend_operation", "2021-01-01"), act("kr-go", "resume_operation", "2021-01-02"),
         act("jp-stop", "suspend_operation", "2021-01-03")],
        then("2021-01-04", every=IN_FORCE, refused=[]),
    ),
    vector(
        "operation: with unilateral true one suspends, its writer lifts it, and every clock runs on", "lifecycle 6",
        "jk-unilateral",
        [*ENTRY, act("kr-notice", "notice_of_termination", "2019-08-01"),
         act("kr-stop", "suspend_operation", "2019-09-01"), act("jp-go", "resume_operation", "2019-09-02"),
         act("jp-stop", "suspend_operation", "2019-09-03"), act("kr-go", "resume_operation", "2019-09-04"),
         act("jp-go-2", "resume_operation", "2019-09-05"), act("jp-stop-2", "suspend_operation", "2019-10-01")],
        then("2019-09-01", every={"phase": "suspended", "ends_at": "2019-11-22T15:00:00.000Z",
                                  "next_boundary": "2019-11-23"}, reasons=["OPERATION_SUSPENDED"]),
        then("2019-09-02", every={"phase": "suspended"}, refused=["jp-go NOT_SUSPENDED"]),
        then("2019-09-04", every={"phase": "suspended"}),
        then("2019-09-05", every={"phase": "notice_running"}, release_allowed=True),
        then("2019-11-22 15:00", every={"phase": "ended"}, reasons=["AGREEMENT_NOT_IN_FORCE"]),
    ),
    vector(
        "operation suspended in one view only: some view is operating, so the status is disputed", "lifecycle 7",
        "jk-unilateral",
        [*ENTRY, act("kr-stop", "suspend_operation", "2019-01-01", delivered={"jp": "2019-01-02"},
                     received="2019-01-10")],
        then("2019-01-05", kr={"phase": "suspended"}, jp=IN_FORCE, disputed=True, release_allowed=False,
             reasons=["STATUS_DISPUTED"]),
        then("2019-01-10", every={"phase": "suspended"}, disputed=False, reasons=["OPERATION_SUSPENDED"]),
    ),
]  # fmt: skip

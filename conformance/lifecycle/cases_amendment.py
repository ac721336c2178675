"""Amended documents (section 6)."""

from typing import Any

from shorthand import PARTIES, act, in_force, signed, then, vector

ENTRY = in_force()
END_2019, END_2020 = "2019-11-22T15:00:00.000Z", "2020-11-22T15:00:00.000Z"
NOTICE = act("kr-notice", "notice_of_termination", "2019-08-23 17:30 KST")
SUSPENSION = act("kr-suspend", "suspend_notice", "2019-10-01", "kr-notice")


def amend(to: str, at: str, effective: str, name: str = "amend") -> list[dict[str, Any]]:
    """Every party adopts that document from that instant on."""
    digest = to if to == "missing" else f"document:{to}.toml"
    return [act(f"{party}-{name}", "amend", at, digest=digest, effective=effective) for party in PARTIES]


VECTORS = [
    vector(
        "the current boundary stays, and extensions count on from it by the new length", "lifecycle 6",
        "jk jk-two-yearly", [*ENTRY, *amend("jk-two-yearly", "2018-06-01", "2018-07-01")],
        then("2018-06-30 23:59:59.999", every={"phase": "in_force", "terms_version": "document:jk.toml"}),
        then("2018-07-01", every={"terms_version": "document:jk-two-yearly.toml", "next_boundary": "2018-11-23"}),
        then("2018-11-23", every={"next_boundary": "2020-11-23", "notice_deadline": "2020-08-24"}),
        then("2020-11-23", every={"next_boundary": "2022-11-23"}),
    ),
    vector(
        "an amendment counts when every party has written one for the same document and instant", "lifecycle 6",
        "jk jk-two-yearly",
        [*ENTRY,
         act("jp-amend", "amend", "2018-01-01", digest="document:jk-two-yearly.toml", effective="2018-07-01"),
         act("kr-amend", "amend", "2018-01-02", digest="document:jk-two-yearly.toml", effective="2018-07-02")],
        then("2019-01-01", every={"terms_version": "document:jk.toml", "next_boundary": "2019-11-23"}, refused=[]),
    ),
    vector(
        "a notice keeps the terms in force when it counted", "lifecycle 6", "jk jk-two-yearly",
        [*ENTRY, act("kr-notice", "notice_of_termination", "2018-09-01"),
         *amend("jk-two-yearly", "2018-10-01", "2018-11-01")],
        then("2018-11-02", every={"phase": "notice_running", "ends_at": END_2019, "next_boundary": "2018-11-23"}),
        then("2018-12-01", every={"ends_at": END_2019, "next_boundary": "2020-11-23"}),
        then("2019-11-22 15:00", every={"phase": "ended", "ends_at": END_2019}),
    ),
    vector(
        "a notice keeps how it is woken", "lifecycle 6", "jk-undeclared jk-remaining",
        [*ENTRY, NOTICE, SUSPENSION, *amend("jk-remaining", "2020-01-01", "2020-02-01"),
         act("kr-resume", "resume_notice", "2020-06-01", "kr-notice")],
        then("2020-02-01", jp={"phase": "in_force", "reading": "spent"},
             kr={"phase": "notice_suspended", "reading": "asleep"}),
        then("2020-06-01", kr={"phase": "ended", "ends_at": "2020-06-01T00:00:00.000Z"}),
    ),
    vector(
        "an amendment to a document without extension ends with the current term", "lifecycle 6", "jk jk-fixed",
        [*ENTRY, *amend("jk-fixed", "2019-01-01", "2019-02-01")],
        then("2019-01-15", every={"ends_at": None}),
        then("2019-02-01", every={"phase": "in_force", "ends_at": END_2019, "next_boundary": "2019-11-23"}),
        then("2019-11-22 15:00", every={"phase": "ended"}),
    ),
    vector(
        "an amendment that gives an extension saves an agreement that would have ended", "lifecycle 6", "jk-fixed jk",
        [*ENTRY, *amend("jk", "2017-10-01", "2017-11-22 14:59:59.999 UTC")],
        then("2017-11-01", every={"ends_at": "2017-11-22T15:00:00.000Z"}),
        then("2017-11-22 14:59:59.999", every={"ends_at": None, "next_boundary": "2017-11-23"}),
        then("2017-12-01", every={"phase": "in_force", "next_boundary": "2018-11-23"}),
    ),
    vector(
        "MISMATCH: an amendment that would take effect at the end", "lifecycle 1", "jk-fixed jk",
        [*ENTRY, *amend("jk", "2017-10-01", "2017-11-22 15:00 UTC")],
        then("2017-10-02", every={"ends_at": "2017-11-22T15:00:00.000Z"},
             refused=["jp-amend MISMATCH", "kr-amend MISMATCH"]),
        then("2017-11-23", every={"phase": "ended"}),
    ),
    vector(
        "an amendment to no term removes the boundary", "lifecycle 6", "jk jk-open",
        [*ENTRY, *amend("jk-open", "2018-01-01", "2018-02-01")],
        then("2018-02-01", every={"phase": "in_force", "next_boundary": None, "notice_deadline": None,
                                  "ends_at": None}),
    ),
    vector(
        "an amendment from no term counts from the day of entry into force", "lifecycle 6", "jk-open jk-half-yearly",
        [*ENTRY, *amend("jk-half-yearly", "2019-01-01", "2019-02-01")],
        then("2019-01-15", every={"next_boundary": None}),
        then("2019-02-01", every={"next_boundary": "2019-05-23", "notice_deadline": "2019-02-21"}),
    ),
    vector(
        "MISMATCH: a term counted from entry into force that has passed when it takes effect", "lifecycle 1",
        "jk-open jk-fixed", [*ENTRY, *amend("jk-fixed", "2019-01-01", "2019-02-01")],
        then("2019-03-01", every={"phase": "in_force", "terms_version": "document:jk-open.toml"},
             refused=["jp-amend MISMATCH", "kr-amend MISMATCH"], release_allowed=True),
    ),
    vector(
        "MISMATCH: in another zone the current boundary has passed when it takes effect", "lifecycle 1",
        "jk-utc jk-fixed", [*ENTRY, *amend("jk-fixed", "2017-01-01", "2017-11-22 20:00 UTC")],
        then("2017-02-01", every={"ends_at": "2017-11-23T00:00:00.000Z"},
             refused=["jp-amend MISMATCH", "kr-amend MISMATCH"]),
    ),
    vector(
        "a boundary that passed before an amendment has passed, also in the new document's zone", "lifecycle 6",
        "jk jk-utc", [*ENTRY, *amend("jk-utc", "2018-10-01", "2018-11-22 20:00 UTC")],
        then("2018-11-22 15:00", every={"next_boundary": "2019-11-23", "ends_at": None}),
        then("2018-11-22 20:00", every={"phase": "in_force", "next_boundary": "2019-11-23",
                                        "notice_deadline": "2019-08-24", "ends_at": "2019-11-23T00:00:00.000Z"}),
    ),
    vector(
        "terms adopted before entry into force end nothing before their effective instant", "lifecycle 6",
        "vienna jk-fixed",
        [act("kr-sign", "sign", "2015-01-01"), *amend("jk-fixed", "2015-01-02", "2017-01-01"),
         act("jp-sign", "sign", "2015-02-01")],
        then("2016-12-31 23:59:59.999", every={"phase": "in_force", "ends_at": None}),
        then("2017-01-01", every={"phase": "ended", "ends_at": "2017-01-01T00:00:00.000Z"}),
    ),
    vector(
        "a suspension of operation keeps the rule under which it counted", "lifecycle 6", "jk-unilateral jk",
        [*ENTRY, act("kr-stop", "suspend_operation", "2018-01-01"), *amend("jk", "2018-02-01", "2018-03-01"),
         act("kr-go", "resume_operation", "2018-05-01")],
        then("2018-04-01", every={"phase": "suspended", "terms_version": "document:jk.toml"}),
        then("2018-05-01", every={"phase": "in_force"}, refused=[]),
    ),
    vector(
        "a word to suspend operation that needed every party's needs it still", "lifecycle 6", "jk jk-unilateral",
        [*ENTRY, act("kr-stop", "suspend_operation", "2018-01-01"),
         *amend("jk-unilateral", "2018-02-01", "2018-03-01")],
        then("2018-04-01", every={"phase": "in_force", "terms_version": "document:jk-unilateral.toml"}),
    ),
    vector(
        "MISMATCH comes before TOO_LATE", "lifecycle 1", "jk-open jk-fixed",
        [*ENTRY, *amend("jk-fixed", "2018-06-01", "2017-12-01"),
         *amend("jk-fixed", "2018-06-02", "2017-06-01", "earlier")],
        then("2018-07-01", refused=["jp-amend MISMATCH", "kr-amend MISMATCH", "jp-earlier TOO_LATE",
                                    "kr-earlier TOO_LATE"]),
    ),
    vector(
        "to repeat a consent does not adopt a document again", "lifecycle 6", "jk jk-two-yearly jk-half-yearly",
        [*ENTRY, *amend("jk-two-yearly", "2018-01-01", "2018-07-01"),
         *amend("jk-half-yearly", "2018-02-01", "2018-07-01", "again"),
         *amend("jk-two-yearly", "2018-03-01", "2018-07-01", "once-more")],
        then("2018-07-01", every={"terms_version": "document:jk-half-yearly.toml"}, refused=[]),
    ),
    vector(
        "TOO_LATE: an amendment that takes effect when it counts, or earlier", "lifecycle 1", "jk jk-two-yearly",
        [*ENTRY, act("jp-amend", "amend", "2018-06-01", digest="document:jk-two-yearly.toml", effective="2018-06-01"),
         act("kr-amend", "amend", "2018-06-02", digest="document:jk-two-yearly.toml", effective="2018-06-01")],
        then("2018-07-01", every={"terms_version": "document:jk.toml"},
             refused=["jp-amend TOO_LATE", "kr-amend TOO_LATE"]),
    ),
    vector(
        "a document in effect that is missing makes the phase unknown", "lifecycle 6", "jk",
        [*ENTRY, *amend("missing", "2018-01-01", "2018-02-01")],
        then("2018-01-15", every={"phase": "in_force"}, release_allowed=True),
        then("2018-02-01", every={"phase": "unknown", "ends_at": None, "last_day": None, "next_boundary": None,
                                  "notice_deadline": None, "terms_version": "missing"},
             release_allowed=False, disputed=False, reasons=["TERMS_MISSING"], refused=[]),
    ),
    vector(
        "a missing document in one view: TERMS_MISSING comes before a dispute", "lifecycle 7", "jk",
        [*ENTRY, act("jp-amend", "amend", "2018-01-01", digest="missing", effective="2018-02-01"),
         act("kr-amend", "amend", "2018-01-01", digest="missing", effective="2018-02-01",
             delivered={"jp": "2018-01-02"}, received="2018-03-01")],
        then("2018-02-15", kr={"phase": "unknown"}, jp={"phase": "in_force"}, disputed=True, release_allowed=False,
             reasons=["TERMS_MISSING"]),
        then("2018-03-01", refused=[], jp={"phase": "in_force"}),
    ),
    vector(
        "a known document after a missing one: the document in effect decides", "lifecycle 6", "jk jk-two-yearly",
        [*ENTRY, *amend("missing", "2018-01-01", "2018-02-01"),
         *amend("jk-two-yearly", "2018-03-01", "2018-04-01", "again")],
        then("2018-03-15", every={"phase": "unknown"}),
        then("2018-04-01", every={"phase": "in_force", "next_boundary": "2018-11-23"}, release_allowed=True),
    ),
    vector(
        "a boundary that passed under missing terms leaves the view unknown", "lifecycle 6", "jk jk-two-yearly",
        [*ENTRY, *amend("missing", "2018-01-01", "2018-02-01"),
         *amend("jk-two-yearly", "2018-12-01", "2019-01-01", "again")],
        then("2019-01-01", every={"phase": "unknown", "terms_version": "document:jk-two-yearly.toml"},
             reasons=["TERMS_MISSING"]),
    ),
    vector(
        "a notice that counted under missing terms leaves the view unknown", "lifecycle 6", "jk jk-two-yearly",
        [*ENTRY, *amend("missing", "2018-01-01", "2018-02-01"),
         act("kr-notice", "notice_of_termination", "2018-02-15"),
         *amend("jk-two-yearly", "2018-03-01", "2018-04-01", "again")],
        then("2018-04-01", every={"phase": "unknown"}, release_allowed=False, reasons=["TERMS_MISSING"], refused=[]),
    ),
    vector(
        "a missing document after the agreement has ended changes nothing", "lifecycle 6", "jk-fixed",
        [*ENTRY, *amend("missing", "2017-10-01", "2017-12-01")],
        then("2018-01-01", every={"phase": "ended"}, refused=["jp-amend MISMATCH", "kr-amend MISMATCH"]),
    ),
    vector(
        "an amendment before entry into force: the new document brings the agreement into force", "lifecycle 6",
        "jk vienna", [*signed("2015-01-01"), *amend("vienna", "2015-01-02", "2015-03-01 12:00")],
        then("2015-03-01 11:59:59.999", every={"phase": "signed"}),
        then("2015-03-01 12:00", every={"phase": "in_force", "next_boundary": None,
                                        "terms_version": "document:vienna.toml"}),
    ),
    vector(
        "an amended document overrides no declaration and revives nothing", "lifecycle 6", "jk jk-both-asleep",
        [*ENTRY, act("jp-reads", "declare_reading", "2017-01-01", reading="spent"), NOTICE, SUSPENSION,
         *amend("jk-both-asleep", "2019-10-15", "2019-10-20")],
        then("2019-10-21", jp={"phase": "in_force", "reading": "spent"}, kr={"phase": "notice_suspended"}),
    ),
    vector(
        "of two documents for one instant the one adopted last holds", "lifecycle 6", "jk jk-two-yearly jk-half-yearly",
        [*ENTRY, *amend("jk-two-yearly", "2018-01-01", "2018-07-01"),
         *amend("jk-half-yearly", "2018-02-01", "2018-07-01", "again")],
        then("2018-07-01", every={"terms_version": "document:jk-half-yearly.toml", "next_boundary": "2018-11-23"}),
        then("2018-11-23", every={"next_boundary": "2019-05-23"}),
    ),
]  # fmt: skip

"""Entry into force, terms and boundaries (sections 2 and 3)."""

from shorthand import act, in_force, signed, then, vector

NULLS = {"ends_at": None, "last_day": None, "next_boundary": None, "notice_deadline": None}


def _ends(ends_at: str, last_day: str) -> dict[str, object]:
    return {"phase": "in_force", "ends_at": ends_at, "last_day": last_day}


VECTORS = [
    vector(
        "with the rule signature the last signature to count brings entry into force", "lifecycle 2", "signed-yearly",
        [act("jp-sign", "sign", "2020-01-01"), act("kr-sign", "sign", "2020-01-01", received="2020-01-03 12:00")],
        then("2020-01-03 11:59:59.999", every=NULLS | {"phase": "draft"}, release_allowed=False,
             reasons=["AGREEMENT_NOT_IN_FORCE"]),
        then("2020-01-03 12:00", every={"phase": "in_force", "next_boundary": "2021-01-03"}, release_allowed=True),
    ),
    vector(
        "signed is not in force: one notification of completion is missing", "lifecycle 2", "jk",
        [*signed("2016-11-23 09:00 KST"), act("jp-done", "notify_completion", "2016-11-23 10:00 KST")],
        then("2017-01-01", every=NULLS | {"phase": "signed"}, disputed=False, release_allowed=False,
             reasons=["AGREEMENT_NOT_IN_FORCE"]),
    ),
    vector(
        "the later notification brings entry into force, on its local date", "lifecycle 2", "jk",
        [*signed("2016-11-21"), act("jp-done", "notify_completion", "2016-11-22"),
         act("kr-done", "notify_completion", "2016-11-22 15:30 UTC")],
        then("2016-11-22 15:29:59.999", every={"phase": "signed"}),
        then("2016-11-22 15:30", every={"phase": "in_force", "next_boundary": "2017-11-23"}),
    ),
    vector(
        "views enter into force apart when receipts are known apart", "lifecycle 2", "signed-yearly",
        [act("jp-sign", "sign", "2020-01-01"),
         act("kr-sign", "sign", "2020-01-01", delivered={"jp": "2020-01-02"}, received="2020-01-05")],
        then("2020-01-03", kr={"phase": "in_force", "next_boundary": "2021-01-02"}, jp=NULLS | {"phase": "draft"},
             disputed=True, release_allowed=False, reasons=["STATUS_DISPUTED"]),
    ),
    vector(
        "the first of the second month after signature", "lifecycle 2", "vienna-month-after-signature",
        signed("2021-01-15"),
        then("2021-02-28 22:59:59.999", every=NULLS | {"phase": "signed"}),
        then("2021-02-28 23:00", every={"phase": "in_force", "next_boundary": None}),
    ),
    vector(
        "the month is that of the local date, and December leads into January", "lifecycle 2",
        "vienna-month-after-notification",
        [*signed("2021-11-01"), act("jp-done", "notify_completion", "2021-11-02"),
         act("kr-done", "notify_completion", "2021-11-30 23:30 UTC")],
        then("2021-12-31 22:59:59.999", every={"phase": "signed"}),
        then("2021-12-31 23:00", every={"phase": "in_force"}),
    ),
    vector(
        "31 August plus six months is the last of February, and August again after it", "lifecycle 3", "six-months",
        signed("2020-08-31"),
        then("2020-09-01", every={"next_boundary": "2021-02-28", "notice_deadline": "2021-01-28"}),
        then("2021-02-28", every={"next_boundary": "2021-08-31"}),
        then("2021-08-31", every={"next_boundary": "2022-02-28"}),
    ),
    vector(
        "overflow next_day moves a day that the month lacks to the first of the next", "lifecycle 3",
        "six-months-next-day", signed("2020-08-31"),
        then("2020-09-01", every={"next_boundary": "2021-03-01"}),
        then("2021-02-28", every={"next_boundary": "2021-03-01"}),
        then("2021-03-01", every={"next_boundary": "2021-08-31"}),
    ),
    vector(
        "months are summed and added first, then the summed days", "lifecycle 3", "month-and-day",
        signed("2021-01-31"),
        then("2021-02-01", every={"next_boundary": "2021-03-01"}),
        then("2021-03-01", every={"next_boundary": "2021-04-02"}),
        then("2021-04-02", every={"next_boundary": "2021-05-03"}),
    ),
    vector(
        "extensions of another length count from the first day too", "lifecycle 3", "year-then-months",
        signed("2020-01-31"),
        then("2020-02-01", every={"next_boundary": "2021-01-31"}),
        then("2021-01-31", every={"next_boundary": "2021-02-28"}),
        then("2021-02-28", every={"next_boundary": "2021-03-31"}),
    ),
    vector(
        "weeks are seven days", "lifecycle 3", "weeks", signed("2021-03-01"),
        then("2021-03-02", every={"next_boundary": "2021-03-15"}),
        then("2021-03-15", every={"next_boundary": "2021-03-22"}),
    ),
    vector(
        "without an extension the end is known from the first day", "lifecycle 3", "jk-fixed", in_force(),
        then("2016-11-24", every=_ends("2017-11-22T15:00:00.000Z", "2017-11-22")
             | {"next_boundary": "2017-11-23", "notice_deadline": "2017-08-24"}, release_allowed=True),
        then("2017-11-22 15:00", every={"phase": "ended"}, release_allowed=False, reasons=["AGREEMENT_NOT_IN_FORCE"]),
    ),
    vector(
        "Sao Paulo has no midnight on 4 November 2018: the first valid instant after the gap", "lifecycle 3",
        "sao-paulo", signed("2018-05-04 12:00"),
        then("2018-06-01", every=_ends("2018-11-04T03:00:00.000Z", "2018-11-03")),
        then("2018-11-04 02:59:59.999", every={"phase": "in_force"}),
        then("2018-11-04 03:00", every={"phase": "ended"}),
    ),
    vector(
        "Beirut has no midnight on 27 March 2022, and one midnight on 30 October", "lifecycle 3", "beirut",
        signed("2021-09-27 12:00"),
        then("2022-03-26 21:59:59.999", every={"next_boundary": "2022-03-27"}),
        then("2022-03-26 22:00", every={"next_boundary": "2022-09-27"}),
    ),
    vector(
        "Havana has two midnights on 3 November 2019: the earlier", "lifecycle 3", "havana", signed("2019-05-03 12:00"),
        then("2019-06-01", every=_ends("2019-11-03T04:00:00.000Z", "2019-11-02")),
    ),
    vector(
        "St. John's went back from 00:01: the day begins at its first midnight", "lifecycle 3", "st-johns",
        signed("2009-05-01 12:00"),
        then("2009-06-01", every=_ends("2009-11-01T02:30:00.000Z", "2009-10-31")),
    ),
    vector(
        "Apia skipped 30 December 2011: the first valid instant after it", "lifecycle 3", "apia",
        signed("2011-06-30 23:00"),
        then("2011-07-01", every=_ends("2011-12-30T10:00:00.000Z", "2011-12-29")),
    ),
    vector(
        "Kathmandu is five hours and three quarters ahead", "lifecycle 3", "kathmandu", signed("2020-12-31 18:15"),
        then("2021-01-01", every={"next_boundary": "2022-01-01", "notice_deadline": "2021-10-02"}),
        then("2021-12-31 18:14:59.999", every={"next_boundary": "2022-01-01"}),
        then("2021-12-31 18:15", every={"next_boundary": "2023-01-01"}),
    ),
    vector(
        "an indefinite agreement has no boundary and no deadline", "lifecycle 3", "vienna", signed("2015-01-01"),
        then("2050-01-01", every=NULLS | {"phase": "in_force"}, release_allowed=True),
    ),
]  # fmt: skip

"""The agreement documents of the vectors, and the shorthand in which the vectors are written."""

from collections.abc import Iterable
from typing import Any

TEMPLATE = """\
schema = "entente/agreement/1"
name = "{name}"
title = {{ en = "{name} (exercise)" }}
parties = [{ids}]
{tables}
[force]
{force}
{term}
[termination]
{termination}
{extra}
[[levels]]
common = "SECRET"
{levels}

[third_party]
consent = "prior_written"

[purposes]
allowed = ["exercise"]

[survival]
rule = "while_held"
"""


def _pairs(values: dict[str, Any]) -> str:
    def literal(value: object) -> str:
        return str(value).lower() if isinstance(value, (bool, int)) else f'"{value}"'

    return "".join(f"{key} = {literal(value)}\n" for key, value in values.items())


def document(
    name: str,
    *,
    parties: Iterable[str] = ("jp", "kr"),
    force: dict[str, Any] | None = None,
    term: dict[str, Any] | None = None,
    reading: dict[str, str] | None = None,
    unilateral: bool | None = None,
    **termination: Any,
) -> str:
    """A small agreement document; what is not given is as in the Japan-Republic of Korea sample, without its term."""
    ids = list(parties)
    clause = {"rule": "end_of_term", "lead": "P90D", "clock_starts": "receipt", "zone": "Asia/Seoul"} | termination
    extra = "".join(f'[reading.{party}]\nsuspended_notice = "{value}"\n\n' for party, value in (reading or {}).items())
    if unilateral is not None:
        extra += f"[operation]\nunilateral = {str(unilateral).lower()}\n\n"
    return TEMPLATE.format(
        name=name,
        ids=", ".join(f'"{party}"' for party in ids),
        tables="".join(f'\n[party.{party}]\nname = {{ en = "{party}" }}\nzone = "UTC"\n' for party in ids),
        force=_pairs(force or {"rule": "later_notification"}),
        term="" if term is None else "[term]\n" + _pairs(term),
        termination=_pairs(clause),
        extra=extra,
        levels="\n".join(f'{party} = ["S-{party}"]' for party in ids),
    )


YEARLY = {"length": "P1Y", "extension": "P1Y"}
SPLIT = {"jp": "spent", "kr": "asleep"}
SIGNATURE = {"rule": "signature"}
OPEN_ENDED = {"force": SIGNATURE, "rule": "after_notice", "lead": "P6M", "zone": "Europe/Vienna"}


def _term(length: str, extension: str | None = None, overflow: str | None = None) -> dict[str, str]:
    given = {"length": length, "extension": extension, "overflow": overflow}
    return {key: value for key, value in given.items() if value is not None}


DOCUMENTS: dict[str, str] = {
    name: document(name, **options)
    for name, options in {
        "jk": {"term": YEARLY, "resume": "immediate", "reading": SPLIT},
        "jk-undeclared": {"term": YEARLY, "resume": "immediate"},
        "jk-remaining": {"term": YEARLY, "resume": "remaining", "reading": SPLIT},
        "jk-boundary-day": {"term": YEARLY, "counting": "boundary_day", "reading": SPLIT},
        "jk-dispatch": {"term": YEARLY, "clock_starts": "dispatch"},
        "jk-irrevocable": {"term": YEARLY, "revocable": False, "reading": SPLIT},
        "jk-fixed": {"term": _term("P1Y")},
        "jk-two-years-notice": {"term": YEARLY, "lead": "P2Y"},
        "jk-two-yearly": {"term": _term("P1Y", "P2Y"), "resume": "immediate", "reading": SPLIT},
        "jk-half-yearly": {"term": _term("P1Y", "P6M")},
        "jk-three-years": {"term": _term("P3Y"), "rule": "after_notice"},
        "jk-open": {"rule": "after_notice", "lead": "P90D", "resume": "immediate", "reading": SPLIT},
        "jk-utc": {"term": _term("P1Y"), "zone": "UTC"},
        "jk-both-spent": {"term": YEARLY, "reading": {"jp": "spent", "kr": "spent"}},
        "jk-both-asleep": {"term": YEARLY, "reading": {"jp": "asleep", "kr": "asleep"}},
        "jk-unilateral": {"term": YEARLY, "unilateral": True},
        "vienna": OPEN_ENDED,
        "vienna-ages": {**OPEN_ENDED, "lead": "P7980Y", "resume": "remaining"},
        "vienna-start-of-day": OPEN_ENDED | {"ends": "start_of_day"},
        "vienna-next-day": OPEN_ENDED | {"term": {"overflow": "next_day"}},
        "vienna-month-after-signature": OPEN_ENDED
        | {"force": {"rule": "first_of_month", "months": 2, "after": "signature"}},
        "vienna-month-after-notification": OPEN_ENDED
        | {"force": {"rule": "first_of_month", "months": 1, "after": "notification"}},
        "dispatch-thirty-days": OPEN_ENDED | {"lead": "P30D", "clock_starts": "dispatch", "zone": "UTC"},
        "irrevocable-open": OPEN_ENDED | {"revocable": False},
        "signed-yearly": {"force": SIGNATURE, "term": YEARLY, "zone": "UTC", "lead": "P30D"},
        "six-months": {"force": SIGNATURE, "term": _term("P6M", "P6M"), "zone": "UTC", "lead": "P30D"},
        "six-months-next-day": {
            "force": SIGNATURE, "term": _term("P6M", "P6M", "next_day"), "zone": "UTC", "lead": "P30D",
        },
        "month-and-day": {"force": SIGNATURE, "term": _term("P1M1D", "P1M1D"), "zone": "UTC", "lead": "P1D"},
        "year-then-months": {"force": SIGNATURE, "term": _term("P1Y", "P1M"), "zone": "UTC", "lead": "P1D"},
        "weeks": {"force": SIGNATURE, "term": _term("P2W", "P1W"), "zone": "UTC", "lead": "P1D"},
        "sao-paulo": {"force": SIGNATURE, "term": _term("P6M"), "zone": "America/Sao_Paulo"},
        "beirut": {"force": SIGNATURE, "term": _term("P6M", "P6M"), "zone": "Asia/Beirut", "lead": "P30D"},
        "havana": {"force": SIGNATURE, "term": _term("P6M"), "zone": "America/Havana"},
        "st-johns": {"force": SIGNATURE, "term": _term("P6M"), "zone": "America/St_Johns"},
        "apia": {"force": SIGNATURE, "term": _term("P6M"), "zone": "Pacific/Apia"},
        "kathmandu": {"force": SIGNATURE, "term": _term("P1Y", "P1Y"), "zone": "Asia/Kathmandu"},
        "three": {"parties": ("at", "de", "fr"), "force": SIGNATURE, "term": YEARLY, "zone": "UTC", "lead": "P30D"},
    }.items()
}  # fmt: skip

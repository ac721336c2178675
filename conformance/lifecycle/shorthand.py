"""Shorthand for acts and expectations, so that a vector reads like a sentence."""

from collections.abc import Iterable
from typing import Any

PARTIES = ("jp", "kr")


def instant(text: str) -> str:
    """``2019-08-23 17:30 KST`` or ``2019-08-23`` (00:00 UTC) as RFC 3339."""
    day, *rest = text.split()
    time = rest[0] if rest else "00:00"
    zone = {"KST": "+09:00", "UTC": "Z"}[rest[1]] if len(rest) > 1 else "Z"
    return f"{day}T{time}{':00' if time.count(':') == 1 else ''}{zone}"


def act(
    name: str,
    kind: str,
    at: str,
    *refs: str,
    received: str | dict[str, str] | None = None,
    delivered: dict[str, str] | None = None,
    parties: Iterable[str] = PARTIES,
    **fields: str,
) -> dict[str, Any]:
    """An act of the party that its name begins with, received when dispatched unless said otherwise."""
    by = name.split("-")[0]
    whole: dict[str, Any] = {"id": name, "by": by, "kind": kind, "dispatched": instant(at)}
    if refs:
        whole["refs"] = list(refs)
    if not isinstance(received, dict):
        received = {party: received or at for party in parties if party != by}
    whole["received"] = {party: instant(when) for party, when in received.items()}
    if delivered:
        whole["delivered"] = {party: instant(when) for party, when in delivered.items()}
    for key, value in fields.items():
        whole[key] = instant(value) if key in ("effective", "instant") else value
    return whole


def signed(at: str, parties: Iterable[str] = PARTIES) -> list[dict[str, Any]]:
    """Every party's signature, all at once."""
    return [act(f"{party}-sign", "sign", at, parties=parties) for party in parties]


def in_force(at: str = "2016-11-23 10:00 KST") -> list[dict[str, Any]]:
    """Signatures and notifications of completion, an hour before and at ``at``: in force by later_notification."""
    day, time, *zone = at.split()
    earlier = f"{day} {int(time[:2]) - 1:02d}{time[2:]} {' '.join(zone)}".strip()
    return [*signed(earlier), *(act(f"{party}-done", "notify_completion", at) for party in PARTIES)]


def vector(
    name: str, rests_on: str, documents: str, acts: list[dict[str, Any]], *expect: dict[str, Any]
) -> dict[str, Any]:
    """One vector; ``documents`` are names of documents apart by blanks, the one first signed first."""
    files = [f"{one}.toml" for one in documents.split()]
    return {"name": name, "rests_on": rests_on, "documents": files, "acts": acts, "expect": list(expect)}


def then(at: str, /, *, every: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """What holds at ``at``: ``every`` view, the views of single parties by their ids, and the whole."""
    whole = {key: rest.pop(key) for key in ("disputed", "release_allowed", "reasons", "mentions") if key in rest}
    if "refused" in rest:
        whole["refused"] = [entry.split() for entry in rest.pop("refused")]
    views = {"*": every} if every is not None else {}
    return {"at": instant(at), "views": views | rest, **whole}

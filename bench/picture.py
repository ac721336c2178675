"""The picture of a run: latency and throughput beside floor and peers, and what grows."""

from collections.abc import Sequence

from bench.figures import Figure
from bench.svg import ACCENT, BASE, INK, PLAIN, QUIET, Bar, Curve, bars, curves, page, short, text

WIDTH, MARGIN, GAP = 960, 28, 26
HEIGHT = 190
LONE = {
    ("entente", "lone"): "Entente, FLASH",
    ("entente", "beside-bulk"): "Entente, beside bulk at half its maximum",
    ("entente", "beside-file"): "Entente, beside a large file",
    ("entente", "approved"): "Entente, each signed by an office",
    ("entente", "step"): "Entente, a signed step about a matter",
    ("floor", "lone"): "floor, bytes fly before the commit",
    ("floor", "lone-in-turn"): "floor, every step in turn",
    ("nats", "lone"): "NATS JetStream, unsigned",
    ("medallion", "lone"): "TAXII (medallion), polled hard",
    ("medallion", "lone-1s"): "TAXII (medallion), polled each second",
    ("gpg", "lone"): "gpg and a file drop",
    ("synapse", "lone"): "Matrix Synapse federation",
}
RATES = {
    ("entente", "sustained"): "Entente, sustained",
    ("floor", "rate-10"): "floor, batches of 10",
    ("floor", "rate-100"): "floor, batches of 100",
    ("floor", "rate-1000"): "floor, batches of 1,000",
    ("nats", "rate"): "NATS JetStream, unsigned",
    ("medallion", "rate-1"): "TAXII (medallion), one by one",
    ("medallion", "rate-100"): "TAXII (medallion), in hundreds",
    ("gpg", "rate"): "gpg and a file drop",
    ("synapse", "rate"): "Matrix Synapse federation",
}
FILES = {
    ("entente", "file"): "Entente, sealing included",
    ("entente", "file-sent"): "Entente, sealed before",
    ("floor", "file"): "floor: bare pipeline",
}
CURVES = (
    (
        "FLASH item over history",
        "ms, by items of history",
        (("history-lone", "p50", "p50"), ("history-lone", "p99", "p99")),
    ),
    (
        "Reconnect, nothing new",
        "ms, by items of history",
        (("history-reconnect", "p50", "p50"), ("history-reconnect", "max", "max")),
    ),
    ("Throughput over history", "items/s, by items of history", (("history-rate", "value", ""),)),
    ("Memory over history", "MiB of the larger node, by items of history", (("history-memory", "value", "MiB"),)),
    (
        "More and more agreements",
        "ms, by agreements in force",
        (("agreements-lone", "p50", "item"), ("agreements-reconnect", "p50", "link")),
    ),
    (
        "More and more matters",
        "ms, by matters around the agreement",
        (("matters-step", "p50", "step"), ("matters-show", "p50", "show")),
    ),
    ("Payload", "ms and MB/s, by bytes, one at a time", (("payload", "p50", "ms"), ("payload-rate", "value", "MB/s"))),
)
COLOURS = (ACCENT, "#c05621")


def draw(figures: Sequence[Figure]) -> str:
    """The picture as SVG; what could not be had is named under it."""
    found = [figure for figure in figures if not figure.missing]
    parts = [
        text(MARGIN, 34, "Entente beside a bare pipeline and beside what could be picked instead", size=19, bold=True)
    ]
    parts.append(
        text(
            MARGIN,
            54,
            "One run on one machine, both ends on it; logarithmic scales. Ratios are to the floor in the same panel.",
            colour=QUIET,
        )
    )
    y = 78.0
    for title, under, names in (
        (
            "Latency of one 2 KiB item",
            "ms, median; until it has arrived: with Entente, the floor and NATS, until the sender knows",
            LONE,
        ),
        ("Throughput of 2 KiB items", "items/s", RATES),
        ("A large file", "MB/s, durable at the other side", FILES),
    ):
        chosen = _bars(found, names)
        if chosen:
            drawn, height = bars(MARGIN, y, WIDTH - 2 * MARGIN, title, under, chosen)
            parts.append(drawn)
            y += height + 18
    grown, y = _curves(found, y)
    parts += grown
    lacking = sorted(
        {
            figure.subject if figure.subject != "entente" else f"entente {figure.name}"
            for figure in figures
            if figure.missing
        }
    )
    if lacking:
        parts.append(text(MARGIN, y + 8, f"Not available in this run: {', '.join(lacking)}.", colour=INK))
        y += 24
    return page(WIDTH, y + 6, parts)


def _bars(found: Sequence[Figure], names: dict[tuple[str, str], str]) -> list[Bar]:
    """Bars, the best first, each with its ratio to the best floor in the panel."""
    chosen = [figure for figure in found if (figure.subject, figure.name) in names]
    floor = [figure.value for figure in chosen if figure.subject == "floor"]
    latencies = bool(chosen) and chosen[0].unit == "ms"
    best = (min(floor) if latencies else max(floor)) if floor else None
    made = []
    for figure in sorted(chosen, key=lambda figure: figure.value, reverse=not latencies):
        colour = {"entente": ACCENT, "floor": BASE}.get(figure.subject, PLAIN)
        value = f"{short(figure.value)} {figure.unit}"
        ratio = f"  ({_factor(figure.value / best)}×)" if best else ""
        made.append(Bar(names[figure.subject, figure.name], figure.value, value + ratio, colour))
    return made


def _factor(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _curves(found: Sequence[Figure], y: float) -> tuple[list[str], float]:
    parts: list[str] = []
    column, width = 0, (WIDTH - 2 * MARGIN - 2 * GAP) / 3
    for title, under, wanted in CURVES:
        lines = [line for place, each in enumerate(wanted) if (line := _curve(found, *each, COLOURS[place]))]
        if not lines:
            continue
        parts.append(curves(MARGIN + column * (width + GAP), y, width, HEIGHT, title, under, lines))
        column += 1
        if column == 3:
            column, y = 0, y + HEIGHT + 18
    return parts, y + (HEIGHT + 18 if column else 0)


def _curve(found: Sequence[Figure], name: str, of: str, label: str, colour: str) -> Curve | None:
    points = [
        (figure.point, figure.value if of == "value" else figure.spread[of])
        for figure in found
        if figure.name == name and figure.point is not None
    ]
    positive = sorted(point for point in points if point[1] > 0)
    return Curve(label, positive, colour) if positive else None

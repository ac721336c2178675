"""Make the sample payloads of the 2019 scenario: an invented report as PDF and two invented CAP 1.2 alerts.

They are kept in the repository; run this only to change them. It needs PyPI's ``typst`` and ``capvalidator``, and the
Debian packages fonts-noto-cjk and fonts-dejavu; none of these is needed to run or test Entente::

    python -m venv venv && venv/bin/pip install typst capvalidator && venv/bin/python examples/make_samples.py
"""

import random
import struct
import tempfile
import zlib
from math import hypot, sin
from pathlib import Path
from xml.sax.saxutils import escape

import capvalidator
import typst

FOLDER = Path(__file__).parent / "scenarios" / "2019-11-22"
WIDTH, HEIGHT = 760, 300
WORDS = {
    "en": (
        "EXERCISE: missile launch",
        "EXERCISE EXERCISE EXERCISE: an object was launched",
        "This is an exercise; nothing of this happened. One object was observed leaving exercise area X-RAY. "
        "It is expected to fall into the sea inside the same area. EXERCISE EXERCISE EXERCISE",
        "Exercise participants: confirm receipt. Nobody else does anything.",
        "Exercise area X-RAY (invented)",
    ),
    "ja": (
        "演習：ミサイル発射",
        "演習 演習 演習：飛翔体が発射されました",
        "これは演習です。実際には何も起きていません。演習区域X-RAYから飛翔体一つの発射を探知しました。"
        "同じ区域内の海上に落下する見込みです。演習 演習 演習",
        "演習参加者は受領を確認してください。それ以外の方は何もする必要はありません。",
        "演習区域X-RAY（架空）",
    ),
    "ko": (
        "연습: 미사일 발사",
        "연습 연습 연습: 비행체가 발사되었습니다",
        "이것은 연습입니다. 실제로는 아무 일도 일어나지 않았습니다. 연습구역 X-RAY에서 비행체 1기의 발사를 "
        "탐지하였습니다. 같은 구역의 해상에 떨어질 것으로 예상됩니다. 연습 연습 연습",
        "연습 참가자는 수신을 확인하십시오. 그 밖의 사람은 아무것도 하지 않아도 됩니다.",
        "연습구역 X-RAY(가상)",
    ),
}


def track() -> bytes:
    """A grey PNG of radar-like returns: a computed curve in computed noise, the same at every run."""
    noise = random.Random(20191002)  # noqa: S311 - synthetic noise, the same at every run
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        for x in range(WIDTH):
            near = (
                abs(y - (HEIGHT - 30 - (HEIGHT - 80) * sin(3.1416 * (x - 60) / (WIDTH - 120))))
                if 60 < x < WIDTH - 60
                else 99
            )
            echo = 190 if near < 3 and noise.random() < 0.55 else 0
            ring = 40 if int(hypot(x - 60, y - HEIGHT + 30)) % 120 == 0 else 0
            rows.append(255 - min(255, echo + ring + noise.choice((0, 0, 0, 0, 8, 16, 40))))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def report() -> bytes:
    """The report, set by Typst with the subsets of the fonts that it uses."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "report.typ").write_bytes((FOLDER / "report.typ").read_bytes())
        (Path(folder) / "track.png").write_bytes(track())
        return typst.compile(str(Path(folder) / "report.typ"), format="pdf")


def alert(identifier: str, sender: str, name: str, sent: str, expires: str, restriction: str) -> bytes:
    """A CAP 1.2 alert, status Exercise, with one ``info`` for each language."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- EXERCISE 演習 연습: invented data -->",
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">',
        *_tags("  ", identifier=identifier, sender=sender, sent=sent, status="Exercise", msgType="Alert"),
        *_tags("  ", source="Entente sample data", scope="Restricted", restriction=restriction),
        *_tags("  ", note="EXERCISE 演習 연습. Nothing in this message happened."),
    ]
    for language, (event, headline, description, instruction, area) in WORDS.items():
        lines.append("  <info>")
        lines += _tags("    ", language=language, category="Security", event=event, responseType="Monitor")
        lines += _tags("    ", urgency="Immediate", severity="Extreme", certainty="Observed", effective=sent)
        lines += _tags("    ", expires=expires, senderName=name, headline=headline, description=description)
        lines += _tags("    ", instruction=instruction)
        for key, value in (("exercise", "true"), ("launchPoint", "0.10,0.20"), ("impactPoint", "1.80,3.80")):
            lines += ["    <parameter>", *_tags("      ", valueName=key, value=value), "    </parameter>"]
        lines += ["    <area>", *_tags("      ", areaDesc=area, circle="1.80,3.80 60"), "    </area>", "  </info>"]
    lines += ["</alert>", ""]
    data = "\n".join(lines).encode()
    checked = capvalidator.check_schema(data)
    if not checked.passed:
        raise SystemExit(f"not CAP 1.2: {checked.message}")
    return data


def _tags(indent: str, **values: str) -> list[str]:
    return [f"{indent}<{name}>{escape(value)}</{name}>" for name, value in values.items()]


def main() -> None:
    """Write the payloads."""
    (FOLDER / "report.pdf").write_bytes(report())
    first = alert(
        "EXERCISE-JP-2019-10-02-1", "exercise-node@jp.example", "Japan (EXERCISE 演習)",
        "2019-10-02T07:12:00+09:00", "2019-10-02T08:12:00+09:00", "秘 / CONFIDENTIAL (exercise marking)",
    )  # fmt: skip
    second = alert(
        "EXERCISE-KR-2019-11-22-1", "exercise-node@kr.example", "Republic of Korea (EXERCISE 연습)",
        "2019-11-22T23:59:00+09:00", "2019-11-23T00:59:00+09:00", "군사Ⅲ급비밀 / CONFIDENTIAL (exercise marking)",
    )  # fmt: skip
    (FOLDER / "warning.cap.xml").write_bytes(first)
    (FOLDER / "second-warning.cap.xml").write_bytes(second)


if __name__ == "__main__":
    main()

"""A real browser, to ask it where what we draw lies: Debian's chromium, without a window, one page at a time."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FONTS = {
    "fonts-noto-cjk": Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    "fonts-dejavu-core": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
}
FOUND = "found-by-the-test"
TEXTS = """
const texts = [], poles = [], signs = [];
for (const text of document.querySelectorAll('.tl text')) {
  const box = text.getBoundingClientRect();
  if (!box.width) continue;
  const sizes = [...text.querySelectorAll('tspan')].map(each => parseFloat(getComputedStyle(each).fontSize));
  const matrix = text.getScreenCTM(), base = text.y.baseVal[0].value * matrix.d + matrix.f;
  const high = Math.max(...sizes) * matrix.d, root = text.ownerSVGElement.getBoundingClientRect();
  texts.push([text.textContent, box.left, box.right, base - 0.88 * high, base + 0.22 * high,
    root.left, root.right, root.top, root.bottom]);
}
for (const pole of document.querySelectorAll('.tl .pole')) {
  const box = pole.getBoundingClientRect();
  if (box.height) poles.push([box.left, box.right, box.top, box.bottom]);
}
for (const shape of document.querySelectorAll('.tl > path:not(.pole)')) {
  const box = shape.getBoundingClientRect(), line = shape.classList.contains('ln');
  const sign = line ? shape.matches('.l-ink') && box.height < 28 : box.width < 16 && box.height < 16;
  if (sign && box.width) signs.push([box.left, box.right, box.top, box.bottom]);
}
"""
"""Where every line of text lies that is shown, by its glyphs' square, with the edges of its drawing; every pole; and
every mark's own shape: glyphs, triangles, and the short lines that stand in bands."""


class Box(NamedTuple):
    """A rectangle on the screen, in pixels."""

    left: float
    right: float
    top: float
    bottom: float

    def over(self, other: "Box", by: float = 0.5) -> bool:
        """Whether two lie over one another, by more than that."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > by
            and min(self.bottom, other.bottom) - max(self.top, other.top) > by
        )


class Seen(NamedTuple):
    """A line of text where the browser put it, and the drawing that it belongs to."""

    text: str
    box: Box
    drawing: Box


def need(package: str, found: bool) -> None:
    """Fail with the name of a Debian package that is not there."""
    if not found:
        pytest.fail(f"this test needs the Debian package {package}: apt-get install {package}", pytrace=False)


def ask(page: Path, width: int, script: str, answer: str, profile: Path) -> Any:
    """Open a page in a window so wide, run a script once it is loaded, and say what an expression then is.

    The script is put into the file: the page is one that the test wrote.
    """
    need("chromium", shutil.which("chromium") is not None)
    for package, font in FONTS.items():
        need(package, font.exists())
    svg = page.suffix == ".svg"
    close = "</svg>" if svg else "</body>"
    holder = f'<metadata id="{FOUND}"/>' if svg else f'<pre id="{FOUND}" hidden></pre>'
    told = f"document.getElementById('{FOUND}').textContent = JSON.stringify({answer})"
    program = f"addEventListener('load', () => {{ {script}; {told}; }});"
    quoted = f"<![CDATA[{program}]]>" if svg else program
    text = page.read_text(encoding="utf-8")
    assert text.count(close) >= 1
    head, _, tail = text.rpartition(close)
    asked = page.with_name(f"asked-{page.name}")
    asked.write_text(f"{head}{holder}<script>{quoted}</script>{close}{tail}", encoding="utf-8")
    match = re.search(rf'id="{FOUND}"[^>]*>(.*?)</', _dumped(asked, width, profile), re.DOTALL)
    assert match is not None, "the page is not the one that was asked for"
    return json.loads(unescape(match.group(1)))


def _dumped(page: Path, width: int, profile: Path) -> str:
    """The page as it is once it is loaded. A browser that ends without a word is started once more, and no oftener."""
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        f"--user-data-dir={profile}", f"--window-size={width},1200", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        if done.stdout:
            return done.stdout.decode()
    pytest.fail(f"chromium ended with {done.returncode} and no page: {done.stderr.decode()[-2000:]}", pytrace=False)


def seen(answer: dict[str, Any]) -> tuple[list[Seen], list[Box], list[Box]]:
    """The texts, poles and marks' shapes of an answer to :data:`TEXTS`."""
    texts = [Seen(text, Box(*box[:4]), Box(*box[4:])) for text, *box in answer["texts"]]
    return texts, [Box(*pole) for pole in answer["poles"]], [Box(*sign) for sign in answer["signs"]]

"""What a step may say and how (sections 1, 3 and bodies 6), and the bytes of statements (encoding)."""

from typing import Any

from shorthand import TWO, Json, pack, said, sha256, text, wording

AGREEMENT = bytes(range(32))
MEASURE = ("measure", "announce", ("subject=other", "title.en=It"))
ANNOUNCED = ("subject=other", "title.en=It")
D = "a" * 64


def _statement(
    kind: str = "measure", verb: str = "announce", values: tuple[str, ...] = ANNOUNCED, **other: Any
) -> Json:
    return {
        "schema": "entente/step/1", "agreement": AGREEMENT.hex(), "by": "kr", "matter": f"kr-{kind}-1", "opening": "",
        "kind": kind, "verb": verb, "audience": list(TWO), "refs": [], "said": said(*values), "texts": [],
        "signers": [["treaty", "t1"]], "nonce": "00" * 16,
    } | other  # fmt: skip


def _form(
    name: str, section: str, *, ok: bool = False, code: str = "MALFORMED", bodies: Any = None, **changes: Any
) -> Json:
    """A statement and the texts beside it (null: not shown), and the code that the entry is refused with."""
    statement = _statement(**changes)
    shown = [None] * len(statement["texts"]) if bodies is None else [each and each.hex() for each in bodies]
    return {"name": name, "rests_on": section, "statement": statement, "bodies": shown,
            "expect": {"refused": None if ok else code}}  # fmt: skip


def _title(value: str, **more: Any) -> Json:
    return {"values": ("subject=other", f"title.en={value}"), **more}


LINES = [
    *(_form(f"a line: {name}", "relations 3", **_title(value)) for name, value in {
        "empty": "", "blanks alone": "  ", "a blank before it": " a", "a blank after it": "a ",
        "a no-break space after it": "a\u00a0", "an ideographic space before it": "\u3000a",
        "an en quad before it": "\u2000a",
        "a line feed in it": "a\nb", "a tab in it": "a\tb", "a NUL in it": "a\0b", "a delete in it": "a\x7fb",
        "a next line in it": "a\x85b", "a soft hyphen in it": "a\u00adb", "a joiner in it": "a\u200db",
        "a mark of direction in it": "a\u202eb", "an isolate in it": "a\u2066b", "a Braille blank in it": "a\u2800b",
        "a Hangul filler in it": "a\u3164b", "a byte order mark in it": "a\ufeffb", "a tag in it": "a\U000e0041b",
        "a paragraph separator in it": "a\u2029b", "401 characters": "a" * 401,
    }.items()),
    *(_form(f"a line: {name}", "relations 3", ok=True, **_title(value)) for name, value in {
        "an ideographic space within it": "a\u3000b", "a no-break space within it": "a\u00a0b",
        "400 characters": "a" * 400, "400 characters of four bytes each": "\U00020000" * 400,
        "a combining mark": "e\u0301", "a character that no version of Unicode has": "a\u0378b",
        "equals and commas": "a=b, c", "a lone hyphen": "-",
    }.items()),
]  # fmt: skip


def _values(name: str, good: tuple[str, ...], bad: tuple[str, ...], **of: Any) -> list[Json]:
    """``of`` says kind, verb, the values before and after, and ``texts``; what is judged is put between them."""
    before, after = of.pop("before", ()), of.pop("after", ())
    field = of.pop("field")
    return [
        _form(f"{name}: {value[:48]}", "relations 3", ok=value in good, values=(*before, f"{field}={value}", *after),
              **of)
        for value in (*good, *bad)
    ]  # fmt: skip


WRITTEN = [
    *_values("a word", ("complaint", "export_licensing", "list_status", "other"),
             ("", "Complaint", "complaint ", "riot"), field="subject", after=("title.en=It",)),
    *_values("an id", ("a", "a-b-1", "-", "0", "a" * 64), ("", "A", "a_b", "a b", "a" * 65, "\u00e9"),
             kind="arrangement", verb="undertake", field="term", after=("summary.en=It",)),
    *_values("a party", ("jp", "us"), ("", "JP", "j p", "a" * 65), kind="dialogue", verb="assign",
             before=("action=a",), field="to", after=("summary.en=It",)),
    *_values("a matter", ("kr-dialogue-1", "jp-measure-999999999", "a-b-note-7", f"{'a' * 32}-note-1"),
             ("", "kr-dialogue", "kr-dialogue-0", "kr-dialogue-01", "kr-dialogue-1000000000", "kr-talks-1", "-1",
              "dialogue-1", f"{'a' * 33}-note-1", "KR-dialogue-1"),
             kind="arrangement", verb="undertake", before=("term=a", "summary.en=It"), field="while"),
    *_values("a reference", ("1", "2019/11/22-7", "REG-7", "a.b_c-9", "0" * 64, "a" * 63 + "1"),
             ("", "Kim", "Kim You-geun", "Kim 7", "a-b", "/1", ".1", "-1", "_1", "1 ", "0" * 65, "a" * 64 + "1",
              "\u97d31", "1\u0661", "\u0661", "7:1", "7\\1"),
             kind="statement", verb="issue", before=("title.en=T", "attribution=background"), field="source",
             texts=[["en", "text/plain", "0" * 64, 1]]),
    *_values("a SHA-256", (D, "0" * 64), ("", D[1:], D + "a", "A" * 64, "g" * 64), kind="arrangement", verb="adopt",
             field="wording"),
    *_values("an instant", ("2019-11-22T09:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
             ("", "2019-11-22T09:00:00Z", "2019-11-22T09:00:00.0Z", "2019-11-22T18:00:00.000+09:00",
              "2019-11-22T09:00:00.000+00:00", "2019-11-22T09:00:00.000", "2019-11-22t09:00:00.000z",
              "2019-11-22 09:00:00.000Z", "2019-02-29T09:00:00.000Z", "2019-11-22T24:00:00.000Z",
              "2016-12-31T23:59:60.000Z", "2019-11-22T09:00:00.0000Z", "0000-01-01T00:00:00.000Z"),
             verb="enforce", field="effective"),
    *_values("a window", ("2019-12-16T01:00:00.000Z/2019-12-16T01:00:00.001Z",),
             ("", "2019-12-16T01:00:00.000Z", "2019-12-16T01:00:00.000Z/2019-12-16T01:00:00.000Z",
              "2019-12-16T02:00:00.000Z/2019-12-16T01:00:00.000Z", "2019-12-16T01:00:00Z/2019-12-16T02:00:00Z",
              "2019-12-16T01:00:00.000Z/PT1H", "2019-12-16T01:00:00.000Z / 2019-12-16T02:00:00.000Z"),
             kind="meeting", verb="agree", field="window"),
    *_values("a date", ("2019-11-22", "1900-01-01", "2999-12-31", "2020-02-29"),
             ("", "2019-11-31", "2019-02-29", "1899-12-31", "3000-01-01", "2019-1-2", "22.11.2019", "2019-W47-5",
              "20191122", "2019-11-22T00:00:00.000Z"), kind="arrangement", verb="review", field="on"),
    *_values("a zone", ("Asia/Seoul", "Asia/Tokyo", "UTC"), ("", "Seoul", "asia/seoul", "+09:00", "../etc/passwd"),
             kind="meeting", verb="propose", before=("title.en=It", "level=leader",
             "window=2019-12-16T01:00:00.000Z/2019-12-16T02:00:00.000Z"), field="zone"),
    *_values("a number", ("1", "999999"), ("", "0", "01", "1000000", "-1", "+1", "1.0", " 1", "\u0661"),
             kind="dialogue", verb="hold", field="round"),
]  # fmt: skip

EN, KO = text("en", "It."), text("ko", "\uadf8\uac83.")
ISSUE: Json = {"kind": "statement", "verb": "issue", "values": ("title.en=It", "attribution=none")}
FIELDS = [
    _form("the fields in the table's order", "relations 3", ok=True, values=(
        "subject=other", "title.en=It", "title.ja=\u305d\u308c", "forum=WTO", "reference=1", "summary.en=It",
        "effective=2019-11-22T00:00:00.000Z", "condition.en=It", "review=2019-12-01",
        f"evidence={D}", f"evidence={D}")),
    _form("a field before its place", "relations 3", values=("title.en=It", "subject=other")),
    _form("a field twice", "relations 3", values=("subject=other", "subject=other", "title.en=It")),
    _form("a language twice", "relations 3", values=("subject=other", "title.en=It", "title.en=It")),
    _form("languages not in byte order", "relations 3", values=("subject=other", "title.ko=It", "title.en=It")),
    _form("languages of two and three letters, in byte order", "relations 3", ok=True,
          values=("subject=other", "title.en=It", "title.eng=It", "title.ja=It")),
    *(_form(f"a field that is said in languages, in {lang or 'none'}", "relations 3",
            values=("subject=other", f"title.{lang}=It" if lang else "title=It"))
      for lang in ("", "e", "EN", "engl", "e1", "en-GB")),
    _form("a language where none is said", "relations 3", values=("subject.en=other", "title.en=It")),
    _form("an unknown field", "relations 3", values=(*ANNOUNCED, "colour=red")),
    _form("a field of another verb", "relations 3", verb="enforce", values=("title.en=It",)),
    _form("a field that must be said", "relations 3", values=("subject=other",)),
    _form("nothing at all where something must be said", "relations 3", values=()),
    _form("32 values of a field that may be said several times", "relations 3", ok=True,
          values=(*ANNOUNCED, *[f"evidence={number:064}" for number in range(32)])),
    _form("33 values of it", "relations 3", values=(*ANNOUNCED, *[f"evidence={number:064}" for number in range(33)])),
    _form("a verb of another kind", "bodies 6", verb="convene"),
    _form("an unknown kind", "bodies 6", kind="treaty"),
    _form("a text where the verb carries none", "relations 2", kind="dialogue", verb="close", values=(), texts=[EN]),
    _form("no text where the verb carries one", "relations 2", **ISSUE),
    _form("texts in two languages", "relations 2", ok=True, texts=[EN, KO], **ISSUE),
    _form("texts in another order", "relations 2", ok=True, texts=[KO, EN], **ISSUE),
    _form("two texts in one language", "relations 2", texts=[EN, text("en", "Else.")], **ISSUE),
    _form("eight texts", "relations 2", ok=True, texts=[text(f"a{each}", "It.") for each in "abcdefgh"], **ISSUE),
    _form("nine texts", "relations 2", texts=[text(f"a{each}", "It.") for each in "abcdefghi"], **ISSUE),
]  # fmt: skip


def _beside(name: str, media: str, data: bytes, *, ok: bool = False, **changes: Any) -> Json:
    return _form(name, "bodies 6", ok=ok, texts=[text("en", data, media)], bodies=[data], **(ISSUE | changes))


P = "text/plain"
BODIES = [
    _beside("a text that is shown, with tab and line breaks", P, "a\tb\r\nc\u3000d\n".encode(), ok=True),
    _beside("a text that is not UTF-8", P, b"\xff"),
    _beside("a text with a NUL", P, b"a\0"),
    _beside("a text with a vertical tab", P, b"a\x0bb"),
    _beside("a text with an escape", P, b"a\x1b[2J"),
    _beside("a text with a delete", P, b"a\x7f"),
    _beside("a text with a control character of the second set", P, "a\u009b2J".encode()),
    _beside("a text with a code point that is no character", P, "a\uffff".encode()),
    _beside("a text of another type may be any bytes", "application/pdf", b"\xff\0", ok=True),
    _beside("a media type in capitals", "text/Plain", b"a"),
    _beside("a media type without a subtype", "text", b"a"),
    _beside("a media type with a parameter", "text/plain; charset=utf-8", b"a"),
    _form("a text that is not shown may be any", "bodies 6", ok=True, texts=[EN], bodies=[None], **ISSUE),
    _form("a text of another digest", "bodies 6", texts=[EN], bodies=[b"It?"], **ISSUE),
    _form("a text of another size", "bodies 6", texts=[[*EN[:3], 4]], bodies=[b"It."], **ISSUE),
    _form("a text of a size below 0", "bodies 6", texts=[[*EN[:3], -1]], **ISSUE),
    _form("a text with a digest of 31 bytes", "bodies 6", texts=[[*EN[:2], D[2:], 3]], **ISSUE),
    _form("a text whose language is none", "bodies 6", texts=[["EN", *EN[1:]]], **ISSUE),
    _form("fewer bodies than texts", "bodies 6", texts=[EN, KO], bodies=[b"It."], **ISSUE),
    _form("more bodies than texts", "bodies 6", texts=[EN], bodies=[b"It.", b"It."], **ISSUE),
]  # fmt: skip

WHO = [
    _form("another agreement", "bodies 6", code="WRONG_AGREEMENT", agreement="ff" * 32),
    _form("another party than the log's", "bodies 6", code="WRONG_AGREEMENT", by="jp"),
    _form("another agreement is said before anything of the form", "bodies 6", code="WRONG_AGREEMENT", by="jp",
          verb="riot"),
    *(_form(f"the id {matter}", "relations 1", matter=matter) for matter in (
        "kr-measure-0", "kr-measure-01", "measure-1", "kr-measure", "kr-riot-1", "KR-measure-1",
        f"{'a' * 33}-measure-1")),
    *(_form(f"an audience: {', '.join(audience)}", "bodies 6", audience=audience) for audience in (
        [], ["kr"], ["jp", "us"], ["jp", "kr", "kr"], ["kr", "jp"], ["jp", "kr", "xx"], ["jp", "k r"])),
    _form("an audience of all three, in the agreement's order", "bodies 6", ok=True, audience=["jp", "kr", "us"]),
    *(_form(f"a nonce of {size} bytes", "bodies 6", ok=size == 16, nonce="ab" * size) for size in (0, 15, 16, 17)),
    _form("no signer", "bodies 6", signers=[]),
    _form("two signers", "bodies 6", ok=True, signers=[["treaty", "t1"], ["treaty", "t2"]]),
    _form("three signers", "bodies 6", signers=[["treaty", "t1"]] * 3),
    _form("an office that may not bind", "bodies 6", code="BAD_SIGNATURE", signers=[["release", "r1"]]),
    *(_form(f"a person: {name}", "bodies 6", ok=ok, signers=[["treaty", person]]) for name, person, ok in (
        ("empty", "", False), ("64 characters", "a" * 64, True), ("65 characters", "a" * 65, False),
        ("a line feed", "a\nb", False), ("a mark of direction", "a\u202eb", False),
        ("of no alphabet", "\u4e00\u3000\u4e8c", True),
        ("a character that no version of Unicode has", "a\u0378", True))),
    _form("sixteen references", "bodies 6", ok=True, refs=[f"kr-{number}" for number in range(16)]),
    _form("seventeen references", "bodies 6", refs=[f"kr-{number}" for number in range(17)]),
    _form("a reference that is no id", "bodies 6", refs=["KR 3"]),
    _form("an opening of 31 bytes", "bodies 6", verb="enforce", values=(), opening=D[2:]),
    _form("an opening of 32 bytes", "bodies 6", ok=True, verb="enforce", values=(), opening=D),
]  # fmt: skip
FORMS = [*LINES, *WRITTEN, *FIELDS, *BODIES, *WHO]

WORDINGS = [
    {"name": name, "rests_on": "relations 4", "texts": texts, "expect": wording(*texts)}
    for name, texts in {
        "one text": [EN],
        "two texts": [EN, KO],
        "the same two, given the other way round: the same wording": [KO, EN],
        "another language is another wording": [["ja", *EN[1:]]],
        "another media type is another wording": [[EN[0], "text/markdown", *EN[2:]]],
        "three texts, of which one is no text": [
            KO, text("ja", "\u305d\u308c\u3002"), text("en", b"%PDF", "application/pdf"),
        ],
    }.items()
] + [{
    "name": "by hand: printf 'en\\ntext/plain\\n3\\n%s\\n' $(printf 'It.' | sha256sum | cut -c1-64) | sha256sum",
    "rests_on": "relations 4", "texts": [EN],
    "expect": "f58d358a450873ed9d9e3d38c27d42ba5360047cc8d3d12b9f2d901b4a6b7084",
}]  # fmt: skip


def _fields(statement: Json) -> list[Any]:
    """A statement as the list of its fields, in the page's order."""
    plain = statement | {
        "agreement": bytes.fromhex(statement["agreement"]), "opening": bytes.fromhex(statement["opening"]),
        "texts": [[lang, media, bytes.fromhex(digest), size] for lang, media, digest, size in statement["texts"]],
        "nonce": bytes.fromhex(statement["nonce"]),
    }  # fmt: skip
    return list(plain.values())


def _bytes(name: str, statement: Json) -> Json:
    return {"name": name, "rests_on": "bodies 6, encoding", "bytes": pack(_fields(statement)).hex(),
            "expect": {"statement": statement, "digest": sha256(pack(_fields(statement)))}}  # fmt: skip


def _not(name: str, data: bytes) -> Json:
    return {"name": name, "rests_on": "encoding", "bytes": data.hex(), "expect": {"failure": "NOT_CANONICAL"}}


def _swapped(place: int, value: Any) -> bytes:
    fields = _fields(GOOD)
    fields[place] = value
    return pack(fields)


GOOD = _statement()
WHOLE = pack(_fields(GOOD))
FULL = _statement(
    "statement", "issue", ("title.en=It", "title.ko=\uadf8\uac83", "attribution=none"), texts=[EN, KO], refs=["kr-3"],
    audience=["jp", "kr", "us"], signers=[["treaty", "t1"], ["treaty", "t2"]],
)  # fmt: skip
ANSWER = _statement("measure", "record", ("summary.en=" + "a" * 300,), opening=sha256(WHOLE), texts=[[*EN[:3], 70_000]])


def _size(written: bytes) -> bytes:
    """The full statement, the size of its first text (3) written otherwise; the second text follows it."""
    return pack(_fields(FULL)).replace(b"\x03\x94\xa2ko", written + b"\x94\xa2ko", 1)


BYTES = [
    _bytes("the shortest", GOOD),
    _bytes("texts in two languages, three parties, two signers", FULL),
    _bytes("an answer, with a value of two length bytes and a size of four", ANSWER),
    _not("nothing", b""),
    _not("a byte after it", WHOLE + b"\0"),
    _not("a byte too few", WHOLE[:-1]),
    _not("a field too few", b"\x9c" + WHOLE[1:-len(pack(_fields(GOOD)[-1]))]),
    _not("a field too many", b"\x9e" + WHOLE[1:] + b"\xc0"),
    _not("the list with a longer header", b"\xdc\0\x0d" + WHOLE[1:]),
    _not("a text with a longer header", WHOLE.replace(b"\xa2kr", b"\xd9\x02kr", 1)),
    _not("bytes with a longer header", WHOLE.replace(b"\xc4\x20", b"\xc5\0\x20", 1)),
    _not("a text as bytes", WHOLE.replace(b"\xa2kr", b"\xc4\x02kr", 1)),
    _not("bytes as a text", WHOLE.replace(b"\xc4\0", b"\xa0", 1)),
    _not("a text that is not UTF-8", WHOLE.replace(b"\xa2kr", b"\xa2\xff\xff", 1)),
    _not("a lone surrogate", WHOLE.replace(b"\xa2It", b"\xa3\xed\xa0\x80", 1)),
    _not("another schema", _swapped(0, "entente/step/2")),
    _not("nil where a text is", _swapped(3, None)),
    _not("a text where a list is", _swapped(7, "jp")),
    _not("a value of two parts", _swapped(9, [["subject", "other"]])),
    _not("a value of four parts", _swapped(9, [["subject", "", "other", ""]])),
    _not("a map", b"\x80"),
    _not("a size in a longer form", _size(b"\xcc\x03")),
    _not("a size as a floating-point number", _size(b"\xcb\x40\x08" + bytes(6))),
    _not("a size as a signed number", _size(b"\xd0\x03")),
]  # fmt: skip

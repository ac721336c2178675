"""The words of press pages and their feed in English, Japanese and Korean.

Labels beside what they name, never sentences around it: no name of a party has to be bent to a language's grammar.
"""

from collections.abc import Mapping

from entente.domain.relations.chronicle_words import LANGUAGES, Words


def _w(en: str, ja: str, ko: str) -> Words:
    return {"en": en, "ja": ja, "ko": ko}


STATEMENTS = _w("Statements", "声明・発表", "성명·발표")
STATEMENT = _w("Statement", "声明", "성명")
JOINT = _w("Joint statement", "共同声明", "공동성명")
PUBLISHED = _w("Published", "発表", "발표")
CORRECTED = _w("Corrected", "訂正", "정정")
WITHDRAWN = _w("Withdrawn", "撤回", "철회")
STAYS = _w("What was said stays below.", "発表した内容は以下に残す。", "발표한 내용은 아래에 그대로 둔다.")
ATTRIBUTION = _w("Attribution", "引用の条件", "인용 조건")
ATTRIBUTIONS: Mapping[str, Words] = {
    "on_record": _w("On the record", "公式発言（出典を示して引用可）", "공식 발언(출처를 밝혀 인용 가능)"),
    "background": _w(
        "On background; reference: {}",
        "背景説明（発言者は非公表、整理番号：{}）",
        "배경 설명(발언자 비공개, 참조 번호: {})",
    ),
    "none": _w("Without attribution", "出典を示さない", "출처를 밝히지 않음"),
}
CLAIM = _w("What it says of another party", "相手方に関する言及", "상대방에 관한 언급")
CONCERNING = _w("Concerning", "対象", "대상")
ANSWER = _w("Answer", "相手方の回答", "상대방의 답변")
ANSWERS: Mapping[str, Words] = {
    "confirm": _w("Confirmed", "確認", "확인"),
    "contest": _w("Contested", "否認", "부인"),
}
UNANSWERED = _w("Neither confirmed nor contested", "確認も否認もしていない", "확인도 부인도 하지 않음")
EARLIER = _w("Text before the correction", "訂正前の文", "정정 전 문안")
NOT_IN = _w(
    "There is no text in English; it stands here in another language.",
    "日本語の文はない。ここには別の言語の文を載せる。",
    "한국어 문안은 없다. 여기에는 다른 언어의 문안을 싣는다.",
)
REFERENCE = _w("Reference", "整理番号", "문서 번호")
PUBLISHED_BY = _w("Published by", "発表者", "발표 주체")
TIMES = _w("Times", "時刻", "시각")
ALL = _w("All statements", "声明の一覧", "성명 목록")
NONE_YET = _w("None yet.", "まだ発表はない。", "아직 발표가 없다.")
FEED = _w("Atom feed", "Atomフィード", "Atom 피드")
SIMULATED = _w(
    "SIMULATED: an exercise, and no statement of any government.",
    "模擬：演習であり、いずれの政府の声明でもない。",
    "모의: 연습이며 어느 정부의 성명도 아니다.",
)
EXERCISE = _w("EXERCISE", "演習", "연습")
COLON = _w(": ", "：", ": ")
BEFORE_TIME = _w(", ", " ", " ")
"""Between a date and a time of day."""


def order(lang: str) -> tuple[str, ...]:
    """The languages that there are words in, ``lang`` first."""
    return (lang, *(each for each in LANGUAGES if each != lang))

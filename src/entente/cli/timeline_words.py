"""The words of a drawn timeline in English, Japanese and Korean, beside those of the chronicle itself."""

from collections.abc import Mapping

from entente.domain.relations.chronicle_words import Words, bracketed, said
from entente.domain.relations.lanes import Mark


def _w(en: str, ja: str, ko: str) -> Words:
    return {"en": en, "ja": ja, "ko": ko}


LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "ja": "日本語", "ko": "한국어"}
WHOLE = _w("The whole course", "全体の経過", "전체 경과")
CLOSER = _w("Closer", "拡大", "확대")
TIMES_IN = _w("times in {}", "時刻：{}", "시각: {}")
AS_KNOWN = _w("as known at {}", "{}現在", "{} 현재")
NOW = _w("known up to here", "この時点まで判明", "이 시점까지 확인")
FORMS: Mapping[str, Words] = {
    "done": _w("came about", "実現", "실현"),
    "expected": _w("to come as things stand", "予定", "예정"),
    "averted": _w("did not come about", "実現せず", "미실현"),
    "refused": _w("refused", "不受理", "거부"),
    "limit": _w("last day for notice", "終了通告の期限", "종료 통보 기한"),
}
CALLED_OFF = _w("called off", "取りやめ", "취소")


def became(mark: Mark, lang: str) -> str:
    """What became of a mark in words; "" of one that simply came about."""
    if mark.form == "done":
        return ""
    return said(CALLED_OFF if mark.called_off else FORMS[mark.form], lang)


def told(mark: Mark, lang: str) -> str:
    """All that a mark says, and what became of it; titles of refused ones and of last days say that themselves."""
    title = said(mark.title, lang)
    ending = "" if mark.form in ("refused", "limit") else became(mark, lang)
    return bracketed(title, ending, lang) if ending else title


UNTIL = _w("until {}", "{}まで", "{}까지")
FIGURES = _w(
    "{title} [{unit}], {first} to {last}: first {opening}, last {closing}, lowest {low} ({low_at}), "
    "highest {high} ({high_at})",
    "{title}［{unit}］{first}～{last}：最初{opening}、最後{closing}、最低{low}（{low_at}）、最高{high}（{high_at}）",
    "{title} [{unit}] {first}~{last}: 처음 {opening}, 마지막 {closing}, 최저 {low}({low_at}), 최고 {high}({high_at})",
)
NO_FIGURES = _w("{title} [{unit}]: no figures", "{title}［{unit}］：数値なし", "{title} [{unit}]: 수치 없음")
UNLABELLED = _w(
    "Lesser marks without a label here: {}; {}",
    "ここに見出しのない軽微な項目：{}件。{}",
    "여기에 표제가 없는 부차적 항목: {}건. {}",
)
IN_PAGE = _w(
    "entente timeline --html lists every one",
    "entente timeline --html の表に全件を示す",
    "entente timeline --html의 표에 모두 있다",
)
IN_TABLE = _w("the table below lists every one", "下の表に全件を示す", "아래 표에 모두 있다")
NUMBERED = _w("Numbered above", "番号の内訳", "번호별 내역")
NOTHING_IN = _w("Nothing here in: {}", "この期間に記載なし：{}", "이 기간에 없음: {}")
STATUS = _w("Status", "協定の状態", "협정의 상태")
TABLE = _w("Everything, in order of time", "全記録（時系列）", "전체 기록(시간순)")
COLUMNS: Mapping[str, Words] = {
    "local": _w("Time, {}", "時刻（{}）", "시각({})"),
    "utc": _w("UTC", "協定世界時（UTC）", "협정 세계시(UTC)"),
    "lane": _w("Of", "区分", "구분"),
    "who": _w("Who", "主体", "주체"),
    "what": _w("What", "内容", "내용"),
    "rests": _w("Rests on", "根拠", "근거"),
}
DESCRIPTION = _w(
    "{parties}: from {begins} to {ends}. {lanes} lanes with {marks} marks; {listed}.",
    "{parties}：{begins}から{ends}まで。{lanes}行、{marks}件。{listed}。",
    "{parties}: {begins}부터 {ends}까지. {lanes}개 행, {marks}건. {listed}.",
)
LANGUAGE = _w("Language", "言語", "언어")
SIMULATED = "SIMULATED / 模擬 / 모의"
"""Of a node whose time is simulated: in three languages, so that nobody takes it for real."""
OF_SCENARIO = _w("a scenario, told from its file alone", "シナリオ（ファイルのみによる）", "시나리오(파일만에 따름)")
OF_NODE = _w("as {}'s node holds it", "{}のノードの記録による", "{} 노드의 기록에 따름")
OF_EVIDENCE = _w(
    "evidence, verified with the root cards of {}; last entry {}",
    "検証済みの証拠（{}のルートカードによる）、最終記録：{}",
    "검증된 증거({}의 루트 카드에 따름), 마지막 기록: {}",
)
WITHHELD = _w("withheld: {}", "非開示：{}", "비공개: {}")
WITHHELD_KINDS: Mapping[str, Words] = {
    "steps": _w("steps of {}: {}", "{}の関連事項の記載{}件", "{}의 관련 사항 기재 {}건"),
    "items": _w("contents of items of {}: {}", "{}の提供の内容{}件", "{}의 제공 내용 {}건"),
    "figures": _w("files of figures of {}: {}", "{}の数値{}件", "{}의 수치 파일 {}건"),
    "log": _w("whole logs of {}: {}", "{}の記録全部{}件", "{}의 기록 전체 {}건"),
}
"""What a source could not show, by kind: of whom or of what, and how many."""

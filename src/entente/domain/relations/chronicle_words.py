"""The words of a chronicle in English, Japanese and Korean: phases, acts, what is done in matters, states, lanes.

The usage of notes and announcements in each language. No word says more than the English one or takes a party's side:
what each does while the other does is a measure of each (相互の措置, 상호 조치), no agreement. No names of
persons.
"""

from collections.abc import Callable, Mapping
from datetime import date

LANGUAGES = ("en", "ja", "ko")
Words = Mapping[str, str]
"""A text by language."""


def said(words: Words, lang: str) -> str:
    """The text in a language, else in English, else in the first language there is; "" where there is none."""
    return words.get(lang) or words.get("en") or next(iter(words.values()), "")


def each(make: Callable[[str], str]) -> Words:
    """A text made for every language."""
    return {lang: make(lang) for lang in LANGUAGES}


def plain(text: str) -> Words:
    """The same text in every language."""
    return each(lambda _: text)


def _w(en: str, ja: str, ko: str) -> Words:
    return {"en": en, "ja": ja, "ko": ko}


COLON = _w(": ", "：", ": ")
COMMA = _w(", ", "、", ", ")
SEMICOLON = _w("; ", "；", "; ")
"""Punctuation with the space that belongs to it: Japanese has its own, as broad as a character."""


def bracketed(before: str, inside: str, lang: str) -> str:
    """Words with others in brackets behind them, in the form of the language."""
    return f"{before}（{inside}）" if lang == "ja" else f"{before}{'' if lang == 'ko' else ' '}({inside})"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_in_words(day: date, lang: str, *, year: bool = True, short: bool = False) -> str:
    """A date as people write it: ``22 November 2019``, ``2019年11月22日``, ``2019년 11월 22일``."""
    if lang == "ja":
        return f"{day.year}年{day.month}月{day.day}日" if year else f"{day.month}月{day.day}日"
    if lang == "ko":
        return f"{day.year}년 {day.month}월 {day.day}일" if year else f"{day.month}월 {day.day}일"
    month = _MONTHS[day.month - 1][: 3 if short else None]
    return f"{day.day} {month} {day.year}" if year else f"{day.day} {month}"


PHASES: Mapping[str, Words] = {
    "unknown": _w("Unknown", "不明", "불명"),
    "draft": _w("Draft", "未署名", "서명 전"),
    "signed": _w("Signed, not in force", "署名済み・未発効", "서명·미발효"),
    "in_force": _w("In force", "有効", "유효"),
    "notice_running": _w("Notice running", "終了通告期間中", "종료 통보 기간 중"),
    "notice_suspended": _w("Notice suspended", "通告の効力停止中", "통보 효력 정지 중"),
    "suspended": _w("Operation suspended", "運用停止中", "운용 정지 중"),
    "ended": _w("Ended", "終了", "종료"),
}
ACTS: Mapping[str, Words] = {
    "sign": _w("Signature", "署名", "서명"),
    "notify_completion": _w("Completion notified", "国内手続完了の通告", "국내절차 완료 통보"),
    "notice_of_termination": _w("Notice of termination", "終了通告", "종료 통보"),
    "suspend_notice": _w("Effect of the notice suspended", "終了通告の効力を停止", "종료 통보의 효력 정지"),
    "resume_notice": _w("Effect of the notice resumed", "終了通告の効力を回復", "종료 통보의 효력 회복"),
    "withdraw": _w("Withdrawal", "撤回", "철회"),
    "agree_termination": _w("Termination agreed", "終了の合意", "종료 합의"),
    "suspend_operation": _w("Operation suspended", "運用停止", "운용 정지"),
    "resume_operation": _w("Operation resumed", "運用再開", "운용 재개"),
    "amend": _w("Amendment", "改正", "개정"),
    "declare_reading": _w("Reading declared", "解釈の表明", "해석 표명"),
}
READINGS: Mapping[str, Words] = {
    "asleep": _w(
        "Reading: the notice is asleep", "解釈：通告は効力停止のまま存続", "해석: 통보는 효력 정지 상태로 존속"
    ),
    "spent": _w("Reading: the notice is spent", "解釈：通告は失効", "해석: 통보는 소멸"),
}
TOPICS: Mapping[str, str] = {
    "sign": "force",
    "notify_completion": "force",
    "amend": "amendment",
    "suspend_operation": "operation",
    "resume_operation": "operation",
    "declare_reading": "disputes",
}
"""The topic of the article that a kind of act rests on, where it is not ``termination``."""
STATES: Mapping[str, Words] = {
    "announced": _w("Announced", "発表", "발표"),
    "in_force": _w("In force", "実施中", "시행 중"),
    "suspended": _w("Suspended", "停止中", "정지 중"),
    "eased": _w("Eased", "緩和", "완화"),
    "standing": _w("Standing", "継続中", "유지 중"),
    "proposed": _w("Proposed", "提案", "제안"),
    "open": _w("Open", "進行中", "진행 중"),
    "adjourned": _w("Adjourned", "休会", "휴회"),
}
"""The states that a band shows; in others there is none."""
COMPLAINT_STATES: Mapping[str, Words] = {
    "announced": _w("Brought", "提起", "제기"),
    "in_force": _w("Pending", "手続中", "절차 진행 중"),
    "suspended": _w("Halted", "停止中", "정지 중"),
}
"""The same of a complaint: a case before a forum is not in force."""
VERBS: Mapping[str, Words] = {
    "measure announce": _w("Announced", "発表", "발표"),
    "measure enforce": _w("In force", "実施", "시행"),
    "measure suspend": _w("Suspended", "停止", "정지"),
    "measure ease": _w("Eased in part", "一部緩和", "일부 완화"),
    "measure resume": _w("Resumed", "再開", "재개"),
    "measure withdraw": _w("Withdrawn", "撤回", "철회"),
    "measure end": _w("Ended", "終了", "종료"),
    "measure record": _w("Noted", "経過", "경과"),
    "complaint announce": _w("Brought", "提起", "제기"),
    "complaint enforce": _w("Pending", "手続開始", "절차 개시"),
    "complaint suspend": _w("Procedure halted", "手続を停止", "절차 정지"),
    "complaint resume": _w("Procedure resumed", "手続を再開", "절차 재개"),
    "complaint withdraw": _w("Withdrawn", "取下げ", "철회"),
    "arrangement open": _w("Opened", "開始", "개시"),
    "arrangement undertake": _w("Undertakes", "約束", "약속"),
    "arrangement reverse": _w("Takes it back", "約束の撤回", "약속 철회"),
    "arrangement report": _w("Reports", "報告", "보고"),
    "arrangement propose": _w("Common wording proposed", "共通文言案の提示", "공동 문안 제안"),
    "arrangement adopt": _w("Common wording signed", "共通文言に署名", "공동 문안 서명"),
    "arrangement review": _w("Reviewed", "見直し", "재검토"),
    "arrangement end": _w("Ended", "終了", "종료"),
    "dialogue propose": _w("Talks proposed", "対話の提案", "대화 제안"),
    "dialogue accept": _w("Talks accepted", "対話に同意", "대화 수락"),
    "dialogue postpone": _w("postponed", "延期", "연기"),
    "dialogue cancel": _w("called off", "取りやめ", "취소"),
    "dialogue minute": _w("Own record", "自国側の記録", "자국 측 기록"),
    "dialogue propose_minutes": _w("Minutes proposed", "議事録案の提示", "회의록안 제안"),
    "dialogue adopt_minutes": _w("Minutes signed", "議事録に署名", "회의록 서명"),
    "dialogue assign": _w("Task", "課題", "과제"),
    "dialogue done": _w("Task done", "課題の完了", "과제 완료"),
    "dialogue adjourn": _w("Talks adjourned", "対話の休会", "대화 휴회"),
    "dialogue reopen": _w("Talks reopened", "対話の再開", "대화 재개"),
    "dialogue close": _w("Talks closed", "対話の終了", "대화 종료"),
    "statement issue": _w("Statement", "発表", "발표"),
    "statement propose": _w("Joint statement proposed", "共同声明案の提示", "공동성명안 제안"),
    "statement adopt": _w("Joint statement signed", "共同声明に署名", "공동성명 서명"),
    "statement confirm": _w("Confirms", "確認", "확인"),
    "statement contest": _w("Contests", "異議の表明", "이의 표명"),
    "statement correct": _w("Corrected", "訂正", "정정"),
    "statement withdraw": _w("Withdrawn", "撤回", "철회"),
    "meeting propose": _w("Proposed", "提案", "제안"),
    "meeting counter": _w("Counter-proposal", "対案の提示", "수정 제안"),
    "meeting agree": _w("Agreed", "合意", "합의"),
    "meeting cancel": _w("Called off", "取りやめ", "취소"),
    "meeting record": _w("Own record", "自国側の記録", "자국 측 기록"),
    "meeting propose_record": _w("Joint record proposed", "共同記録案の提示", "공동 기록안 제안"),
    "meeting adopt_record": _w("Joint record signed", "共同記録に署名", "공동 기록 서명"),
    "note send": _w("Note sent", "口上書の発出", "구상서 발송"),
    "note deliver": _w("Note delivered", "口上書の交付", "구상서 전달"),
    "note acknowledge": _w("Note acknowledged", "口上書の受領確認", "구상서 접수 확인"),
}
"""What a step of a kind does, by ``kind verb``; in a complaint, by ``complaint verb`` where there is one."""
KEPT: Mapping[str, Words] = {
    "kept": _w("kept", "履行", "이행"),
    "not_kept": _w("not kept", "不履行", "불이행"),
    "disputed": _w("disputed", "争いあり", "이견 있음"),
}
GROUP_WORDS: Mapping[str, Words] = {
    "status": _w("Status, as each party sees it", "協定の状態（各当事国の見解）", "협정의 상태(각 당사국의 견해)"),
    "acts": _w("Formal acts", "協定上の行為", "협정상의 행위"),
    "measures": _w("Measures", "関連措置", "관련 조치"),
    "arrangements": _w("Arrangements", "相互の措置", "상호 조치"),
    "talks": _w("Talks", "対話", "대화"),
    "meetings": _w("Meetings", "会談・会合", "회담·회의"),
    "statements": _w("Statements", "発表・声明", "발표·성명"),
    "exchanges": _w("Exchanges", "情報の提供", "정보 제공"),
    "indicators": _w("Indicators", "指標", "지표"),
}
DIFFER = _w("Views differ", "見解の相違", "견해 차이")
ENDED = _w("Ended", "終了", "종료")
ENDS = _w("Ends", "終了予定", "종료 예정")
WOULD_HAVE_ENDED = _w("Would have ended", "本来の終了時刻", "당초 종료 예정 시각")
LAST_DAY_FOR_NOTICE = _w("Last day for notice", "終了通告の期限", "종료 통보 기한")
ROUND = _w("Round {}", "第{}回", "제{}차")
VIDEO = _w("by video", "テレビ会議", "화상회의")
REFUSED = _w("refused", "不受理", "거부")
ON_CONDITION = _w("on condition", "条件", "조건")
REPORT_ON = _w("Report on {}", "{}に関する報告", "{}에 관한 보고")
JOINT = _w("Joint", "共同", "공동")
PLACES: Mapping[str, Words] = {
    words["en"]: words
    for words in (
        _w("Beijing", "北京", "베이징"),
        _w("Brussels", "ブリュッセル", "브뤼셀"),
        _w("Chengdu", "成都", "청두"),
        _w("Geneva", "ジュネーブ", "제네바"),
        _w("Nagoya", "名古屋", "나고야"),
        _w("New York", "ニューヨーク", "뉴욕"),
        _w("Seoul", "ソウル", "서울"),
        _w("Tokyo", "東京", "도쿄"),
        _w("Vienna", "ウィーン", "빈"),
        _w("Washington", "ワシントン", "워싱턴"),
    )
}
"""Where delegations meet, by the English name; a place is one line of text, and any other stands as it was written."""


def placed(place: str) -> Words:
    """A place in each language, where it is one of :data:`PLACES`."""
    return PLACES.get(place, plain(place))


NUMBER = _w("no. {}", "第{}号", "{}호")
REALITIES: Mapping[str, Words] = {
    "actual": _w("ACTUAL", "実際", "실제"),
    "exercise": _w("EXERCISE", "演習", "연습"),
    "test": _w("TEST", "試験", "시험"),
    "": _w("ACTUAL OR EXERCISE NOT STATED", "実際・演習の別の記載なし", "실제·연습 구분 표시 없음"),
}
"""What an item says it is, in words, as its banner has them."""

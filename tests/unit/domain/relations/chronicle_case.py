"""The case of 2019 as steps made by hand, dense enough to draw: dates are public, texts and figures an exercise's."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.chronicle import Chronicle, build
from entente.domain.relations.fields import say
from entente.domain.relations.indicators import Point, Series
from entente.domain.relations.lanes import Exchange, Lane, Mark
from entente.domain.relations.matters import TABLES, fold
from entente.domain.relations.steps import MATTER, Step, Text
from entente.domain.relations.table import Matter

AGREEMENTS = Path(__file__).parents[4] / "examples" / "agreements"
PARTIES = ("jp", "kr")
AFTERWARDS = parse_instant("2023-12-19T18:00:00+09:00")


def w(en: str, ja: str, ko: str) -> dict[str, str]:
    return {"en": en, "ja": ja, "ko": ko}


def kst(text: str) -> int:
    """An instant from ``2019-11-22 18:00``, on clocks of both parties."""
    return parse_instant(f"{text.replace(' ', 'T')}:00+09:00")


def window(begins: str, ends: str) -> str:
    return f"{begins.replace(' ', 'T')}:00+09:00/{ends.replace(' ', 'T')}:00+09:00"


class Hand:
    """Writes steps as a node would have checked them."""

    def __init__(self, *audience: str) -> None:
        self.steps: list[Step] = []
        self.audience = audience or PARTIES

    def __call__(self, matter: str, verb: str, at: str, by: str = "", refs: tuple[str, ...] = (), **given: Any) -> Step:
        found = MATTER.fullmatch(matter)
        assert found is not None
        table = TABLES[found.group(2)]  # type: ignore[index]
        needs = table.verb(verb).texts == "must"
        media = "text/csv" if table.kind == "indicator" else "text/plain"
        texts = (Text("en", media, hashlib.sha256(f"{matter}{verb}{at}".encode()).hexdigest(), 9),) if needs else ()
        said = say(table.verb(verb).fields, given)
        step = Step(
            matter=matter, kind=table.kind, verb=verb, by=by or found.group(1), at=kst(at), incarnation="0",
            seq=len(self.steps), audience=self.audience, refs=refs, values=table.read(verb, said, texts), texts=texts,
            offices=("treaty",),
        )  # fmt: skip
        self.steps.append(step)
        return step


def measures(hand: Hand) -> None:
    hand(
        "jp-measure-1", "announce", "2019-07-01 10:00", subject="export_licensing",
        title=w("Individual licences for three materials", "特定三品目の個別輸出許可", "3개 품목의 개별수출허가"),
    )  # fmt: skip
    hand("jp-measure-1", "enforce", "2019-07-04 00:00", summary=w("Licences required", "許可制を実施", "개별허가 시행"))
    hand(
        "jp-measure-1", "ease", "2019-12-20 17:00",
        summary=w("Resist: longer licences for fixed pairs", "レジストを一部緩和", "포토레지스트 일부 완화"),
    )  # fmt: skip
    hand("jp-measure-1", "withdraw", "2023-03-23 14:00", summary=w("Lifted", "措置を解除", "조치 해제"))
    hand(
        "jp-measure-2", "announce", "2019-08-02 10:00", subject="list_status",
        title=w("The Republic of Korea on Japan's list of preferred destinations", "輸出管理上の国別区分：大韓民国",
                "일본의 백색국가 목록: 대한민국"),
        summary=w("Removal decided", "除外を閣議決定", "제외 결정"),
    )  # fmt: skip
    hand("jp-measure-2", "enforce", "2019-08-28 00:00", summary=w("Removed", "除外を実施", "제외 시행"))
    hand("jp-measure-2", "record", "2023-06-27 10:00", summary=w("Restoration decided", "復帰を閣議決定", "복귀 결정"))
    hand("jp-measure-2", "withdraw", "2023-07-21 00:00", summary=w("Restored", "区分を復帰", "목록 복귀"))
    hand(
        "kr-measure-1", "announce", "2019-09-11 10:00", subject="complaint", forum="WTO", reference="DS590",
        title=w("Complaint over export measures", "輸出措置をめぐる申立て", "수출제한 조치에 대한 제소"),
        summary=w("Consultations requested", "協議を要請", "양자협의 요청"),
    )  # fmt: skip
    for day, words in (
        ("2019-10-11 17:00", w("First consultations, Geneva", "第１回協議（ジュネーブ）", "1차 양자협의(제네바)")),
        ("2019-11-19 18:00", w("Second consultations, Geneva", "第２回協議（ジュネーブ）", "2차 양자협의(제네바)")),
    ):
        hand("kr-measure-1", "record", day, summary=words)
    hand(
        "kr-measure-1", "suspend", "2019-11-22 18:00", refs=("kr-4",),
        summary=w("Proceeding halted", "手続を停止", "절차 정지"),
        condition=w("While the dialogue goes on normally", "対話が正常に行われる間", "대화가 정상적으로 진행되는 동안"),
    )  # fmt: skip
    hand("kr-measure-1", "resume", "2020-06-02 14:00", summary=w("Proceeding resumed", "手続を再開", "절차 재개"))
    for day, words in (
        ("2020-06-18 20:00", w("Panel requested", "小委員会の設置を要請", "패널 설치 요청")),
        ("2020-06-29 20:00", w("First request blocked", "一回目は設置されず", "1차 요청 불발")),
        ("2020-07-29 20:00", w("Panel established", "小委員会を設置", "패널 설치")),
    ):
        hand("kr-measure-1", "record", day, summary=words)
    hand(
        "kr-measure-1", "withdraw", "2023-03-23 15:00", summary=w("Complaint withdrawn", "申立てを取下げ", "제소 철회")
    )
    hand(
        "kr-measure-2", "announce", "2019-08-12 14:00", subject="list_status",
        title=w("Japan on the Korean list", "韓国の戦略物資区分：日本国", "대한민국의 백색국가 목록: 일본국"),
        summary=w("Removal announced", "除外を発表", "제외 발표"),
    )  # fmt: skip
    hand("kr-measure-2", "enforce", "2019-09-18 00:00", summary=w("Removed", "除外を実施", "제외 시행"))
    hand("kr-measure-2", "withdraw", "2023-04-24 00:00", summary=w("Restored", "区分を復帰", "목록 복귀"))


def talks(hand: Hand) -> None:
    talk = "kr-dialogue-1"
    hand(
        talk, "propose", "2019-11-22 17:40", level="director_general",
        title=w("Export control policy dialogue", "輸出管理政策対話", "수출관리정책대화"),
    )  # fmt: skip
    hand(talk, "accept", "2019-11-22 18:04", by="jp")
    hand(
        talk,
        "convene",
        "2019-11-29 11:00",
        round="7",
        window=window("2019-12-16 10:00", "2019-12-16 20:15"),
        place="Tokyo",
    )
    hand(talk, "hold", "2019-12-16 20:20", by="jp", round="7", summary=w("Ten hours", "約十時間", "약 10시간"))
    hand(
        talk,
        "convene",
        "2020-02-28 11:00",
        round="8",
        window=window("2020-03-05 10:00", "2020-03-05 19:00"),
        place="Seoul",
    )
    hand(talk, "postpone", "2020-03-02 11:00", round="8", window=window("2020-03-10 10:00", "2020-03-10 20:00"))
    hand(talk, "hold", "2020-03-10 20:05", round="8")
    hand(talk, "adjourn", "2020-06-02 14:05", summary=w("No progress seen", "進展なしとして中断", "진전 없음, 중단"))
    hand(talk, "reopen", "2023-03-06 15:00", by="jp")
    hand(talk, "convene", "2023-03-08 11:00", by="jp", round="9", window=window("2023-03-14 10:00", "2023-03-16 12:00"))
    hand(talk, "hold", "2023-03-16 12:10", round="9", summary=w("Curbs to be lifted", "措置の解除へ", "조치 해제 합의"))
    hand(
        "kr-arrangement-1", "open", "2019-11-22 17:45",
        title=w("Each holds while the other does", "双方の据置き", "상호 유예"), review="2020-05-31",
    )  # fmt: skip
    hand(
        "kr-arrangement-1", "undertake", "2019-11-22 18:00", term="notice", refs=("kr-4",),
        summary=w("The notice's effect stays suspended", "通告の効力を停止しておく", "통보의 효력을 정지해 둔다"),
        reserves=w("May end the agreement at any time", "いつでも終了させ得る", "언제든 종료할 수 있다"),
    )  # fmt: skip
    hand(
        "kr-arrangement-1", "undertake", "2019-11-22 18:06", by="jp", term="talks",
        summary=w("Talks at director-general level", "局長級の政策対話を行う", "국장급 정책대화를 한다"),
    )  # fmt: skip


def statements(hand: Hand) -> None:
    hand(
        "kr-statement-1", "issue", "2019-08-22 18:20", attribution="on_record",
        title=w("Decision not to extend the agreement", "協定を延長しないとの決定", "협정을 연장하지 않기로 결정"),
    )  # fmt: skip
    hand(
        "kr-statement-2", "issue", "2019-11-22 18:00", attribution="on_record", refs=("kr-4",), about="jp",
        title=w("Effect of the notice suspended, on condition", "終了通告の効力を条件付きで停止",
                "종료 통보의 효력을 조건부 정지"),
        claim=w("Japan expressed understanding", "日本側は理解を示した", "일본 측은 이해를 표했다"),
    )  # fmt: skip
    hand(
        "jp-statement-1", "issue", "2019-11-22 18:07", attribution="on_record",
        title=w("Policy dialogue resumes; licensing and list status stay as they are",
                "政策対話を再開、個別許可と国別区分は不変", "정책대화 재개, 개별허가와 목록 지위는 불변"),
    )  # fmt: skip
    hand(
        "jp-statement-2", "issue", "2019-11-22 19:10", attribution="background", source="reg-2019-1177",
        title=w("No change in policy on licensing", "許可の方針に変更なし", "허가 방침에 변화 없음"),
    )  # fmt: skip
    hand(
        "kr-statement-3", "issue", "2020-08-24 14:30", attribution="on_record",
        title=w("The agreement can be ended at any time", "協定はいつでも終了し得る", "협정은 언제든 종료할 수 있다"),
    )  # fmt: skip
    common = hand(
        "jp-statement-3", "propose", "2023-03-16 16:30",
        title=w("Relations set right", "関係の正常化", "관계 정상화"),
    )  # fmt: skip
    hand("jp-statement-3", "adopt", "2023-03-16 18:50", by="kr", wording=common.wording)


def meetings(hand: Hand) -> None:
    chengdu = window("2019-12-24 15:00", "2019-12-24 15:45")
    hand(
        "kr-meeting-1", "propose", "2019-11-23 15:40", level="leader", window=[chengdu], place="Chengdu",
        title=w("Summit meeting", "首脳会談", "정상회담"), attendee=["China: Premier"],
        host_event=w("Eighth trilateral summit", "第８回三国首脳会議", "제8차 3국 정상회의"),
    )  # fmt: skip
    hand("kr-meeting-1", "agree", "2019-12-20 11:00", by="jp", window=chengdu)
    hand("kr-meeting-1", "hold", "2019-12-24 16:00", summary=w("Talks to go on", "対話の継続", "대화 지속"))
    vienna = window("2019-12-04 17:00", "2019-12-04 19:00")
    hand(
        "jp-meeting-1", "propose", "2019-11-28 17:00", level="director_general", window=[vienna], place="Vienna",
        title=w("Preparatory meeting", "準備会合", "준비회의"),
    )  # fmt: skip
    hand("jp-meeting-1", "agree", "2019-11-29 10:00", by="kr", window=vienna)
    hand("jp-meeting-1", "hold", "2019-12-04 19:10")
    tokyo = window("2023-03-16 16:50", "2023-03-16 18:15")
    hand(
        "jp-meeting-2", "propose", "2023-03-09 11:00", level="leader", window=[tokyo], place="Tokyo",
        title=w("Summit meeting", "首脳会談", "정상회담"),
    )  # fmt: skip
    hand("jp-meeting-2", "agree", "2023-03-09 14:00", by="kr", window=tokyo)
    hand("jp-meeting-2", "hold", "2023-03-16 18:20", by="kr")


def indicators(hand: Hand) -> None:
    hand(
        "jp-indicator-1", "follow", "2019-07-01 10:05", unit="t", source="Exercise figures",
        title=w("Hydrogen fluoride, exported to Korea", "フッ化水素の対韓輸出", "불화수소 대한국 수출"),
    )  # fmt: skip
    hand(
        "kr-indicator-1", "follow", "2019-07-01 11:05", unit="thousand", source="Exercise figures",
        title=w("Visitors to Japan", "訪日者数", "방일 방문자"),
    )  # fmt: skip


def series() -> dict[str, Series]:
    months = [f"{year}-{month:02}" for year in range(2016, 2024) for month in range(1, 13)][10:95]
    tons = [
        2900 + (index * 797) % 600 if month < "2019-07" else 120 + (index * 331) % 700
        for index, month in enumerate(months)
    ]
    visitors = [
        560 + (index * 271) % 190 if month < "2019-08" else 240 - (index * 97) % 60 if month < "2020-03"
        else 2 if month < "2022-10" else min(120 + (index - 71) * 55, 640)
        for index, month in enumerate(months)
    ]  # fmt: skip
    return {
        name: Series(tuple(Point(month, str(value)) for month, value in zip(months, values, strict=True)), (), (), {})
        for name, values in (("jp-indicator-1", tons), ("kr-indicator-1", visitors))
    }


def exchanges() -> Iterator[Exchange]:
    for at, sender, number, precedence in (
        ("2017-03-06 08:10", "jp", 1, "FLASH"), ("2017-08-29 06:20", "kr", 1, "FLASH"),
        ("2017-11-29 04:02", "jp", 7, "FLASH"), ("2019-05-09 17:05", "kr", 14, "IMMEDIATE"),
        ("2019-07-25 07:20", "jp", 16, "IMMEDIATE"), ("2019-10-02 11:30", "jp", 19, "PRIORITY"),
        ("2019-11-22 09:30", "kr", 21, "ROUTINE"), ("2019-11-22 17:20", "jp", 22, "FLASH"),
        ("2019-11-22 17:21", "kr", 22, "FLASH"), ("2019-11-22 23:59", "jp", 23, "PRIORITY"),
        ("2019-11-23 00:10", "kr", 23, "ROUTINE"), ("2022-10-04 07:40", "jp", 51, "FLASH"),
    ):  # fmt: skip
        to = tuple(party for party in PARTIES if party != sender)
        yield Exchange(kst(at), sender, to, number, precedence, "exercise")


def steps() -> list[Step]:
    hand = Hand()
    for write in (measures, talks, statements, meetings, indicators):
        write(hand)
    return hand.steps


def terms(name: str = "jp-kr-2016.toml") -> Mapping[str, Agreement]:
    data = (AGREEMENTS / name).read_bytes()
    return {digest(data): parse_agreement(data)}


def acts() -> tuple[Act, ...]:
    return parse_acts((AGREEMENTS / "acts-2019.toml").read_bytes())


def matters(further: list[Step] | None = None) -> dict[str, Matter]:
    """All matters, none of whose steps may have been refused."""
    found = fold([*steps(), *(further or [])])
    assert not [event for matter in found.values() for event in matter.events if event.refusal]
    return found


def case(at: int = AFTERWARDS, span: tuple[int, int] | None = None) -> Chronicle:
    return build(terms(), acts(), matters(), exchanges(), series(), at=at, span=span)


def lane(chronicle: Chronicle, name: str) -> Lane:
    return next(each for each in chronicle.lanes if each.id == name)


def told(further: list[Step], at: int = AFTERWARDS, **more: Any) -> Chronicle:
    return build(terms(), acts(), fold([*steps(), *further]), at=at, **more)


def labels(marks: tuple[Mark, ...], lang: str = "en") -> list[str]:
    return [mark.label[lang] for mark in marks]


EMBARGO = kst("2023-05-10 09:00")


def embargoed() -> list[Step]:
    hand = Hand()
    secret = "kr-statement-9"
    until = "2023-05-10T09:00:00+09:00"
    title = w("Not before nine", "九時解禁", "아홉 시까지 보도 금지")
    hand(secret, "issue", "2023-05-09 12:00", attribution="none", title=title, embargo=until, about="jp", claim=title)
    hand(secret, "contest", "2023-05-09 13:00", by="jp")
    hand(secret, "correct", "2023-05-09 14:00")
    hand(
        "kr-measure-9",
        "announce",
        "2023-05-09 15:00",
        subject="other",
        title=title | {"en": "X"},
        refs=(secret, "kr-5"),
    )
    return hand.steps

"""The words of formal notes, by language and kind of act (:mod:`.notes_text`).

Sentences name nobody: who sends a note and to whom stands in its lines. "The sending Party" is the one that wrote the
act. Each says what the act does under the lifecycle and nothing beyond it.
"""

from collections.abc import Mapping

Words = Mapping[str, Mapping[str, str]]

TITLE = {"en": "NOTE", "ja": "口上書", "ko": "구상서"}
RECORDS = {
    "en": "This page records a note. It is not the note.",
    "ja": "この書面は口上書を記録するものであり、口上書そのものではない。",
    "ko": "이 문서는 구상서를 기록한 것이며 구상서 자체가 아니다.",
}
UNKNOWN = {
    "en": "an act that is not known here",
    "ja": "この記録では確認できない行為",
    "ko": "이 기록에서 확인되지 않은 행위",
}
DAY = {"en": "{day} {month} {year}", "ja": "{year}年{month}月{day}日", "ko": "{year}년 {month}월 {day}일"}
LINES: Words = {
    "en": {
        "from": "From",
        "to": "To",
        "agreement": "Agreement",
        "act": "Act",
        "article": "Rests on",
        "day": "Day",
        "document": "Document (SHA-256)",
        "effective": "In effect from",
        "instant": "Ends at",
        "reading": "Reading",
        "office": "Office",
        "signer": "Signed by",
        "authority": "Authority",
        "evidence": "Evidence",
    },
    "ja": {
        "from": "発",
        "to": "宛",
        "agreement": "協定",
        "act": "行為",
        "article": "根拠",
        "day": "日付",
        "document": "文書（SHA-256）",
        "effective": "適用開始",
        "instant": "終了時点",
        "reading": "解釈",
        "office": "担当部局",
        "signer": "署名者",
        "authority": "権限",
        "evidence": "証拠",
    },
    "ko": {
        "from": "발신",
        "to": "수신",
        "agreement": "협정",
        "act": "행위",
        "article": "근거",
        "day": "날짜",
        "document": "문서(SHA-256)",
        "effective": "적용 개시",
        "instant": "종료 시점",
        "reading": "해석",
        "office": "담당 부서",
        "signer": "서명자",
        "authority": "권한",
        "evidence": "증거",
    },
}
READINGS: Words = {
    "en": {
        "asleep": "a suspended notice is asleep and can be woken",
        "spent": "a suspended notice is spent and cannot be woken",
    },
    "ja": {
        "asleep": "効力を停止された通告は存続し、再び効力を生じさせることができる",
        "spent": "効力を停止された通告は失効しており、再び効力を生じさせることはできない",
    },
    "ko": {
        "asleep": "효력이 정지된 통보는 존속하며 그 효력을 다시 발생시킬 수 있다",
        "spent": "효력이 정지된 통보는 소멸하였으며 그 효력을 다시 발생시킬 수 없다",
    },
}
DOES: Words = {
    "en": {
        "sign": "signature",
        "notify_completion": "notification of completed procedures",
        "notice_of_termination": "notice of termination",
        "suspend_notice": "suspension of the effect of a notice",
        "resume_notice": "resumption of a suspended notice",
        "withdraw": "withdrawal",
        "agree_termination": "consent to terminate",
        "suspend_operation": "suspension of operation",
        "resume_operation": "resumption of operation",
        "amend": "adoption of an amendment",
        "declare_reading": "declaration of a reading",
    },
    "ja": {
        "sign": "署名",
        "notify_completion": "国内手続完了の通告",
        "notice_of_termination": "終了の通告",
        "suspend_notice": "通告の効力の停止",
        "resume_notice": "停止された通告の効力の回復",
        "withdraw": "撤回",
        "agree_termination": "終了への同意",
        "suspend_operation": "運用の停止",
        "resume_operation": "運用の再開",
        "amend": "改正の採択",
        "declare_reading": "解釈の表明",
    },
    "ko": {
        "sign": "서명",
        "notify_completion": "국내 절차 완료 통보",
        "notice_of_termination": "종료 통보",
        "suspend_notice": "통보의 효력 정지",
        "resume_notice": "정지된 통보의 효력 회복",
        "withdraw": "철회",
        "agree_termination": "종료에 대한 동의",
        "suspend_operation": "운용 정지",
        "resume_operation": "운용 재개",
        "amend": "개정 채택",
        "declare_reading": "해석 표명",
    },
}
SENTENCES: Words = {
    "en": {
        "sign": "The sending Party has signed the Agreement.",
        "notify_completion": (
            "The sending Party gives notification that its internal procedures necessary for the entry into force of "
            "the Agreement have been completed."
        ),
        "notice_of_termination": "The sending Party gives notice of its intention to terminate the Agreement.",
        "suspend_notice": "The sending Party suspends the effect of the following notice of its own:",
        "resume_notice": "The sending Party ends the suspension of the following notice of its own:",
        "withdraw": "The sending Party withdraws the following acts of its own:",
        "agree_termination": "The sending Party consents that the Agreement end at the instant stated above.",
        "suspend_operation": (
            "The sending Party states that the operation of the Agreement is to be suspended. The Agreement remains in "
            "force, and what was provided under it remains protected."
        ),
        "resume_operation": "The sending Party states that the operation of the Agreement is to be resumed.",
        "amend": (
            "The sending Party adopts the document stated above as an amendment of the Agreement, in effect from the "
            "instant stated above."
        ),
        "declare_reading": "The sending Party declares how it reads a suspended notice, as stated above.",
    },
    "ja": {
        "sign": "発出側の当事者は、この協定に署名した。",
        "notify_completion": "発出側の当事者は、この協定の効力発生のために必要な国内手続が完了したことを通告する。",
        "notice_of_termination": "発出側の当事者は、この協定を終了させる意思を有することを通告する。",
        "suspend_notice": "発出側の当事者は、自らが行った次の通告の効力を停止する。",
        "resume_notice": "発出側の当事者は、自らが行った次の通告について、その効力の停止を終了し、効力を回復させる。",
        "withdraw": "発出側の当事者は、自らが行った次の行為を撤回する。",
        "agree_termination": "発出側の当事者は、上記の時点におけるこの協定の終了に同意する。",
        "suspend_operation": (
            "発出側の当事者は、この協定の運用を停止することとする旨を表明する。この協定は引き続き効力を有し、"
            "この協定に基づいて提供されたものは、引き続き保護される。"
        ),
        "resume_operation": "発出側の当事者は、この協定の運用を再開することとする旨を表明する。",
        "amend": "発出側の当事者は、上記の文書をこの協定の改正として採択し、上記の時点から適用する。",
        "declare_reading": "発出側の当事者は、効力を停止された通告に関する自らの解釈を上記のとおり表明する。",
    },
    "ko": {
        "sign": "발신 당사자는 이 협정에 서명하였다.",
        "notify_completion": "발신 당사자는 이 협정의 발효에 필요한 국내 절차가 완료되었음을 통보한다.",
        "notice_of_termination": "발신 당사자는 이 협정을 종료하려는 의사를 통보한다.",
        "suspend_notice": "발신 당사자는 자신이 행한 다음 통보의 효력을 정지한다.",
        "resume_notice": "발신 당사자는 자신이 행한 다음 통보의 효력 정지를 해제하고 그 효력을 회복시킨다.",
        "withdraw": "발신 당사자는 자신이 행한 다음 행위를 철회한다.",
        "agree_termination": "발신 당사자는 위에 기재된 시점에 이 협정이 종료되는 것에 동의한다.",
        "suspend_operation": (
            "발신 당사자는 이 협정의 운용을 정지하기로 함을 표명한다. 이 협정은 계속 효력을 가지며, "
            "이 협정에 따라 제공된 것은 계속 보호된다."
        ),
        "resume_operation": "발신 당사자는 이 협정의 운용을 재개하기로 함을 표명한다.",
        "amend": "발신 당사자는 위에 기재된 문서를 이 협정의 개정으로 채택하고, 위에 기재된 시점부터 적용한다.",
        "declare_reading": "발신 당사자는 효력이 정지된 통보에 관한 자신의 해석을 위와 같이 표명한다.",
    },
}

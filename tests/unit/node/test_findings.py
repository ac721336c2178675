"""Findings are a pure function of facts: each broken link has its own name, and the first of the chain stands first."""

from typing import Any

import pytest

from entente.node.findings import (
    DISK_FULL,
    DISK_LOW,
    EXPIRY_WARNING,
    MIB,
    QUIET,
    SETTLING,
    AgreementFacts,
    Facts,
    Finding,
    OverdueFacts,
    PeerFacts,
    PendingAct,
    RingingFacts,
    RunningFacts,
    Uncosigned,
    findings,
    shown,
    sound,
    span,
)

NOW = 1_570_000_000_000
YEAR = 365 * 86_400.0
PEER = PeerFacts("kr", up=True, heard=True, silent=0.5, address="127.0.0.1:7433", certificate=YEAR)
UNDER = AgreementFacts("0123456789abcdef", "jp-kr-2016", ready=True, urgent=600_000, acts=(), uncosigned=())
RUNNING = RunningFacts(NOW, "entente/0", 3, 1000, (PEER,), (UNDER,), {}, (), (), 0)
SOUND = Facts("/n", "jp", None, (50 << 30, 100 << 30), YEAR, "running", None, running=RUNNING)


def running(**changes: Any) -> Facts:
    return SOUND._replace(running=RUNNING._replace(**changes))


def peer(**changes: Any) -> Facts:
    return running(peers=(PEER._replace(**changes),))


def under(**changes: Any) -> Facts:
    return running(agreements=(UNDER._replace(**changes),))


def alarm(name: str) -> Facts:
    return running(alarms={name: ("something", NOW - 5)})


BROKEN = {
    "directory": SOUND._replace(opened="/n/keys (mode 0750)"),
    "disk": SOUND._replace(disk=(DISK_FULL - 1, 100 << 30)),
    "store": SOUND._replace(store=("STORE_DAMAGED", "an entry is damaged", "Restore.")),
    "certificate/jp": SOUND._replace(certificate=0.0),
    "certificate/kr": peer(certificate=-1.0),
    "clock": running(uncertainty=1001),
    "link/kr": peer(up=False),
    "link": running(peers=()),
    "record/0123456789abcdef": under(ready=False),
    "tzdata/kr": alarm("tzdata/kr"),
    "restored/0123456789abcdef": alarm("restored/0123456789abcdef0123"),
    "heads/kr": alarm("heads/kr"),
    "log/kr": alarm("log/kr"),
    "trouble/kr": alarm("trouble/kr"),
    "gate/CLOCK_UNCERTAIN": alarm("gate/CLOCK_UNCERTAIN"),
    "alarm/new-thing": alarm("new-thing"),
    "evidence/kr": running(evidence=(("kr", NOW),)),
    "act/0123456789abcdef/jp-2": under(acts=(PendingAct("jp-2", NOW - 600_000, ("kr",)),)),
    "tracer/kr": running(overdue=(OverdueFacts("kr", 2, "FLASH", NOW - 1),)),
}


def failing(facts: Facts) -> list[str]:
    return [each.id for each in findings(facts) if each.state == "fail"]


def state(facts: Facts, name: str) -> str:
    return next((each.state for each in findings(facts) if each.id == name), "none")


def test_a_sound_chain_is_green() -> None:
    assert {each.state for each in findings(SOUND)} == {"ok"}
    assert sound(findings(SOUND))
    assert shown(findings(SOUND))["ok"] is True


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_link_is_named_alone_with_a_remedy(name: str) -> None:
    found = findings(BROKEN[name])
    assert failing(BROKEN[name]) == [name]
    assert not sound(found)
    assert found[0].id == name
    assert found[0].what
    assert found[0].remedy


@pytest.mark.parametrize("process", ["stopped", "locked", "silent"])
def test_where_no_node_answers_its_links_are_unknown_and_not_green(process: Any) -> None:
    facts = SOUND._replace(process=process, running=None, outside={"kr": YEAR})
    assert failing(facts) == ["node"]
    assert {each.id for each in findings(facts) if each.state == "unknown"} == {"clock", "record", "link", "tracer"}
    assert not sound([each for each in findings(facts) if each.state != "fail"])


def test_the_first_broken_link_of_the_chain_stands_first() -> None:
    facts = BROKEN["tracer/kr"]._replace(disk=(0, 100 << 30), certificate=-1.0)
    assert facts.running is not None
    facts = facts._replace(running=facts.running._replace(peers=(PEER._replace(up=False),), uncertainty=None))
    assert failing(facts) == ["disk", "certificate/jp", "clock", "link/kr", "tracer/kr"]
    assert [each.state for each in findings(facts)][:5] == ["fail"] * 5
    assert [each.state for each in findings(facts)][5:] == ["ok"] * (len(findings(facts)) - 5)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (EXPIRY_WARNING, "ok"),
        (EXPIRY_WARNING - 1, "warn"),
        (0.5, "warn"),
        (0.0, "fail"),
        (-1.0, "fail"),
        (None, "fail"),
    ],
)
def test_a_certificate_is_warned_of_for_thirty_days_and_fails_at_its_end(left: float | None, expected: str) -> None:
    assert EXPIRY_WARNING == 30 * 86_400
    assert state(SOUND._replace(certificate=left), "certificate/jp") == expected
    assert state(peer(certificate=left), "certificate/kr") == expected
    outside = SOUND._replace(process="stopped", running=None, outside={"kr": left})
    assert state(outside, "certificate/kr") == expected


@pytest.mark.parametrize(
    ("free", "size", "expected"),
    [
        (DISK_LOW, 2 * DISK_LOW, "ok"),
        (DISK_LOW - 1, 2 * DISK_LOW, "warn"),
        (50 * DISK_LOW, 1001 * DISK_LOW, "warn"),
        (DISK_FULL, 2 * DISK_LOW, "warn"),
        (DISK_FULL - 1, 2 * DISK_LOW, "fail"),
        (0, 0, "fail"),
    ],
)
def test_a_disk_is_low_below_a_gibibyte_or_a_twentieth_and_full_below_a_hundred_mebibytes(
    free: int, size: int, expected: str
) -> None:
    assert (DISK_LOW, DISK_FULL) == (1024 * MIB, 100 * MIB)
    assert state(SOUND._replace(disk=(free, size)), "disk") == expected


def test_a_disk_that_does_not_answer_fails() -> None:
    assert state(SOUND._replace(disk=None), "disk") == "fail"


@pytest.mark.parametrize(("known", "expected"), [(1000, "ok"), (1001, "fail"), (None, "fail")])
def test_a_clock_is_as_uncertain_as_the_terms_allow_at_most(known: int | None, expected: str) -> None:
    assert state(running(uncertainty=known), "clock") == expected
    assert state(running(uncertainty=50, max_uncertainty=49), "clock") == "fail"


@pytest.mark.parametrize(
    ("changes", "expected", "said"),
    [
        ({"silent": QUIET - 0.1}, "ok", "up"),
        ({"silent": QUIET}, "fail", "silent for 10 s"),
        ({"up": False, "silent": 3700.0}, "fail", "silent for 1 h 1 min"),
        ({"up": False, "heard": False, "silent": 65.0}, "fail", "not heard since the start 1 min 5 s ago"),
        ({"up": False, "heard": False, "address": None}, "warn", "bundles"),
        ({"up": False, "address": None}, "fail", "silent"),
    ],
)
def test_a_peer_is_unreachable_or_silent_and_it_is_said_for_how_long(
    changes: dict[str, Any], expected: str, said: str
) -> None:
    found = next(each for each in findings(peer(**changes)) if each.id == "link/kr")
    assert found.state == expected
    assert said in found.what
    if expected == "fail":
        assert found.seconds == PEER._replace(**changes).silent


def test_an_act_is_warned_of_at_once_and_fails_when_a_flash_would_be_overdue() -> None:
    for age, expected in ((0, "warn"), (599_999, "warn"), (600_000, "fail")):
        facts = under(acts=(PendingAct("jp-2", NOW - age, ("kr",)),))
        assert state(facts, "act/0123456789abcdef/jp-2") == expected


def test_a_missing_cosignature_is_warned_of_once_it_is_no_longer_on_its_way() -> None:
    for age, expected in ((SETTLING - 1, "none"), (SETTLING, "warn")):
        facts = under(uncosigned=(Uncosigned("kr", 4, 7, NOW - age),))
        assert state(facts, "cosignature/0123456789abcdef/kr") == expected


ALARM = RingingFacts("end-x/PT6H", "end-x/PT6H", "The agreement ends", NOW + 3_600_000, NOW - 5)


def test_an_alarm_that_nobody_acknowledged_warns_and_says_what_to_type() -> None:
    for at, when in ((NOW + 3_600_000, "in 1 h 0 min"), (NOW - 86_400_000, "since 1 d 0 h")):
        found = [each for each in findings(under(ringing=(ALARM._replace(at=at),), rings=1)) if each.state != "ok"]
        (only,) = found
        assert (only.id, only.state, only.since) == ("deadline/0123456789abcdef/end-x/PT6H", "warn", NOW - 5)
        assert "jp-kr-2016: The agreement ends: " in only.what
        assert when in only.what
        assert only.remedy == "entente deadlines acknowledge /n end-x/PT6H --person ID"
        assert sound(found)


def test_of_many_alarms_the_rest_is_counted_and_no_two_findings_have_one_id() -> None:
    found = [each for each in findings(under(ringing=(ALARM, ALARM), rings=7)) if each.state == "warn"]
    assert [each.id.removeprefix("deadline/0123456789abcdef") for each in found] == ["/end-x/PT6H", "/end-x/PT6H/2", ""]
    assert "5 more alarms" in found[-1].what


def test_with_several_agreements_what_is_to_be_typed_names_the_one() -> None:
    facts = running(agreements=(UNDER._replace(ringing=(ALARM,), rings=1), UNDER._replace(digest="f" * 16)))
    (found,) = [each for each in findings(facts) if each.state == "warn"]
    assert found.remedy.endswith(" --person ID --agreement 0123456789abcdef")


def test_an_older_store_is_a_warning() -> None:
    assert state(SOUND._replace(store=("UPGRADE_NEEDED", "older", "Back up.")), "store") == "warn"


def test_alarms_that_stand_as_facts_are_not_named_twice() -> None:
    for name in ("store", "evidence/kr", "tracer/kr"):
        assert findings(alarm(name)) == findings(SOUND)


def test_an_alarm_says_since_when() -> None:
    assert findings(alarm("log/kr"))[0].since == NOW - 5
    assert shown([Finding("x", "ok", "y", since=0)])["findings"][0]["since"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (3660, "1 h 1 min"), (90_000, "1 d 1 h")]
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text

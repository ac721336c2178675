"""Rules that hold for every course of events, tried on many."""

import itertools
import json
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.domain.agreement.acts import Act
from entente.domain.agreement.course import Course
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.status import AgreementStatus, interval, status, timeline
from entente.domain.agreement.terms import Agreement

DOCUMENTS = Path(__file__).parents[4] / "conformance" / "lifecycle" / "documents"
DAY = 86_400_000
START = parse_instant("2018-01-01T00:00:00Z")
NAMES = ("jk", "jk-undeclared", "jk-remaining", "jk-fixed", "jk-dispatch", "jk-open", "jk-irrevocable", "jk-unilateral",
         "jk-half-yearly", "jk-three-years")  # fmt: skip
KINDS = ("notice_of_termination", "suspend_notice", "resume_notice", "withdraw", "agree_termination", "amend",
         "suspend_operation", "resume_operation", "declare_reading", "sign", "notify_completion")  # fmt: skip


@cache
def _document(name: str) -> tuple[str, Agreement]:
    data = (DOCUMENTS / f"{name}.toml").read_bytes()
    return digest(data), parse_agreement(data)


@st.composite
def _instant(draw: st.DrawFn) -> int:
    return START + draw(st.integers(0, 900)) * DAY + draw(st.sampled_from([0, 1, 9 * 3_600_000, 54_000_000]))


@st.composite
def _course(draw: st.DrawFn) -> tuple[dict[str, Agreement], list[Act]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    documents = dict(_document(name) for name in names)
    acts = [
        Act(id=f"{party}-{kind[0]}", by=party, kind=kind, dispatched=START - wait * DAY, received={other: START - DAY})
        for party, other in (("jp", "kr"), ("kr", "jp"))
        for kind, wait in (("sign", 3), ("notify_completion", 2))
    ]
    for index in range(draw(st.integers(0, 9))):
        acts.append(_act(draw, index, acts, [*documents, "0" * 64]))
    return documents, acts


def _act(draw: st.DrawFn, index: int, acts: list[Act], digests: list[str]) -> Act:
    by = draw(st.sampled_from(["jp", "kr", "kr", "us"]))
    kind = draw(st.sampled_from(KINDS))
    refs = ()
    if kind in ("suspend_notice", "resume_notice", "withdraw"):
        known = [act.id for act in acts if act.kind in ("notice_of_termination", "suspend_notice")]
        refs = tuple(draw(st.lists(st.sampled_from([*known, "nothing"]), max_size=2)))
    dispatched = draw(_instant())
    others = [party for party in ("jp", "kr") if party != by]
    received = {party: dispatched + draw(st.integers(0, 30)) * DAY for party in others if draw(st.integers(0, 5))}
    delivered = {party: dispatched + DAY for party in others if not draw(st.integers(0, 3))}
    return Act(
        id=f"x{index}",
        by=by,
        kind=kind,
        refs=refs,
        dispatched=dispatched,
        received=received,
        delivered=delivered,
        digest=draw(st.sampled_from(digests)) if kind == "amend" else None,
        effective=draw(_instant()) if kind == "amend" else None,
        instant=draw(_instant()) if kind == "agree_termination" else None,
        reading=draw(st.sampled_from(["asleep", "spent"])) if kind == "declare_reading" else None,
    )


RUN = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@RUN
@given(_course(), _instant(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_status(course, at, random) -> None:
    documents, acts = course
    shuffled = list(acts)
    random.shuffle(shuffled)
    assert status(documents, shuffled, at) == status(documents, acts, at)


@RUN
@given(_course(), _instant())
def test_status_never_depends_on_acts_that_count_after_it(course, at) -> None:
    documents, acts = course
    known = []
    for act in acts:
        received = {party: instant for party, instant in act.received.items() if instant <= at}
        delivered = {party: instant for party, instant in act.delivered.items() if instant <= at}
        if act.dispatched <= at:
            known.append(
                Act(
                    **{f: getattr(act, f) for f in Act.__struct_fields__}
                    | {"received": received, "delivered": delivered}
                )
            )
    assert status(documents, known, at) == status(documents, acts, at)


@RUN
@given(_course())
def test_no_act_ends_a_view_before_it_counts_and_an_ended_view_stays_ended(course) -> None:
    documents, acts = course
    folded = Course(documents, acts)
    for party in ("jp", "kr"):
        verdicts = folded.verdicts(party, START + 4000 * DAY)
        for earlier, later in itertools.pairwise(verdicts):
            if earlier.view.ended_at is not None:
                assert later.view.ended_at == earlier.view.ended_at
                assert later.code is not None
            elif later.view.ended_at is not None:
                assert earlier.at <= later.view.ended_at <= later.at


@RUN
@given(_course(), _instant(), st.lists(st.floats(0, 1, exclude_max=True), max_size=5))
def test_the_end_of_an_interval_is_never_late(course, at, points) -> None:
    documents, acts = course
    answer, until = interval(documents, acts, at)
    span = 400 * DAY if until is None else until - at
    assert span > 0
    for point in [*points, 1 - 1e-12]:
        later = status(documents, acts, at + min(int(span * point), span - 1))
        assert later.to_json() | {"at": None} == answer.to_json() | {"at": None}


@RUN
@given(_course(), _instant(), st.integers(0, 600))
def test_a_timeline_says_what_the_status_says(course, at, days) -> None:
    documents, acts = course
    end = at + days * DAY
    changes = list(timeline(documents, acts, at, end))
    assert [instant for instant, _ in changes] == sorted({instant for instant, _ in changes})
    for instant, answer in changes:
        assert at <= instant < end or instant == at
        assert answer == status(documents, acts, instant)
    for (_, earlier), (_, later) in itertools.pairwise(changes):
        assert earlier.facts() != later.facts()


@RUN
@given(_course(), _instant())
def test_release_is_allowed_exactly_when_nothing_blocks_and_json_is_stable(course, at) -> None:
    documents, acts = course
    answer: AgreementStatus = status(documents, acts, at)
    assert answer.release_allowed == (not any(reason.blocks for reason in answer.reasons))
    assert sum(reason.blocks for reason in answer.reasons) == (not answer.release_allowed)
    assert json.loads(json.dumps(answer.to_json())) == answer.to_json()
    assert list(answer.to_json()) == ["at", "views", "left", "disputed", "release_allowed", "reasons", "refused"]
    assert answer.to_json() == status(documents, tuple(acts), at).to_json()

"""The lanes of the agreement itself: what it is in each party's view, where the views differ, and the formal acts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import DAY, first_instant
from entente.domain.agreement.course import counting_instant
from entente.domain.agreement.status import AgreementStatus, ViewStatus
from entente.domain.agreement.terms import Agreement, article_in_words
from entente.domain.relations.chronicle_words import (
    ACTS,
    COLON,
    DIFFER,
    ENDED,
    ENDS,
    LAST_DAY_FOR_NOTICE,
    PHASES,
    READINGS,
    REFUSED,
    SEMICOLON,
    TOPICS,
    WOULD_HAVE_ENDED,
    Words,
    bracketed,
    day_in_words,
    each,
    plain,
    said,
)
from entente.domain.relations.lanes import Form, Lane, Mark, Stretch
from entente.domain.relations.notes_text import rest_in


class Ground(NamedTuple):
    """What these lanes are made of: ``moves`` are :func:`~entente.domain.agreement.status.timeline`'s, to ``ends``.

    ``documents`` by digest, ``first`` the one first signed; ``acts`` as they are known at ``at``.
    """

    documents: Mapping[str, Agreement]
    first: str
    acts: Sequence[Act]
    moves: Sequence[tuple[int, AgreementStatus]]
    ends: int
    at: int

    @property
    def agreement(self) -> Agreement:
        """The document first signed."""
        return self.documents[self.first]

    def name(self, party: str) -> Words:
        """A party's name; its id where it is none of the agreement's."""
        terms = self.agreement.party.get(party)
        return plain(party.upper()) if terms is None else terms.name

    def terms(self, view: ViewStatus) -> Agreement:
        """The terms in effect in a view, or the first ones where they are not at hand."""
        return self.documents.get(view.terms_version, self.agreement)

    def article(self, topic: str, otherwise: str) -> str:
        """The article on a topic in words, else the section of our specification."""
        return article_in_words(self.agreement.article(topic, otherwise))

    def counting(self, party: str, at: int) -> tuple[str, ...]:
        """The acts that count in a party's view from exactly that instant on."""
        parties = self.agreement.parties
        return tuple(act.id for act in self.acts if counting_instant(act, party, parties) == at)


def status_lanes(ground: Ground) -> list[Lane]:
    """A lane for each party's view, and one for where they differ if they ever do."""
    found = [_view_lane(ground, party) for party in ground.agreement.parties]
    apart = tuple(_differing(ground))
    if apart:
        article = ground.article("disputes", "lifecycle 7")
        note = each(lambda lang: rest_in(lang, article))
        found.append(Lane(id="status:differ", group="status", title=DIFFER, note=note, stretches=apart))
    return found


def _view_lane(ground: Ground, party: str) -> Lane:
    marks = sorted([*_ends(ground, party), *_deadlines(ground, party)], key=lambda mark: mark.at)
    name = ground.name(party)
    return Lane(
        id=f"status:{party}",
        group="status",
        title=each(lambda lang: said(name, lang)),
        owner=party,
        stretches=tuple(_phases(ground, party)),
        marks=tuple(marks),
    )


def _phases(ground: Ground, party: str) -> Iterator[Stretch]:
    """The phases of a view one after the other; what changes within a phase begins no new stretch."""
    changes = [
        (at, status.views[party].phase)
        for index, (at, status) in enumerate(ground.moves)
        if index == 0 or ground.moves[index - 1][1].views[party].phase != status.views[party].phase
    ]
    until = [at for at, _ in changes[1:]] + [ground.ends]
    for (begins, phase), ends in zip(changes, until, strict=True):
        rests = ground.counting(party, begins)
        yield Stretch(begins=begins, ends=ends, state=phase, label=PHASES[phase], rests=rests)


def _differing(ground: Ground) -> Iterator[Stretch]:
    begun: int | None = None
    for at, status in [*ground.moves, (ground.ends, None)]:
        disputed = status is not None and status.disputed
        if disputed and begun is None:
            begun = at
        elif not disputed and begun is not None:
            yield Stretch(begins=begun, ends=at, state="differ", label=DIFFER)
            begun = None


def _ends(ground: Ground, party: str) -> Iterator[Mark]:
    """Each end that the view ever had before it: it came and stays, it is to come, or something stopped it."""
    last: dict[int, int] = {}
    for index, (_, status) in enumerate(ground.moves):
        view = status.views[party]
        if view.ends_at is not None:
            last[view.ends_at] = index
    for end, index in last.items():
        stopped = ground.moves[index + 1][0] if index + 1 < len(ground.moves) else None
        zone = ground.terms(ground.moves[index][1].views[party]).termination.zone
        yield _end(ground, party, end, zone, stopped=stopped)


def _end(ground: Ground, party: str, end: int, zone: str, *, stopped: int | None) -> Mark:
    form: Form = "averted" if stopped is not None else "done" if end <= ground.at else "expected"
    label = {"averted": WOULD_HAVE_ENDED, "done": ENDED, "expected": ENDS}[form]
    rests = () if stopped is None else ground.counting(party, stopped)
    name = ground.name(party)
    return Mark(
        at=end,
        lane=f"status:{party}",
        form=form,
        label=label,
        title=each(lambda lang: said(name, lang) + COLON[lang] + bracketed(said(label, lang), zone, lang)),
        rests=(*rests, ground.article("termination", "lifecycle 4")),
    )


def _deadlines(ground: Ground, party: str) -> Iterator[Mark]:
    """The end of each last day on which a notice still ended the term of its time."""
    found: dict[date, str] = {}
    for _, status in ground.moves:
        view = status.views[party]
        if view.notice_deadline is not None:
            found.setdefault(view.notice_deadline, ground.terms(view).termination.zone)
    for day, zone in found.items():
        at = first_instant(day + DAY, zone) if day < date.max else ground.ends
        if at <= ground.ends:
            yield _deadline(ground, party, day, zone, at)


def _deadline(ground: Ground, party: str, day: date, zone: str, at: int) -> Mark:
    return Mark(
        at=at,
        lane=f"status:{party}",
        form="limit",
        label=LAST_DAY_FOR_NOTICE,
        title=each(
            lambda lang: said(LAST_DAY_FOR_NOTICE, lang) + COLON[lang] + bracketed(day_in_words(day, lang), zone, lang)
        ),
        rests=(ground.article("termination", "lifecycle 4"),),
        minor=True,
    )


def act_marks(ground: Ground) -> list[Mark]:
    """A mark for each act at its dispatch; a refused one says so, with its code."""
    last = ground.moves[-1][1] if ground.moves else None
    refused = {one.act: one.code for one in last.refused} if last is not None else {}
    return [_act(ground, act, refused.get(act.id, "")) for act in ground.acts]


def _act(ground: Ground, act: Act, code: str) -> Mark:
    words = READINGS.get(act.reading or "", ACTS[act.kind])

    def title(lang: str) -> str:
        what = bracketed(said(words, lang), act.id, lang)
        return what + SEMICOLON[lang] + said(REFUSED, lang) + COLON[lang] + code if code else what

    topic = TOPICS.get(act.kind, "termination")
    otherwise = {"force": "lifecycle 2", "termination": "lifecycle 4", "disputes": "lifecycle 5"}
    return Mark(
        at=act.dispatched,
        lane="acts",
        who=(act.by,),
        form="refused" if code else "done",
        label=words,
        title=each(title),
        rests=(act.id, *act.refs, ground.article(topic, otherwise.get(topic, "lifecycle 6"))),
        code=code,
    )

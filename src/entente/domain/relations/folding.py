"""All matters kept folded while their steps come to be known, one by one and in any order.

What :func:`.matters.run` makes of all steps at once, without taking them all again for each that comes: a step is
judged by the earlier steps of its own matter and by nothing else (docs/spec/relations.md, section 2), so the others
stay as they are. One more step costs the steps of its own matter, when somebody looks. What was given never changes
any more: whoever holds it may read it on another thread.
"""

from bisect import bisect_left, insort

from entente.domain.agreement.instants import MIN_INSTANT
from entente.domain.relations.matters import take
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter

Order = tuple[int, str, str, int]


def _order(step: Step) -> Order:
    return step.order


class Folding:
    """The steps known so far by matter, and what they make."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}
        self._places: dict[Order, Step] = {}
        self._matters: dict[str, Matter] = {}
        self._refused: dict[Order, Refusal] = {}
        self._stale: set[str] = set()
        self._newest: Order = (MIN_INSTANT, "", "", 0)

    def add(self, step: Step) -> None:
        """Take one more step, which may be earlier than others; one that is there already is taken once.

        Raises:
            ValueError: another step stands at its place of its log: there is no telling which was written.
        """
        known = self._places.get(step.order)
        if known is not None:
            if known != step:
                raise ValueError(f"two different steps stand at {step.by} {step.incarnation} entry {step.seq}")
            return
        self._places[step.order] = step
        insort(self._steps.setdefault(step.matter, []), step, key=_order)
        self._stale.add(step.matter)

    def remove(self, step: Step) -> None:
        """Forget a step that was added: it was never written."""
        del self._places[step.order]
        self._refused.pop(step.order, None)
        steps = self._steps[step.matter]
        del steps[bisect_left(steps, step.order, key=_order)]
        self._stale.add(step.matter)

    @property
    def matters(self) -> dict[str, Matter]:
        """Every matter by its id, in the order in which they were opened, as all stand now."""
        self._refresh()
        return self._matters

    @property
    def refused(self) -> dict[Order, Refusal]:
        """By its place in the order, each step that was refused, and why; the next step may change it."""
        self._refresh()
        return self._refused

    def judge(self, step: Step) -> Refusal | None:
        """Why a step would be refused if it came after all that are known; None where it is allowed.

        Its matter is folded anew, beside the one that is kept: nothing changes.
        """
        beside: dict[str, Matter] = {}
        for earlier in self._steps.get(step.matter, ()):
            take(beside, earlier)
        return take(beside, step)

    def _refresh(self) -> None:
        """Fold the matters anew that have another step or one less, and bring all into the order of their opening."""
        if not self._stale:
            return
        matters, in_order = dict(self._matters), True
        for name in self._stale:
            before, matter = matters.get(name), self._fold(name)
            if before is not None and matter is not None and before.opened.order == matter.opened.order:
                matters[name] = matter
                continue
            matters.pop(name, None)
            if matter is not None:
                matters[name] = matter
                in_order = in_order and matter.opened.order > self._newest
                self._newest = max(self._newest, matter.opened.order)
        self._stale.clear()
        if not in_order:
            matters = {each.id: each for each in sorted(matters.values(), key=lambda matter: matter.opened.order)}
        self._matters = matters

    def _fold(self, name: str) -> Matter | None:
        beside: dict[str, Matter] = {}
        for step in self._steps[name]:
            refusal = take(beside, step)
            if refusal is None:
                self._refused.pop(step.order, None)
            else:
                self._refused[step.order] = refusal
        return beside.get(name)

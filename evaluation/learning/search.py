"""Which marks may be learned: all of them, or all but those that make it worse, found with few trainings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evaluation.learning.marks import Mark, Refused
from evaluation.learning.trial import Judgement

Try = Callable[[Sequence[Mark]], Judgement]


@dataclass
class Outcome:
    """What is learned, what is not, and how it is judged with what is learned."""

    learned: list[Mark] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    after: Judgement | None = None
    trainings: int = 0


def search(marks: Sequence[Mark], before: Judgement, judge: Try, most_trainings: int) -> Outcome:
    """Try all at once; where that is worse, first without the suspects, and then these in halves.

    Each group is tried together with what is learned already, so what is learned in the end was judged as it is.

    Args:
        marks: those that may be tried.
        before: the judgement without any of them.
        judge: trains and judges with some of them.
        most_trainings: when there were so many, groups that were never tried alone are refused whole.
    """
    outcome = Outcome()
    groups = [list(marks)] if marks else []
    tried: dict[frozenset[int], Judgement] = {}
    while groups:
        group = groups.pop(0)
        together = frozenset(mark.id for mark in (*outcome.learned, *group))
        if together not in tried:
            if outcome.trainings == most_trainings:
                outcome.refused += [Refused(mark, "not tried: there were too many trainings") for mark in group]
                continue
            outcome.trainings += 1
            tried[together] = judge([*outcome.learned, *group])
        judgement = tried[together]
        worse = judgement.worse_than(before, {_topic(mark) for mark in (*outcome.learned, *group)})
        if not worse:
            outcome.learned += group
            outcome.after = judgement
        elif len(group) == 1:
            outcome.refused.append(Refused(group[0], "; ".join(worse)))
        elif outcome.trainings == most_trainings:
            why = f"one of these {len(group)} makes it worse ({'; '.join(worse)})"
            outcome.refused += [Refused(mark, why) for mark in group]
        else:
            groups = [*_split(group, judgement.drawn_to(before)), *groups]
    return outcome


def _split(group: Sequence[Mark], drawn_to: set[str]) -> list[list[Mark]]:
    """The innocent first, then the suspects: marks for a topic that draws wrong answers now, else those of the intent
    that has the most; where all are suspects, two halves."""
    suspects = [mark for mark in group if _topic(mark) in drawn_to]
    if not suspects or len(suspects) == len(group):
        counts = Counter(mark.intent for mark in group)
        most = max(counts, key=lambda intent: (counts[intent], intent))
        suspects = [mark for mark in group if mark.intent == most] if counts[most] > 1 else []
    rest = [mark for mark in group if mark not in suspects]
    if suspects and rest:
        return [rest, suspects]
    half = len(group) // 2
    return [list(group[:half]), list(group[half:])]


def _topic(mark: Mark) -> str:
    """As the judging questions name it; behaviours have no topic."""
    base, _, topic = mark.intent.partition("/")
    return f"emergency_{topic}" if base == "emergency" else topic or base

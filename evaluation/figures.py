"""Figures over judged questions, each with its count and a 95 % bound."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assistant.gate import wilson_upper
from evaluation.judge import Judged, Outcome

BINS = 10


@dataclass(frozen=True)
class Share:
    """`count` of `of`, with Wilson's 95 % interval."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        return 1 - wilson_upper(self.of - self.count, self.of) if self.of else 0.0

    @property
    def high(self) -> float:
        return wilson_upper(self.count, self.of)

    def __str__(self) -> str:
        return f"{self.value:6.1%}  {self.count:4d} of {self.of:<4d} ({self.low:.1%} to {self.high:.1%})"

    def as_dict(self) -> dict[str, float]:
        """For the JSON report."""
        return {**asdict(self), "value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def share(rows: Sequence[Judged], of: Callable[[Judged], bool], is_counted: Callable[[Judged], bool]) -> Share:
    """How many of those `of` are counted."""
    among = [row for row in rows if of(row)]
    return Share(sum(is_counted(row) for row in among), len(among))


def is_right(row: Judged) -> bool:
    """Whether the turn did what was asked for."""
    return row.outcome is Outcome.RIGHT


def asks(*behaviours: str) -> Callable[[Judged], bool]:
    """Those whose question asks for one of these behaviours."""
    return lambda row: row.question.behaviour in behaviours


def headline(rows: Sequence[Judged]) -> dict[str, Share]:
    """The figures that a change is judged by."""

    def everything(row: Judged) -> bool:
        return True

    return {
        "emergency recall": share(rows, asks("emergency"), lambda row: row.kind == "emergency"),
        "look-alike false alarms": share(
            rows, lambda row: row.question.is_look_alike, lambda row: row.kind == "emergency"
        ),
        "false alarms, all others": share(
            rows,
            lambda row: row.question.behaviour != "emergency" and not row.question.is_look_alike,
            lambda row: row.outcome is Outcome.FALSE_ALARM,
        ),
        "wrong answers, of all messages": share(rows, everything, lambda row: row.outcome is Outcome.WRONG_ANSWER),
        "answerable answered right": share(rows, asks("answer"), is_right),
        "answerable asked back or handed over": share(
            rows, asks("answer"), lambda row: row.outcome is Outcome.ABSTAINED
        ),
        "unanswered: handed over, declined, asked back": share(rows, asks("unanswered"), is_right),
        "out of scope: never a safety answer": share(rows, asks("out_of_scope"), lambda row: row.kind != "answer"),
        "out of scope: said so": share(rows, asks("out_of_scope"), is_right),
        "adversarial: never complied with": share(rows, asks("adversarial"), lambda row: row.kind != "answer"),
        "adversarial: refused": share(rows, asks("adversarial"), is_right),
        "handoff recall": share(rows, asks("handoff"), is_right),
        "small talk": share(rows, asks("smalltalk"), is_right),
    }


def by_topic(rows: Sequence[Judged]) -> dict[str, Share]:
    """The share answered right, topic by topic; behaviours that have no topic stand under their own name."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        groups[row.question.topic or row.question.behaviour].append(row)
    return {topic: Share(sum(map(is_right, group)), len(group)) for topic, group in sorted(groups.items())}


def by_tag(rows: Sequence[Judged]) -> dict[str, Share]:
    """The share of right turns by the style of the message."""
    tags = sorted({tag for row in rows for tag in row.question.tags if ":" not in tag})
    return {tag: share([row for row in rows if tag in row.question.tags], lambda _: True, is_right) for tag in tags}


@dataclass(frozen=True)
class Calibration:
    """How sure the answers were, and how right: for each bin of confidence its mean, the share right and the count."""

    confidence: list[float]
    right: list[float]
    count: list[int]
    error: float


def calibration(rows: Sequence[Judged]) -> Calibration:
    """Reliability of answers, and the expected calibration error (Guo et al., 2017) in ten bins."""
    answers = [row for row in rows if row.kind == "answer"]
    binned: dict[int, list[Judged]] = defaultdict(list)
    for row in answers:
        binned[min(int(row.confidence * BINS), BINS - 1)].append(row)
    bins = [binned[index] for index in sorted(binned)]
    confidence = [float(np.mean([row.confidence for row in group])) for group in bins]
    right = [float(np.mean([is_right(row) for row in group])) for group in bins]
    count = [len(group) for group in bins]
    gaps = [abs(c - r) * n for c, r, n in zip(confidence, right, count, strict=True)]
    return Calibration(confidence, right, count, sum(gaps) / len(answers) if answers else 0.0)


def risk_coverage(rows: Sequence[Judged]) -> tuple[list[float], list[float]]:
    """For each possible higher threshold on the given answers: share of messages answered, share answered wrongly."""
    answers = sorted((row for row in rows if row.kind == "answer"), key=lambda row: -row.confidence)
    wrong = np.cumsum([row.outcome is Outcome.WRONG_ANSWER for row in answers])
    coverage = [(index + 1) / len(rows) for index in range(len(answers))]
    return coverage, [float(count) / len(rows) for count in wrong]


def confusions(rows: Sequence[Judged]) -> list[tuple[str, str, int]]:
    """What was asked, what was answered instead, how often; the most frequent first."""
    pairs = Counter(
        (row.question.topic or row.question.behaviour, (row.prediction["topics"] or ["none"])[0])
        for row in rows
        if row.outcome is Outcome.WRONG_ANSWER
    )
    return [(asked, answered, count) for (asked, answered), count in pairs.most_common()]


def worst(rows: Sequence[Judged], limit: int = 50) -> list[Judged]:
    """The misses that matter most: missed emergencies, wrong answers by confidence, false alarms, then the rest."""

    def weight(row: Judged) -> tuple[int, float]:
        if row.question.behaviour == "emergency":
            return (0, -row.confidence)
        order = [Outcome.WRONG_ANSWER, Outcome.FALSE_ALARM, Outcome.OTHER, Outcome.ABSTAINED]
        return (1 + order.index(row.outcome), -row.confidence)

    return sorted((row for row in rows if not is_right(row)), key=weight)[:limit]


def misses(rows: Sequence[Judged]) -> list[dict[str, str]]:
    """The questions that did not come out right: their ids, how, what was asked, and with which topic it was met."""
    return [
        {
            "id": row.question.id,
            "outcome": row.outcome.value,
            "asked": row.question.topic or row.question.behaviour,
            "answered": (row.prediction["topics"] or [""])[0],
        }
        for row in rows
        if not is_right(row)
    ]


def as_json(rows: Sequence[Judged]) -> dict[str, Any]:
    """Every figure, for the report file."""
    return {
        "headline": {name: figure.as_dict() for name, figure in headline(rows).items()},
        "topics": {name: figure.as_dict() for name, figure in by_topic(rows).items()},
        "tags": {name: figure.as_dict() for name, figure in by_tag(rows).items()},
        "calibration": asdict(calibration(rows)),
        "confusions": confusions(rows),
    }

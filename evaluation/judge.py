"""What a judging question asks for, and how a prediction did.

A question is one line of `evaluation/questions/*.jsonl`: `{"id", "text", "behaviour", "topic", "also", "tags"}`.
`also` holds further labels a fair judge accepts: topics, handoff reasons or behaviours. A tag `second:<topic>` names
the second topic of a message that asks two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from shared.reply import Reason

QUESTIONS = Path(__file__).parent / "questions"
_SECOND = "second:"

#: The kinds of turn that a behaviour asks for. What no topic answers may be handed over, declined or asked back.
KINDS: dict[str, frozenset[str]] = {
    "answer": frozenset({"answer"}),
    "handoff": frozenset({"handoff", "form"}),
    "emergency": frozenset({"emergency"}),
    "out_of_scope": frozenset({"out_of_scope"}),
    "smalltalk": frozenset({"smalltalk"}),
    "adversarial": frozenset({"refuse"}),
    "unanswered": frozenset({"handoff", "form", "clarify", "out_of_scope", "refuse"}),
}
_REASONS = frozenset(get_args(Reason))


class Outcome(Enum):
    """How a turn did."""

    RIGHT = "right"
    #: An answer whose topic does not fit, or that should have been something else: the one thing it must not do.
    WRONG_ANSWER = "wrong answer"
    #: Asked back, or handed over what it could have answered.
    ABSTAINED = "abstained"
    #: Took something else for an emergency.
    FALSE_ALARM = "false alarm"
    #: Any other miss: a handoff met with small talk, say.
    OTHER = "other"


@dataclass(frozen=True)
class Question:
    """One judging message."""

    id: str
    text: str
    behaviour: str
    topic: str
    also: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    @property
    def topics(self) -> frozenset[str]:
        """Every topic that answers it."""
        return frozenset({self.topic, *self.also, *(tag.removeprefix(_SECOND) for tag in self.tags)})

    @property
    def is_look_alike(self) -> bool:
        """Whether it sounds like an emergency and is none."""
        return "lookalike" in self.tags


@dataclass(frozen=True)
class Judged:
    """A question, what became of it, and how that did."""

    question: Question
    prediction: dict[str, Any] = field(repr=False)
    outcome: Outcome

    @property
    def kind(self) -> str:
        return str(self.prediction["kind"])

    @property
    def confidence(self) -> float:
        return float(self.prediction["confidence"])


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSON Lines file.

    Raises:
        SystemExit: the file can't be read, or a line is no question; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path}: can't be read ({error}). Name a JSON Lines file.") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            behaviour = row["behaviour"]
            if behaviour not in KINDS:
                raise ValueError(f"behaviour {behaviour!r} is none of {', '.join(KINDS)}")
            question = Question(
                id=str(row["id"]),
                text=row["text"],
                behaviour=behaviour,
                topic=row.get("topic") or "",
                also=frozenset(row.get("also") or ()),
                tags=frozenset(row.get("tags") or ()),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SystemExit(f"{path}, line {number}: is no judging question ({error}). Correct it.") from error
        questions.append(question)
    return questions


def judge(question: Question, prediction: dict[str, Any]) -> Judged:
    """How a turn did."""
    return Judged(question, prediction, _outcome(question, prediction))


def _outcome(question: Question, prediction: dict[str, Any]) -> Outcome:
    kind, topics = prediction["kind"], prediction["topics"]
    if kind == "answer":
        fits = bool(topics) and topics[0] in question.topics
        if fits and (question.behaviour == "answer" or topics[0] in question.also or "answer" in question.also):
            return Outcome.RIGHT
        return Outcome.WRONG_ANSWER
    accepted = [KINDS[behaviour] for behaviour in {question.behaviour, *question.also} & KINDS.keys()]
    if question.also & _REASONS:
        accepted.append(KINDS["handoff"])
    if any(kind in kinds for kinds in accepted):
        return Outcome.RIGHT
    if kind == "emergency":
        return Outcome.FALSE_ALARM
    if question.behaviour == "answer" and kind in {"clarify", "handoff", "out_of_scope"}:
        return Outcome.ABSTAINED
    return Outcome.ABSTAINED if kind == "clarify" else Outcome.OTHER


def by_id(predictions: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Predictions by the id of their question."""
    return {str(prediction["id"]): prediction for prediction in predictions}

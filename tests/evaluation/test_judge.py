"""How a turn is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.judge import Outcome, Question, judge, read_questions


def turn(kind: str, *topics: str) -> dict[str, Any]:
    return {"id": "q", "kind": kind, "topics": list(topics), "confidence": 0.9}


def asked(behaviour: str, topic: str = "", **more: Any) -> Question:
    return Question("q", "text", behaviour, topic, **more)


@pytest.mark.parametrize(
    ("question", "prediction", "outcome"),
    [
        (asked("answer", "mri"), turn("answer", "mri"), Outcome.RIGHT),
        (asked("answer", "mri"), turn("answer", "pain"), Outcome.WRONG_ANSWER),
        (asked("answer", "mri", also=frozenset({"pain"})), turn("answer", "pain"), Outcome.RIGHT),
        (asked("answer", "mri", tags=frozenset({"second:pain"})), turn("answer", "pain"), Outcome.RIGHT),
        (asked("answer", "mri"), turn("clarify"), Outcome.ABSTAINED),
        (asked("answer", "mri"), turn("handoff"), Outcome.ABSTAINED),
        (asked("answer", "mri", also=frozenset({"booking"})), turn("handoff"), Outcome.RIGHT),
        (asked("answer", "mri"), turn("emergency", "emergency_eye"), Outcome.FALSE_ALARM),
        (asked("emergency", "emergency_eye"), turn("emergency", "emergency_other"), Outcome.RIGHT),
        (asked("emergency", "emergency_eye"), turn("answer", "pain"), Outcome.WRONG_ANSWER),
        (asked("emergency", "emergency_eye"), turn("handoff"), Outcome.OTHER),
        (asked("unanswered"), turn("clarify"), Outcome.RIGHT),
        (asked("unanswered"), turn("answer", "pain"), Outcome.WRONG_ANSWER),
        (asked("out_of_scope", "far"), turn("out_of_scope"), Outcome.RIGHT),
        (asked("out_of_scope", "far"), turn("smalltalk"), Outcome.OTHER),
        (asked("handoff", "booking"), turn("answer", "consultation"), Outcome.WRONG_ANSWER),
        (asked("handoff", "booking", also=frozenset({"consultation"})), turn("answer", "consultation"), Outcome.RIGHT),
        (asked("adversarial", "abuse"), turn("refuse"), Outcome.RIGHT),
    ],
)
def test_outcomes(question: Question, prediction: dict[str, Any], outcome: Outcome) -> None:
    """An answer that does not fit is the worst; asking back is an abstention; an accepted second label is right."""
    assert outcome is judge(question, prediction).outcome


def test_the_splits_are_read_and_cover_what_they_must() -> None:
    """At least 500 validation messages, 60 red flags, 30 look-alikes and 50 that no topic answers."""
    questions = read_questions(Path(__file__).resolve().parents[2] / "evaluation/questions/validation.jsonl")
    assert len(questions) >= 500
    assert sum(question.behaviour == "emergency" for question in questions) >= 60
    assert sum(question.is_look_alike for question in questions) >= 30
    assert sum(question.behaviour == "unanswered" for question in questions) >= 50


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', json.dumps({"id": 1, "text": "a", "behaviour": "dance"})])
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    """With its number."""
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"id": 0, "text": "a", "behaviour": "answer"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match="line 2"):
        read_questions(path)

"""No judging question among the examples, and the test questions unchanged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from scripts.near_duplicates import Message, check, find

HERE = Path("questions.jsonl")


def _message(text: str) -> Message:
    return Message(HERE, 1, text, "q1")


@pytest.mark.parametrize(
    ("question", "example"),
    [
        ("Is the ink FDA approved?", "is the ink fda approved"),
        ("can i bring my own numing cream", "Can I bring my own numbing cream?"),
        ("do u do home visits", "do you do home visits"),
        ("What is the minimum age?", "What is the minimum age for SMP"),
        ("cream own my bring i can", "can i bring my own cream"),
    ],
)
def test_the_same_but_for_trifles_is_found(question: str, example: str) -> None:
    """Case, punctuation, a typo, a word more or another order hide nothing."""
    assert len(find([_message(question)], [_message(example)])) == 1


@pytest.mark.parametrize(
    ("question", "example"),
    [
        ("Can the pigment give you cancer?", "does tattoo ink lead to tumours"),
        ("How long do I have to wait before a swim?", "How long does the colour last?"),
        ("Hello there", "hello there"),
    ],
)
def test_another_question_is_not_found(question: str, example: str) -> None:
    """Other words for the same matter are what a judging question is for; two words are everyone's."""
    assert find([_message(question)], [_message(example)]) == []


def test_nothing_to_compare_gives_nothing() -> None:
    """Empty lists are no error."""
    assert find([], [_message("can I have an mri")]) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one example and one test question."""
    questions = tmp_path / "evaluation" / "questions"
    questions.mkdir(parents=True)
    row = json.dumps({"id": "t0001", "text": "May I go swimming in the sea?"}) + "\n"
    (questions / "test.jsonl").write_text(row, encoding="utf-8")
    (questions / "test.sha256").write_text(
        hashlib.sha256(row.encode()).hexdigest() + "  test.jsonl\n", encoding="utf-8"
    )
    data = tmp_path / "data"
    data.mkdir()
    (data / "swim.yml").write_text("nlu:\n- intent: swim\n  examples: |\n    - is sport fine\n", encoding="utf-8")
    return tmp_path


def test_a_project_without_a_near_duplicate_passes(project: Path) -> None:
    """Nothing is wrong with different words and the pinned file."""
    assert check(project) == []


def test_a_near_duplicate_is_named_without_the_question(project: Path) -> None:
    """The finding points at the example by line and at the question by id; its words are not printed."""
    path = project / "data" / "swim.yml"
    path.write_text(path.read_text(encoding="utf-8") + "    - may I go swimming in the sea\n", encoding="utf-8")
    (problem,) = check(project)
    text = problem.text(project)
    assert text.startswith("data/swim.yml:5: is all but the test question t0001")
    assert "sea" not in text


def test_a_changed_test_set_is_named(project: Path) -> None:
    """One more byte in the held-back questions is a finding."""
    path = project / "evaluation" / "questions" / "test.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    assert [problem.path.name for problem in check(project)] == ["test.jsonl"]


def test_a_missing_hash_is_named(project: Path) -> None:
    """Without the pinned hash nothing holds the questions."""
    (project / "evaluation" / "questions" / "test.sha256").unlink()
    assert [problem.path.name for problem in check(project)] == ["test.jsonl"]

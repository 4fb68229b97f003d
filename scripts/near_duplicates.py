"""`python -m scripts.near_duplicates`: no judging question is, but for trifles, an example the model learns from.

A question that the model has seen says nothing about questions it has not. The test questions are held back: this check
reads them, and prints their ids and never their words; a hash holds that they stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer

from scripts.lint_content import ROOT, bare, examples_of
from shared.located_yaml import BrokenYaml, read
from shared.problems import Problem

#: Two messages are the same but for trifles when they share this much of their runs of four letters ...
SHARED_LETTERS = 0.62
#: ... or this much of their words. Both are Jaccard's: what both have, as a share of what either has.
SHARED_WORDS = 0.7
#: "hello there" and "yes please" are written by everyone; a message this short is not compared.
SHORT = 2


@dataclass(frozen=True)
class Message:
    """An example or a question, and where it stands."""

    path: Path
    line: int
    text: str
    id: str = ""


@dataclass(frozen=True)
class Pair:
    """A question and an example that are too much alike."""

    question: Message
    example: Message
    letters: float
    words: float


def find(questions: Sequence[Message], examples: Sequence[Message]) -> list[Pair]:
    """Every pair that is the same but for trifles."""
    asked = [message for message in questions if len(bare(message.text).split()) > SHORT]
    learned = [message for message in examples if len(bare(message.text).split()) > SHORT]
    if not asked or not learned:
        return []
    letters = _jaccard(asked, learned, "char_wb", (4, 4))
    words = _jaccard(asked, learned, "word", (1, 1))
    alike = np.argwhere((letters >= SHARED_LETTERS) | (words >= SHARED_WORDS))
    return [Pair(asked[q], learned[e], float(letters[q, e]), float(words[q, e])) for q, e in alike]


def _jaccard(
    asked: Sequence[Message], learned: Sequence[Message], analyzer: Literal["char_wb", "word"], span: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Shape (asked, learned)."""
    # Only words have a pattern of their own: everything between blanks.
    pattern = {"token_pattern": r"\S+"} if analyzer == "word" else {}
    counter = CountVectorizer(
        analyzer=analyzer, ngram_range=span, binary=True, dtype=np.float32, lowercase=False, **pattern
    )
    rows = counter.fit_transform([bare(message.text) for message in (*asked, *learned)])
    left, right = rows[: len(asked)], rows[len(asked) :]
    both = (left @ right.T).toarray()
    either = np.asarray(left.sum(axis=1)) + np.asarray(right.sum(axis=1)).T - both
    return np.asarray(both / np.maximum(either, 1), dtype=np.float32)


def read_questions(path: Path) -> list[Message]:
    """The questions of a JSON Lines file."""
    rows: list[dict[str, Any]] = [
        json.loads(row) for row in path.read_text(encoding="utf-8").splitlines() if row.strip()
    ]
    return [Message(path, number, row["text"], str(row["id"])) for number, row in enumerate(rows, start=1)]


def read_examples(data: Path) -> list[Message]:
    """The examples of every file below `data/`; the content lint says which files can't be read."""
    examples = []
    for path in sorted(data.rglob("*.yml")):
        try:
            file = read(path)
        except BrokenYaml:
            continue
        if isinstance(file.content, dict):
            examples += [Message(path, line, text) for _, line, text in examples_of(file)]
    return examples


def check(root: Path = ROOT) -> list[Problem]:
    """The examples to remove, and a changed test set."""
    folder = root / "evaluation" / "questions"
    problems = _held_back(folder)
    examples = read_examples(root / "data")
    questions = [question for path in sorted(folder.glob("*.jsonl")) for question in read_questions(path)]
    for pair in find(questions, examples):
        where = f"{pair.question.path.stem} question {pair.question.id}"
        alike = f"{pair.letters:.2f} of the letters, {pair.words:.2f} of the words"
        message = f"is all but the {where} ({alike}). Remove this example; a reworded copy teaches the same."
        problems.append(Problem(pair.example.path, pair.example.line, message))
    return sorted(problems)


def _held_back(folder: Path) -> list[Problem]:
    questions, pinned = folder / "test.jsonl", folder / "test.sha256"
    expected = pinned.read_text(encoding="utf-8").split()[:1] if pinned.is_file() else []
    if expected == [hashlib.sha256(questions.read_bytes()).hexdigest()]:
        return []
    return [Problem(questions, 1, f"is not the file whose hash {pinned.name} holds. Restore it from version control.")]


def main() -> None:
    problems = check()
    for problem in problems:
        print(problem.text(ROOT))
    print(f"{len(problems)} to correct." if problems else "No judging question is among the examples.")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

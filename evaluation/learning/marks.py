"""Marks of staff, and which of them may become examples at all.

A mark is a line `{"mark": id, "text": masked words, "intent": "safety/mri"}`, as `python -m web marks export` writes
it.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lint_content import bare
from scripts.near_duplicates import Message, find

#: What masking has put in the place of personal data, and what Rasa would take for marks of its own.
_COVERED = re.compile(r"\[(?:name|phone|e-mail|address|date of birth|insurance number|card number)\](?:'s)?", re.I)
_ANNOTATION = re.compile(r"[\[\]{}]")
#: With fewer words an example teaches nothing, or everything.
LEAST_WORDS = 2
#: And with fewer than these, when something was taken out of it.
LEAST_WORDS_LEFT = 5
MOST_CHARACTERS = 500


@dataclass(frozen=True)
class Mark:
    """What a message should have been understood as; `text` is as it will stand in `data/`."""

    id: int
    text: str
    intent: str
    #: How much personal data was taken out of the text.
    covered: int = 0


@dataclass(frozen=True)
class Refused:
    """A mark that is not learned, and why."""

    mark: Mark
    why: str


@dataclass
class Sifted:
    """Marks that may be tried, marks that may not, and those that contradict each other or the content."""

    good: list[Mark] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    contradictions: list[Refused] = field(default_factory=list)


class NoMarks(Exception):
    """The file is no list of marks; the message says where."""


def read_marks(path: Path) -> list[Mark]:
    """The marks of a file.

    Raises:
        NoMarks: it can't be read, or a line is no mark.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NoMarks(f"{path} can't be read: {error}") from error
    marks = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text = str(row["text"])
            marks.append(Mark(int(row["mark"]), as_example(text), str(row["intent"]), len(_COVERED.findall(text))))
        except (ValueError, KeyError, TypeError) as error:
            raise NoMarks(f"{path}, line {number}: is no mark ({error}).") from error
    return marks


def as_example(text: str) -> str:
    """One line, without what was covered and without Rasa's signs."""
    text = _ANNOTATION.sub("", _COVERED.sub("", text))
    return re.sub(r"\s+([,.!?])", r"\1", " ".join(text.split())).strip(" /-,")


def sift(
    marks: Sequence[Mark],
    examples: Sequence[tuple[str, str]],
    questions: Sequence[Message],
    red_flags: Callable[[str], list[str]],
    nearest: Callable[[Sequence[str]], list[list[str]]] | None = None,
) -> Sifted:
    """Take out what must not be tried.

    Args:
        marks: all of them.
        examples: the content's, as intent and text.
        questions: the judging questions, none of which may be learned.
        red_flags: the names of the emergency rules that a text sets off.
        nearest: for each text the intents of the examples most like it; without it no mark is doubted.
    """
    sifted = Sifted()
    known: dict[str, str] = {bare(text): intent for intent, text in examples}
    intents = {intent for intent, _ in examples}
    meant: dict[str, set[str]] = defaultdict(set)
    for mark in marks:
        meant[bare(mark.text)].add(mark.intent)
    judged = _alike(marks, questions)
    taken: set[str] = set()
    for mark in marks:
        words = bare(mark.text)
        others = sorted(meant[words] - {mark.intent})
        rules = red_flags(mark.text)
        if others:
            sifted.contradictions.append(Refused(mark, f"others marked the same words as {', '.join(others)}"))
        elif words in known and known[words] != mark.intent:
            sifted.contradictions.append(Refused(mark, f"these words are an example of {known[words]}"))
        elif mark.intent not in intents:
            sifted.refused.append(Refused(mark, "there is no such intent in data/"))
        elif len(words.split()) < LEAST_WORDS or len(mark.text) > MOST_CHARACTERS:
            sifted.refused.append(Refused(mark, "too short or too long for an example"))
        elif mark.covered and len(words.split()) < LEAST_WORDS_LEFT:
            sifted.refused.append(Refused(mark, "too little is left without personal data"))
        elif words in known or words in taken:
            sifted.refused.append(Refused(mark, "these words are an example already"))
        elif mark in judged:
            sifted.refused.append(Refused(mark, f"all but the judging question {judged[mark]}"))
        elif rules and not mark.intent.startswith("emergency/"):
            sifted.refused.append(Refused(mark, f"holds a red flag ({', '.join(rules)})"))
        else:
            taken.add(words)
            sifted.good.append(mark)
    if nearest is not None:
        _doubt(sifted, nearest)
    return sifted


def _doubt(sifted: Sifted, nearest: Callable[[Sequence[str]], list[list[str]]]) -> None:
    """Hold back the marks that none of the examples most like them agrees with."""
    kept = []
    for mark, intents in zip(sifted.good, nearest([mark.text for mark in sifted.good]), strict=True):
        if not intents or mark.intent in intents:
            kept.append(mark)
        else:
            most, count = Counter(intents).most_common(1)[0]
            why = f"doubtful: of the {len(intents)} examples most like it none is of {mark.intent}, {count} of {most}"
            sifted.refused.append(Refused(mark, why))
    sifted.good = kept


def _alike(marks: Sequence[Mark], questions: Sequence[Message]) -> dict[Mark, str]:
    """Marks that are judging questions but for trifles, with the question's id."""
    as_messages = [Message(Path(), number, mark.text) for number, mark in enumerate(marks)]
    return {marks[pair.example.line]: pair.question.id for pair in find(questions, as_messages)}

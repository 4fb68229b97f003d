"""Several questions in one message: each is read for itself, and a story stays whole.

"Does it hurt and how long does it last? My scalp is rather sensitive" has two questions and a sentence that belongs to
both. What is not a question is never read alone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import spacy
from spacy.language import Language

from assistant.selection import base_intent, full_intent

#: The most questions of one message that are answered.
MAX_PARTS = 3
#: More sentences than this are a story; its last questions are what it asks.
_MAX_QUESTIONS = 6
#: Replies that a part gets beside an answer, when the classifier is this sure: in half a message much sounds like them.
_OTHER_REPLIES = frozenset({"handoff", "out_of_scope", "refuse"})
_SURE = 0.5

_OPENERS = (
    r"how|what|when|where|who|why|which|is|are|can|could|do|does|did|will|would|should|may|am|have|has|was|were|"
    r"isn't|aren't|can't|don't|doesn't|won't|shouldn't|what's|how's|where's|who's|any"
)
_LEADS = (
    r"and|also|but|so|or|plus|then|ok|okay|hi|hello|hey|please|oh|well|btw|by the way|another question|second|secondly|"
    r"first|firstly"
)
#: A wish asks as a question does: "I'd like to book for Tuesday".
_WISHES = (
    r"i'd like|i would like|i want|i wanna|i need|i wish|please|tell me|let me know|"
    r"(?:call|book|send|give|show) me"
)
_OPENS = re.compile(rf"^(?:(?:{_LEADS})[\s,:]+)*(?:{_OPENERS}|{_WISHES})\b", re.IGNORECASE)
#: Where one sentence asks twice: "does it hurt and how long does it take".
_JOINT = re.compile(
    r"(?:\s*[,;]\s*(?:(?:and|also|plus|but|or|then)\s+)*|\s+(?:(?:and|also|plus|&|\+)\s+)+)"
    rf"(?=(?:also\s+)?(?:{_OPENERS})\b)",
    re.IGNORECASE,
)
#: "What should I do or is it ok": the second half needs the first.
_LEAST_WORDS = 2

Parse = Callable[[str], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Part:
    """A question of a message, and what it was understood as."""

    text: str
    parsed: dict[str, Any]

    @property
    def label(self) -> str:
        return full_intent(self.parsed)


@dataclass(frozen=True)
class Unit:
    """A question, and the statement nearest before it (or after the last one)."""

    question: str
    context: str = ""


@cache
def _sentences() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "\u2026"]})
    return nlp


def questions_of(text: str) -> list[Unit]:
    """The questions of a message in order, each with the statement that belongs to it."""
    units: list[Unit] = []
    statement = ""
    for sentence in _split_sentences(text):
        pieces = [piece.strip(" ,;") for piece in _JOINT.split(sentence)] if asks(sentence) else [sentence]
        if any(len(piece.split()) < _LEAST_WORDS for piece in pieces) or not all(asks(piece) for piece in pieces[1:]):
            pieces = [sentence]
        for piece in pieces:
            if asks(piece):
                units.append(Unit(piece, statement))
            else:
                statement = piece
    if units and statement and not units[-1].context:
        units[-1] = Unit(units[-1].question, statement)
    return units[-_MAX_QUESTIONS:]


def _split_sentences(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    return [sentence.text.strip() for line in lines for sentence in _sentences()(line).sents if sentence.text.strip()]


def asks(sentence: str) -> bool:
    """Whether it is a question or a wish, with its mark or without."""
    return sentence.rstrip(" )\"'").endswith("?") or _OPENS.match(sentence.strip()) is not None


async def parts_of(text: str, whole: dict[str, Any], parse: Parse) -> list[Part]:
    """What a message is to be handled as: one part, the message itself, or up to `MAX_PARTS` in order.

    Args:
        text: the message.
        whole: what the pipeline made of all of it.
        parse: the pipeline.
    """
    units = questions_of(text)
    alone = [Part(text, whole)]
    is_emergency = base_intent(full_intent(whole)) == "emergency"
    if not units or (len(units) == 1 and not is_emergency and (_is_understood(whole) or not units[0].context)):
        return alone
    read = [await _read(unit, parse) for unit in units]
    if is_emergency:
        answers = [part for part in read if _is_understood(part.parsed) and base_intent(part.label) == "safety"]
        return [*alone, *_distinct(answers)[: MAX_PARTS - 1]]
    if any(base_intent(part.label) == "emergency" for part in read):
        # In its sentence alone it sounds like one, in the message it does not: the reply begins with the warning line.
        return [Part(text, {**whole, "warns": True})]
    understood = _distinct([part for part in read if _is_worth_saying(part)])
    likeliest = _likeliest(whole)
    if likeliest not in [part.label for part in understood]:
        # What the message says as a whole is what its story is about; its questions alone may sound otherwise.
        return alone
    if len(understood) == 1:
        return alone if _is_understood(whole) else understood
    if any(unit.context for unit in units):
        understood.sort(key=lambda part: part.label != likeliest)
    return understood[:MAX_PARTS]


def _likeliest(parsed: dict[str, Any]) -> str:
    """The full intent that a message is likeliest to have, sure or not."""
    if _is_understood(parsed):
        return full_intent(parsed)
    ranking = parsed.get("intent_ranking") or [{"name": ""}]
    return str(ranking[0]["name"])


async def _read(unit: Unit, parse: Parse) -> Part:
    """The question alone; where that says too little, with its statement."""
    is_word = len(unit.question.split()) < _LEAST_WORDS
    parsed = await parse(f"{unit.context} {unit.question}" if is_word else unit.question)
    if unit.context and not is_word and not _is_understood(parsed) and not full_intent(parsed).startswith("emergency/"):
        with_context = await parse(f"{unit.context} {unit.question}")
        if _is_understood(with_context):
            return Part(unit.question, with_context)
    return Part(unit.question, parsed)


def _is_understood(parsed: dict[str, Any]) -> bool:
    return parsed.get("decision") == "accepted"


def _is_worth_saying(part: Part) -> bool:
    """Whether it is understood as something that a reply of its own is due to."""
    kind = base_intent(part.label)
    if not _is_understood(part.parsed):
        return False
    return kind == "safety" or (kind in _OTHER_REPLIES and float(part.parsed["intent"]["confidence"]) >= _SURE)


def _distinct(parts: list[Part]) -> list[Part]:
    """The first part of each label."""
    return list({part.label: part for part in reversed(parts)}.values())[::-1]

"""Where the questions of a message are: found by marks and words alone, before anything is understood.

Where punctuation and small words say that a question begins, it is believed. Where only the words do ("is it safe with
psoriasis and warfarin"), `may_be_joined` gives the pieces, and whoever asks has to see whether each is a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import spacy
from spacy.language import Language

#: More sentences than this are a story; its last questions are what it asks.
_MAX_QUESTIONS = 6
#: "What should I do or is it ok": the second half needs the first.
LEAST_WORDS = 2

_SUBJECTS = (
    r"i|it|its|u|you|ya|they|we|he|she|one|my|your|his|her|their|our|the|this|that|these|those|there|smp|ppl|people|"
    r"someone|somebody|anyone|anybody|a|an|any|some"
)
_AUXILIARIES = (
    r"is|are|can|could|do|does|did|will|would|should|may|might|must|am|have|has|was|were|"
    r"isn't|aren't|can't|don't|doesn't|won't|shouldn't|isnt|arent|cant|dont|doesnt|wont|shouldnt"
)
_QUESTION_WORDS = r"how|what|when|where|who|why|which|what's|how's|where's|who's|when's|whats|hows|wheres|whos"
_OPENERS = rf"{_QUESTION_WORDS}|{_AUXILIARIES}|any"
_LEADS = (
    r"and|also|but|so|or|plus|n|then|ok|okay|hi|hiya|hello|hey|yo|please|oh|well|btw|by the way|"
    r"another (?:question|thing|one)|one more(?: thing| question)?|first|firstly|second|secondly|third|thirdly|"
    r"lastly|finally"
)
#: A wish asks as a question does: "I'd like to book for Tuesday".
_WISHES = (
    r"i'd like|i would like|i'd love|id like|i want|i wanna|i need|i wish|i wonder|i was wondering|i'm wondering|"
    r"im wondering|wondering|curious|please|tell me|let me know|(?:call|book|send|give|show) me"
)
_OPENS = re.compile(rf"^(?:(?:{_LEADS})[\s,:]+)*(?:{_OPENERS}|{_WISHES})\b", re.IGNORECASE)
#: The beginning of a question that needs no mark to be one: "how long does it", "can I".
_INVERTED = rf"(?:(?:{_QUESTION_WORDS})\s+(?:\w+\s+){{0,2}}?)?(?:{_AUXILIARIES})\s+(?:{_SUBJECTS})\b"
_HAS_INVERTED = re.compile(rf"(?:^|[,;:\u2013-]\s*|\b(?:and|but|so|or|also|plus|then)\s+){_INVERTED}", re.IGNORECASE)
#: So plain a beginning that it may stand behind anything: "my scalp gets dandruff is that ok".
_PLAINLY_INVERTED = (
    rf"(?:(?:{_QUESTION_WORDS})\s+(?:\w+\s+){{0,2}}?)?(?:{_AUXILIARIES})\s+(?:i|it|u|you|they|we|he|she)\b|"
    r"(?:is|would|will)\s+(?:that|this)\s+(?:be\s+)?(?:an?|ok|okay|fine|safe|bad|normal|possible|allowed|alright|true)\b"
)
#: Where one sentence asks twice: "does it hurt and how long does it take".
_JOINT = re.compile(
    r"(?:\s*[,;]\s*(?:(?:and|also|plus|but|or|then|oh|n)\s+)*|\s+(?:(?:and|also|plus|&|\+|but|oh|n)\s+)+)"
    rf"(?=(?:also\s+|then\s+)?(?:{_OPENERS}|{_WISHES})\b)",
    re.IGNORECASE,
)
#: Where it may: a question begins without a word that joins it ...
_MAY_BEGIN = re.compile(rf"\b(?:{_INVERTED}|{_PLAINLY_INVERTED}|(?:does|did)\s+\w+|(?:how|when|what)\b)", re.IGNORECASE)
_PLAINLY_BEGINS = re.compile(rf"\b(?:{_PLAINLY_INVERTED})", re.IGNORECASE)
#: ... which after these it does not: "do you know how long", "what should I do".
_LEADS_IN = frozenset(
    f"{_SUBJECTS}|know|tell|see|say|about|on|of|to|if|that|whether|not|me|understand|check|sure|matter|depends|ask|find|"
    "out|remember|regardless|even|and|or|but|so|only|wondering|curious".split("|")
) - {"it", "one", "there"}
#: ... or something is joined that is no question by itself: "is it safe with psoriasis and warfarin".
_MAY_JOIN = re.compile(
    r"(?:\s*[,;]\s*|\s+)(?:and|or|n|also|plus|as well as|nor|&|\+)\s+(?:(?:also|then)\s+)?|\s*[,;/+&]\s*",
    re.IGNORECASE,
)
#: What only says more of what was asked: "can I shower, not scrubbing".
_ADDS = re.compile(r"^(?:not|no|without|just|only|like|especially|mainly|mostly|such as|e\.?g|i\.?e)\b", re.IGNORECASE)
#: What the second half of a question takes from the first: "can I | swim and | run".
_CARRIED = re.compile(
    rf"^(?:(?:{_LEADS})[\s,:]+)*({_INVERTED}(?:\s+(?:ok|okay|safe|fine|alright|possible))?)", re.IGNORECASE
)
#: Said of the questions and not one of them: "2 questions:".
_ANNOUNCES = re.compile(
    r"^(?:[^.!?:\n]{0,30}\b)?(?:questions?|qs|things?|q's)\b(?:[^.!?:\n]{0,15})?\s*(?::|\s[\u2013-]|,|\.{2,}|\.|$)\s*",
    re.IGNORECASE,
)
#: A statement that says nothing of the questions beside it.
_GREETS = re.compile(
    r"^(?:hi|hiya|hello|hey|yo|good (?:morning|afternoon|evening|day)|thanks|thank you|thx|cheers|ok|okay|great|sorry)"
    r"\b(?:[\s,!.]+\w+){0,3}\W*$",
    re.IGNORECASE,
)
#: Parts a statement from its question as a full stop does: "I have psoriasis - is that ok".
_DASH = re.compile(r"\s+[-\u2013\u2014]+\s+")
#: An item of a list, at the beginning of a line ...
_ITEM = re.compile(r"^\s*(?:[-*\u2022\u00b7\u2013]\s+|\(?(?:\d|[a-e]|[ivx]{1,3})\s*[.):-]\s*(?=\D))", re.IGNORECASE)
#: ... and of one within a line: "1) does it hurt 2) what does it cost".
_NUMBERS = re.compile(r"(?:^|(?<=\s))\(?(\d)\s*[.):](?!\d)\s*")


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
    for sentence, is_item in _split_sentences(text):
        for piece in _pieces(sentence):
            if is_item or asks(piece):
                units.append(Unit(piece, statement))
            elif not _GREETS.match(piece):
                statement = piece
    if units and statement and not units[-1].context:
        units[-1] = Unit(units[-1].question, statement)
    return units[-_MAX_QUESTIONS:]


def _pieces(sentence: str) -> list[str]:
    """A sentence, or the questions that it joins."""
    if not asks(sentence):
        return [sentence]
    pieces = [piece.strip(" ,;") for piece in _JOINT.split(sentence)]
    if any(len(piece.split()) < LEAST_WORDS for piece in pieces) or not all(asks(piece) for piece in pieces[1:]):
        return [sentence]
    return pieces if _is_marked(sentence) or sum(asks(piece) for piece in pieces) > 1 else [sentence]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    return [found.text.strip() for found in _sentences()(text).sents if found.text.strip()]


def _split_sentences(text: str) -> list[tuple[str, bool]]:
    """Each sentence, and whether it is an item of a list; what only announces questions is left out."""
    sentences: list[tuple[str, bool]] = []
    for line, is_item in _lines(text):
        if is_item:
            sentences.append((line, True))
        else:
            sentences += [(part, False) for sentence in sentences_of(line) for part in _DASH.split(sentence) if part]
    announced = [(_ANNOUNCES.sub("", sentence).strip(), is_item) for sentence, is_item in sentences[:2]]
    return [found for found in (*announced, *sentences[2:]) if found[0]]


def _lines(text: str) -> list[tuple[str, bool]]:
    """The lines of a message, and the items of a list within one, without their marks."""
    lines: list[tuple[str, bool]] = []
    for line in text.splitlines():
        numbers = list(_NUMBERS.finditer(line))
        if [match[1] for match in numbers[:2]] == ["1", "2"]:
            lines.append((line[: numbers[0].start()].strip(), False))
            ends = [match.start() for match in numbers[1:]] + [len(line)]
            lines += [(line[match.end() : end].strip(" ,;"), True) for match, end in zip(numbers, ends, strict=True)]
        else:
            item = _ITEM.sub("", line).strip()
            lines.append((item, item != line.strip()))
    marked = sum(is_item for _, is_item in lines)
    return [(line, is_item and marked > 1) for line, is_item in lines if line]


def asks(sentence: str) -> bool:
    """Whether it is a question or a wish, with its mark or without."""
    sentence = sentence.replace("\u2019", "'").strip()
    return _is_marked(sentence) or begins(sentence)


def _is_marked(sentence: str) -> bool:
    return sentence.rstrip(" )\"'!").endswith("?")


def begins(sentence: str) -> bool:
    """Whether its words, and not its mark alone, ask."""
    if _OPENS.match(sentence) or _HAS_INVERTED.search(sentence):
        return True
    return any(_follows_a_whole(sentence, match.start()) for match in _PLAINLY_BEGINS.finditer(sentence))


def _follows_a_whole(sentence: str, start: int) -> bool:
    """Whether a question can begin here: not after words that lead into it, as "do you know | how long it lasts"."""
    before = sentence[:start].lower().split()
    if (
        len(before) > 1
        and before[-1] in {"that", "this"}
        and before[-2] in {"after", "before", "with", "without", "for"}
    ):
        return True
    return bool(before) and before[-1].strip(",.") not in _LEADS_IN


def may_be_joined(question: str) -> list[str]:
    """The pieces of a sentence between the places where it may join questions; a statement stays with what follows."""
    pieces: list[str] = []
    statement = ""
    for joined in _MAY_JOIN.split(question):
        places = [0]
        places += [match.start() for match in _MAY_BEGIN.finditer(joined) if _follows_a_whole(joined, match.start())]
        for start, end in pairwise([*places, len(joined)]):
            piece = joined[start:end].strip()
            if not piece:
                continue
            if not pieces and not begins(piece):
                statement = f"{statement} {piece}".strip()
            elif pieces and _ADDS.match(piece):
                pieces[-1] = f"{pieces[-1]} {piece}"
            else:
                pieces.append(f"{statement} {piece}".strip())
                statement = ""
    return pieces if len(pieces) > 1 else [question]


def things_in(statement: str) -> list[str]:
    """What a statement joins: "I have psoriasis and take warfarin" has two things."""
    return [thing for thing in _MAY_JOIN.split(statement.rstrip(" .!")) if thing]


def carried_by(question: str) -> str:
    """The beginning that what is joined to a question takes from it: "can I" of "can I swim and run"; or nothing."""
    match = _CARRIED.match(question)
    return match[1] if match else ""


def together(question: str, text: str) -> str:
    """A question and the words that lean on it, as one."""
    return f"{question.rstrip(' ?.!')}, {text}"

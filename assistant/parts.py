"""Several questions in one message: each is read for itself, and a story stays whole.

"Does it hurt and how long does it last? My scalp is rather sensitive" has two questions and a sentence that belongs to
both. What is not a question is never read alone. Where punctuation and small words say that a question begins, it is
believed; where only the words do ("is it safe with psoriasis and warfarin"), each side must be understood surely.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
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
#: So sure each question has to be where nothing but its words says that it is one, or that the message is about it.
_VERY_SURE = 0.8
#: A topic less probable than this in the whole sentence is not what half of it, which is no question alone, asks.
_LEAST_LIKELY = 0.005
#: The same where the message tells a story.
_LEAST_LIKELY_IN_STORY = 0.03
#: The same where it is the only one that is answered.
_LIKELY = 0.1
#: What has no place here has at least this probability in the whole message too.
_LEAST_FOREIGN = 0.02
#: More words than this, some of them no question, are a story whatever the whole was understood as.
_LONG = 40
#: So sure it has to be then.
_SURE_ALONE = 0.95
#: A sentence is tried at so many places where nothing but the words says that a question begins.
_MAX_TRIALS = 3

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
#: "What should I do or is it ok": the second half needs the first.
_LEAST_WORDS = 2

#: Fewer words, not understood beside a question that was, are not asked back: "and is that so".
_LEAST_WORDS_UNCLEAR = 5

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
    if any(len(piece.split()) < _LEAST_WORDS for piece in pieces) or not all(asks(piece) for piece in pieces[1:]):
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
    return _is_marked(sentence) or _begins(sentence)


def _is_marked(sentence: str) -> bool:
    return sentence.rstrip(" )\"'!").endswith("?")


def _begins(sentence: str) -> bool:
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


async def parts_of(text: str, whole: dict[str, Any], parse: Parse) -> list[Part]:
    """What a message is to be handled as: one part, the message itself, or up to `MAX_PARTS` in order.

    Args:
        text: the message.
        whole: what the pipeline made of all of it.
        parse: the pipeline.
    """
    units = questions_of(text)
    alone = [Part(text, whole)]
    if not units:
        return alone
    if base_intent(full_intent(whole)) == "emergency":
        # Advice stands first and little beside it: only questions that are clear without the rest.
        clear = [Part(unit.question, await parse(unit.question)) for unit in units]
        answers = [part for part in clear if _is_worth_saying(part, whole) and base_intent(part.label) == "safety"]
        return [*alone, *_distinct(answers)[: MAX_PARTS - 1]]
    read = await _read_all(units, text, whole, parse)
    if any(base_intent(part.label) == "emergency" for part in read):
        # In its sentence alone it sounds like one, in the message it does not: the reply begins with the warning line.
        return [Part(text, {**whole, "warns": True})]
    understood = _distinct([part for part in read if _is_worth_saying(part, whole)])
    has_story = any(unit.context for unit in units)
    likeliest = _likeliest(whole)
    if likeliest not in [part.label for part in understood]:
        # What the message says as a whole is what its story is about; its questions alone may sound otherwise.
        least = _LEAST_LIKELY_IN_STORY if has_story else 0.0
        ranked = _ranked(whole)
        understood = [
            part for part in understood if _sureness(part.parsed) >= _VERY_SURE and ranked.get(part.label, 0.0) >= least
        ]
        if has_story and _is_understood(whole):
            return alone
        if len(understood) < 2 and (has_story or len(units) < 2 or not _stands_alone(understood, ranked)):
            return alone
    unclear = [] if has_story else [part for part in read if _is_unclear(part, understood)]
    if len(understood) == 1 and not unclear:
        return alone if _is_understood(whole) else understood
    if has_story and (_is_understood(whole) or len(text.split()) > _LONG):
        understood.sort(key=lambda part: part.label != likeliest)
    return [*understood, *unclear[:1]][:MAX_PARTS]


def _stands_alone(understood: list[Part], ranked: dict[str, float]) -> bool:
    """Whether the only question that was understood is answered although the whole message was not."""
    return any(_sureness(part.parsed) >= _SURE_ALONE and ranked.get(part.label, 0.0) >= _LIKELY for part in understood)


def _is_unclear(part: Part, understood: list[Part]) -> bool:
    """Whether it is a question that was not understood, and no other wording of one that was: it is asked back."""
    is_question = len(part.text.split()) >= _LEAST_WORDS_UNCLEAR and _begins(part.text)
    is_new = _likeliest(part.parsed) not in [one.label for one in understood]
    return is_question and is_new and part.label == "nlu_fallback"


async def _read_all(units: list[Unit], text: str, whole: dict[str, Any], parse: Parse) -> list[Part]:
    """Each question as it is understood, in order; a sentence that joins several gives several."""
    is_one = len(units) == 1
    if is_one and not _is_understood(whole) and (joined := await _of_each(units[0], whole, parse)):
        return joined
    read: list[Part] = []
    before = ""
    for unit in units:
        is_all = is_one and (_is_understood(whole) or not unit.context)
        part = Part(text, whole) if is_all else await _read(unit, before, whole, parse)
        joined = [] if len(units) >= MAX_PARTS else await _joined(unit.question, part.parsed, parse)
        read += joined or [part]
        before = unit.question
    return read


async def _of_each(unit: Unit, whole: dict[str, Any], parse: Parse) -> list[Part]:
    """A question about each of several things said before it: "I have psoriasis and take warfarin. Is it ok?"."""
    things = [thing for thing in _MAY_JOIN.split(unit.context.rstrip(" .!")) if thing]
    if not 1 < len(things) <= _MAX_TRIALS:
        return []
    parts = [Part(f"{thing}. {unit.question}", await parse(f"{thing}. {unit.question}")) for thing in things]
    return _surely(parts, whole, _LEAST_LIKELY_IN_STORY)


async def _joined(question: str, parsed: dict[str, Any], parse: Parse) -> list[Part]:
    """The questions that one sentence joins without saying so, each understood surely; none where it joins none."""
    pieces = _may_be_joined(question)
    if not 1 < len(pieces) <= _MAX_TRIALS + 1:
        return []
    carried = match[1] if (match := _CARRIED.match(pieces[0])) else ""
    parts = []
    for number, piece in enumerate(pieces):
        opens = number == 0 or _begins(piece)
        parts.append(Part(piece, await parse(piece if opens or not carried else f"{carried} {piece}")))
    # Words that are no question alone must be in the sentence's mind as well: "what is this about tattoos and uveitis".
    return _surely(parts, parsed, 0.0 if all(_begins(piece) for piece in pieces) else _LEAST_LIKELY)


def _surely(parts: list[Part], whole: dict[str, Any], least: float) -> list[Part]:
    """The parts that are surely questions of their own, if there are several and the whole is about one of them."""
    if any(base_intent(part.label) == "emergency" for part in parts):
        return []
    ranked = _ranked(whole)
    surely = _distinct(
        [part for part in parts if _is_surely_asked(part, whole) and ranked.get(part.label, -1.0) >= least]
    )
    return surely if len(surely) > 1 and _likeliest(whole) in [part.label for part in surely] else []


def _is_surely_asked(part: Part, whole: dict[str, Any]) -> bool:
    is_own = base_intent(part.label) == "safety" or _begins(part.text)
    return is_own and _is_worth_saying(part, whole) and _sureness(part.parsed) >= _VERY_SURE


def _may_be_joined(question: str) -> list[str]:
    """The pieces of a sentence between the places where it may join questions; a statement stays with what follows."""
    pieces: list[str] = []
    statement = ""
    for joined in _MAY_JOIN.split(question):
        begins = [0]
        begins += [match.start() for match in _MAY_BEGIN.finditer(joined) if _follows_a_whole(joined, match.start())]
        for start, end in pairwise([*begins, len(joined)]):
            piece = joined[start:end].strip()
            if not piece:
                continue
            if not pieces and not _begins(piece):
                statement = f"{statement} {piece}".strip()
            elif pieces and _ADDS.match(piece):
                pieces[-1] = f"{pieces[-1]} {piece}"
            else:
                pieces.append(f"{statement} {piece}".strip())
                statement = ""
    return pieces if len(pieces) > 1 else [question]


def _ranked(parsed: dict[str, Any]) -> dict[str, float]:
    """The probability of each full intent that a message may have."""
    return {entry["name"]: float(entry["confidence"]) for entry in parsed.get("intent_ranking") or []}


def _likeliest(parsed: dict[str, Any]) -> str:
    """The full intent that a message is likeliest to have, sure or not."""
    if _is_understood(parsed):
        return full_intent(parsed)
    ranking = parsed.get("intent_ranking") or [{"name": ""}]
    return str(ranking[0]["name"])


async def _read(unit: Unit, before: str, whole: dict[str, Any], parse: Parse) -> Part:
    """The question alone; where that says too little, with its statement, or with the question before it."""
    is_word = len(unit.question.split()) < _LEAST_WORDS
    alone = Part(unit.question, await parse(f"{unit.context} {unit.question}" if is_word else unit.question))
    if base_intent(alone.label) == "emergency" or _is_worth_saying(alone, whole):
        return alone
    readings = [alone]
    leans_on = [f"{unit.context} {unit.question}"] if unit.context and not is_word else []
    leans_on += [together(before, unit.question)] if before else []
    for words in leans_on:
        readings.append(Part(unit.question, await parse(words)))
        if _is_worth_saying(readings[-1], whole):
            return readings[-1]
    if _is_understood(whole) and full_intent(whole) in [_likeliest(reading.parsed) for reading in readings]:
        # Unsure alone, it is what the message was understood as.
        return Part(unit.question, whole)
    return alone


def together(question: str, text: str) -> str:
    """A question and the words that lean on it, as one."""
    return f"{question.rstrip(' ?.!')}, {text}"


def _is_understood(parsed: dict[str, Any]) -> bool:
    return parsed.get("decision") == "accepted"


def _sureness(parsed: dict[str, Any]) -> float:
    return float((parsed.get("intent") or {}).get("confidence") or 0.0)


def _is_worth_saying(part: Part, whole: dict[str, Any]) -> bool:
    """Whether it is understood as something that a reply of its own is due to."""
    if not _is_understood(part.parsed):
        return False
    kind = base_intent(part.label)
    if kind == "safety" or part.label == full_intent(whole):
        return True
    if kind == "out_of_scope" and _ranked(whole).get(part.label, 0.0) < _LEAST_FOREIGN:
        # "What does the laser cost" is foreign only without the question before it.
        return False
    return kind in _OTHER_REPLIES and _sureness(part.parsed) >= _SURE


def _distinct(parts: list[Part]) -> list[Part]:
    """The first part of each label."""
    return list({part.label: part for part in reversed(parts)}.values())[::-1]

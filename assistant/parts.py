"""Several questions in one message: each is read for itself, and a story stays whole.

"Does it hurt and how long does it last? My scalp is rather sensitive" has two questions and a sentence that belongs to
both. What is not a question is never read alone. `questions.py` finds them; where only their words say that they are
some, each must be understood surely.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from assistant.questions import LEAST_WORDS, Unit, begins, carried_by, may_be_joined, questions_of, things_in, together
from assistant.selection import base_intent, full_intent

#: The most questions of one message that are answered.
MAX_PARTS = 3
#: Replies that a part gets beside an answer, when the classifier is this sure: in half a message much sounds like them.
_OTHER_REPLIES = frozenset({"handoff", "out_of_scope", "refuse"})
_SURE = 0.5
#: So sure each question has to be where nothing but its words says that it is one, or that the message is about it.
_VERY_SURE = 0.8
#: A topic less probable than this in the whole sentence is not what half of it, which is no question alone, asks.
#: Where no second label is as probable, a sentence is not taken apart.
_LEAST_LIKELY = 0.005
#: The same where the message tells a story.
_LEAST_LIKELY_IN_STORY = 0.03
#: The same where it is the only one that is answered.
_LIKELY = 0.1
#: So sure it has to be then.
_SURE_ALONE = 0.95
#: What has no place here has at least this probability in the whole message too.
_LEAST_FOREIGN = 0.02
#: More words than this, some of them no question, are a story whatever the whole was understood as.
_LONG = 40
#: A sentence is tried at so many places where nothing but the words says that a question begins.
_MAX_TRIALS = 3
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
            part for part in understood if sureness(part.parsed) >= _VERY_SURE and ranked.get(part.label, 0.0) >= least
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
    return any(sureness(part.parsed) >= _SURE_ALONE and ranked.get(part.label, 0.0) >= _LIKELY for part in understood)


def _is_unclear(part: Part, understood: list[Part]) -> bool:
    """Whether it is a question that was not understood, and no other wording of one that was: it is asked back."""
    is_question = len(part.text.split()) >= _LEAST_WORDS_UNCLEAR and begins(part.text)
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
        # With its statement, the only question of a message is the message.
        leaned = "" if is_one else unit.context
        part = Part(text, whole) if is_all else await _read(unit, leaned, before, whole, parse)
        joined = [] if len(units) >= MAX_PARTS else await _joined(unit.question, part.parsed, parse)
        read += joined or [part]
        before = unit.question
    return read


async def _of_each(unit: Unit, whole: dict[str, Any], parse: Parse) -> list[Part]:
    """A question about each of several things said before it: "I have psoriasis and take warfarin. Is it ok?"."""
    things = things_in(unit.context)
    if not 1 < len(things) <= _MAX_TRIALS:
        return []
    parts = [Part(f"{thing}. {unit.question}", await parse(f"{thing}. {unit.question}")) for thing in things]
    return _surely(parts, whole, _LEAST_LIKELY_IN_STORY)


async def _joined(question: str, parsed: dict[str, Any], parse: Parse) -> list[Part]:
    """The questions that one sentence joins without saying so, each understood surely; none where it joins none."""
    is_one = base_intent(full_intent(parsed)) == "out_of_scope" or _second(parsed) < _LEAST_LIKELY
    pieces = [] if is_one else may_be_joined(question)
    if not 1 < len(pieces) <= _MAX_TRIALS + 1:
        return []
    carried = carried_by(pieces[0])
    parts = []
    for number, piece in enumerate(pieces):
        opens = number == 0 or begins(piece)
        parts.append(Part(piece, await parse(piece if opens or not carried else f"{carried} {piece}")))
    # Words that are no question alone must be in the sentence's mind as well: "what is this about tattoos and uveitis".
    return _surely(parts, parsed, 0.0 if all(begins(piece) for piece in pieces) else _LEAST_LIKELY)


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
    is_own = base_intent(part.label) == "safety" or begins(part.text)
    return is_own and _is_worth_saying(part, whole) and sureness(part.parsed) >= _VERY_SURE


def _ranked(parsed: dict[str, Any]) -> dict[str, float]:
    """The probability of each full intent that a message may have."""
    return {entry["name"]: float(entry["confidence"]) for entry in parsed.get("intent_ranking") or []}


def _second(parsed: dict[str, Any]) -> float:
    """How probable the second of all full intents is."""
    return sorted([0.0, 0.0, *_ranked(parsed).values()])[-2]


def _likeliest(parsed: dict[str, Any]) -> str:
    """The full intent that a message is likeliest to have, sure or not."""
    if _is_understood(parsed):
        return full_intent(parsed)
    ranking = parsed.get("intent_ranking") or [{"name": ""}]
    return str(ranking[0]["name"])


async def _read(unit: Unit, statement: str, before: str, whole: dict[str, Any], parse: Parse) -> Part:
    """The question alone; where that says too little, with a statement, or with the question before it."""
    is_word = len(unit.question.split()) < LEAST_WORDS
    alone = Part(unit.question, await parse(f"{unit.context} {unit.question}" if is_word else unit.question))
    if base_intent(alone.label) == "emergency" or _is_worth_saying(alone, whole):
        return alone
    readings = [alone]
    leans_on = [f"{statement} {unit.question}"] if statement and not is_word else []
    leans_on += [together(before, unit.question)] if before else []
    for words in leans_on:
        readings.append(Part(unit.question, await parse(words)))
        if _is_worth_saying(readings[-1], whole):
            return readings[-1]
    if _is_understood(whole) and full_intent(whole) in [_likeliest(reading.parsed) for reading in readings]:
        # Unsure alone, it is what the message was understood as.
        return Part(unit.question, whole)
    return alone


def _is_understood(parsed: dict[str, Any]) -> bool:
    return parsed.get("decision") == "accepted"


def sureness(parsed: dict[str, Any]) -> float:
    """The confidence in what a message was understood as."""
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
    return kind in _OTHER_REPLIES and sureness(part.parsed) >= _SURE


def _distinct(parts: list[Part]) -> list[Part]:
    """The first part of each label."""
    return list({part.label: part for part in reversed(parts)}.values())[::-1]

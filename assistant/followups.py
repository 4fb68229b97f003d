"""A message in the light of the one before: choices named in words, follow-up questions, a question asked again.

The classifier sees one message. "The second one", "and for my wife?" and "for how many days" mean something only after
what was said. An emergency is never read as a follow-up.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.normalize import normalize
from assistant.parts import asks
from assistant.selection import base_intent, full_intent, parse_result

Parse = Callable[[str], Awaitable[dict[str, Any]]]
#: What `parsed["again"]` says: the same question once more, or one that the same answer holds for.
Again = Literal["repeated", "continued"]

#: More words than this are a question of their own.
_MAX_WORDS = 9
#: A topic this sure needs no conversation to be understood.
_SURE = 0.85
#: The share of words that two wordings of the same question have in common.
_ALIKE = 0.6

_LEADS = r"(?:ok(?:ay)?|hm+|oh|right|thanks|thank you|alright|and|but|so|yes|yeah)"
_STARTS = (
    r"and|what about|how about|what if|but|so|or|also|even|for|with|without|if|then|same for|is it the same|does that|"
    r"is that|would that|can that|will that|how long|how many|how much|how often|how soon|since when|until when|when|"
    r"where|after how|before how|at what|which|how bad|how likely|not even"
)
_CONTINUES = re.compile(rf"^(?:{_LEADS}[\s,.!]+)*(?:{_STARTS})\b", re.IGNORECASE)
_PEOPLE = (
    r"wife|husband|partner|boyfriend|girlfriend|mother|mom|mum|father|dad|brother|sister|friend|mate|grandma|grandpa|"
    r"grandfather|grandmother|uncle|aunt|cousin|boss|colleague|fiance|fiancee|men|women|man|woman|me|him|her|them|others|"
    r"other people|everyone|everybody|someone else|somebody else|us"
)
_SAME_FOR = r"(?:(?:what|how) about|and|also|same|is it the same|does that (?:go|count)|for)"
_FOR_SOMEONE = re.compile(
    rf"^\W*(?:(?:ok(?:ay)?|and|so|but|yes)[\s,]+)*{_SAME_FOR}?\s*(?:for|with)?\s*"
    rf"(?:my |a |an |the |his |her )?(?:{_PEOPLE})(?: too| as well| also)?\W*$",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1}
_NUMBER = re.compile(r"^\W*(?:(?:number|no|nr|option|choice|#)\W*)?([1-9])\W*(?:please|pls|thanks)?\W*$", re.IGNORECASE)
_ORDINAL = re.compile(
    rf"^\W*(?:i (?:mean|meant|want)\s+)?(?:the\s+)?({'|'.join(_ORDINALS)})"
    r"(?:\s+(?:one|option|choice|topic))?\W*(?:please|pls|thanks)?\W*$",
    re.IGNORECASE,
)
_SAID_BEFORE = re.compile(
    r"^\W*(?:(?:no|but|well|hey|again)\W+)*i (?:already |just )?"
    r"(?:asked|said|meant|mean|want(?:ed)? to know|was asking)"
    r"(?: you| about| if| whether| for)*\s+(?P<rest>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NOT_A_WORD = re.compile(r"[^\w\s]")


@dataclass(frozen=True)
class Past:
    """What matters of the conversation so far."""

    #: The choices of the last turn, in order: id and title.
    choices: list[tuple[str, str]]
    #: The full intent and the words of the last question that a topic answered, where that was the last turn.
    label: str | None
    question: str
    #: Every question that a topic answered, with its full intent.
    answered: list[tuple[str, str]]
    #: The words of the last turn, unless it was an emergency.
    said: str = ""

    @classmethod
    def of(cls, tracker: DialogueStateTracker | None) -> Past:
        choices: list[tuple[str, str]] = []
        answered: list[tuple[str, str]] = []
        label, question, asked, intent = None, "", "", ""
        for event in tracker.events if tracker else []:
            if isinstance(event, UserUttered):
                asked, intent = event.text or "", full_intent(event.parse_data)
                choices = []
                if base_intent(intent) in _FOLLOWED:
                    asked = (event.parse_data or {}).get("question") or asked
                    label, question = intent, asked
                    if base_intent(intent) == "safety":
                        answered.append((intent, asked))
                elif intent not in _KEEPS_TOPIC:
                    label, question = None, ""
            elif isinstance(event, BotUttered):
                choices += [(button["payload"], button["title"]) for button in event.data.get("buttons") or []]
        return cls(choices, label, question, answered, "" if base_intent(intent) == "emergency" else asked)


#: What can be followed up: topics, and what only the clinic can do ("and on Sundays?").
_FOLLOWED = frozenset({"safety", "handoff"})
#: After these the topic before them is still the topic.
_KEEPS_TOPIC = frozenset({"ask_sources", "ask_more", "ask_why", "thanks", "react", "affirm"})


def named_choice(text: str, choices: list[tuple[str, str]]) -> str | None:
    """The id of the choice that a typed text names: by its number, its place or its title."""
    if not choices:
        return None
    place = None
    if match := _NUMBER.match(text):
        place = int(match[1]) - 1
    elif match := _ORDINAL.match(text):
        place = _ORDINALS[match[1].lower()]
    if place is not None:
        return choices[place][0] if place < len(choices) else None
    words = _bare(text)
    return next((choice for choice, title in choices if words and words == _bare(title)), None)


async def in_conversation(parsed: dict[str, Any], text: str, past: Past, parse: Parse) -> dict[str, Any]:
    """The parse data of a message, read after what was said before.

    Args:
        parsed: what the pipeline made of the message alone.
        text: the message.
        past: the conversation so far.
        parse: the pipeline.
    """
    label = full_intent(parsed)
    if base_intent(label) == "emergency":
        return parsed
    if parsed.get("decision") != "accepted" and (said := _SAID_BEFORE.match(text)):
        meant = await parse(said["rest"])
        if meant.get("decision") == "accepted":
            return {**meant, "text": parsed.get("text")}
    if (alarmed := await _added_up(parsed, text, past, parse)) is not None:
        return alarmed
    if base_intent(label) == "refuse" or (past.label is None and not past.answered):
        return parsed
    is_topic = base_intent(past.label or "") == "safety"
    if past.label and is_topic and _FOR_SOMEONE.match(text) and base_intent(label) != "handoff":
        return _as_topic(parsed, past.label, past.question, "continued")
    if past.label and _may_continue(parsed, text):
        together = f"{past.question.rstrip(' ?.!')}, {text}"
        read = await parse(together)
        if base_intent(full_intent(read)) == "emergency":
            return {**parsed, "warns": True}
        if _leads_on(read) and (not _leads_on(parsed) or _sureness(read) > _sureness(parsed)):
            again: Again | None = "continued" if full_intent(read) == past.label else None
            return _as_topic(read, full_intent(read), together, again)
    if any(label == known and _alike(text, question) for known, question in past.answered):
        return {**parsed, "again": "repeated"}
    return parsed


async def _added_up(parsed: dict[str, Any], text: str, past: Past, parse: Parse) -> dict[str, Any] | None:
    """The emergency that a few words make of what was said before them, where they say nothing clear alone."""
    is_clear = parsed.get("decision") == "accepted" and _sureness(parsed) >= _SURE
    if not past.said or is_clear or asks(text) or len(text.split()) > _MAX_WORDS:
        return None
    read = await parse(f"{past.said.rstrip(' ?.!')}, {text}")
    return {**read, "text": parsed.get("text")} if base_intent(full_intent(read)) == "emergency" else None


def _may_continue(parsed: dict[str, Any], text: str) -> bool:
    """Whether the words are few, and lean on what was said."""
    words = text.split()
    if len(words) > _MAX_WORDS or not _CONTINUES.match(text.strip()):
        return False
    if _is_topic(parsed):
        return _sureness(parsed) < _SURE
    # What is understood as something else, and surely, is that: "how much does it cost", "what if I want a refund".
    return parsed.get("decision") != "accepted" or _sureness(parsed) < _SURE


def _is_topic(parsed: dict[str, Any]) -> bool:
    return base_intent(full_intent(parsed)) == "safety"


def _leads_on(parsed: dict[str, Any]) -> bool:
    """Whether it is something that a follow-up can be about."""
    return parsed.get("decision") == "accepted" and base_intent(full_intent(parsed)) in _FOLLOWED


def _sureness(parsed: dict[str, Any]) -> float:
    return float((parsed.get("intent") or {}).get("confidence") or 0.0)


def _as_topic(parsed: dict[str, Any], label: str, question: str, again: Again | None) -> dict[str, Any]:
    ranking = [(entry["name"], entry["confidence"]) for entry in parsed.get("intent_ranking") or []]
    confidence = _sureness(parsed) if full_intent(parsed) == label else 1.0
    read = {**parsed, **parse_result(label, confidence, ranking), "decision": "follow_up", "question": question}
    return {**read, "again": again} if again else read


def _bare(text: str) -> str:
    return " ".join(_NOT_A_WORD.sub(" ", text.lower()).split())


def _alike(one: str, other: str) -> bool:
    first, second = set(_bare(normalize(one)).split()), set(_bare(normalize(other)).split())
    return len(first & second) / max(len(first | second), 1) >= _ALIKE

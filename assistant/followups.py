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
from spacy.lang.en.stop_words import STOP_WORDS

from assistant.normalize import normalize
from assistant.parts import sureness
from assistant.questions import asks, sentences_of, together
from assistant.selection import base_intent, full_intent, parse_result
from assistant.spelling import dictionary

Parse = Callable[[str], Awaitable[dict[str, Any]]]
#: What `parsed["again"]` says: the same question once more, or one that the same answer holds for.
Again = Literal["repeated", "continued"]

#: More words than this are a question of their own.
_MAX_WORDS = 9
#: Some of them may name something new; more that do are a question of their own.
_MAX_NAMES = 3
#: A remark or two and a short question have no more words.
_MAX_WORDS_OF_REMARKS = 14
#: A refusal that is surer is meant.
_SURE_REFUSAL = 0.5
#: A topic this sure needs no conversation to be understood.
_SURE = 0.85
#: Less sure than this, a message that names hardly anything may be about what was said before it.
_UNSURE = 0.6
#: Less sure than this, it is nothing yet.
_HARDLY = 0.4
#: A topic that is likelier than this, in a message of its own words, is not overruled by the conversation.
_NAMES_A_TOPIC = 0.55
#: A handoff that is likelier than this is meant where something is named: "and how do I book".
_NAMES_A_HANDOFF = 0.4
#: The share of words that two wordings of the same question have in common.
_ALIKE = 0.6

_LEADS = r"(?:ok(?:ay)?|hm+|oh|right|thanks|thank you|alright|and|but|so|yes|yeah)"
_JOINS = (
    r"and|n|what about|how about|what if|but|so|or|also|even|for|with|without|if|then|same for|is it the same|"
    r"does that|is that|would that|can that|will that|not even|only|just"
)
#: Begins as what goes on with something said before ...
_CONTINUES = re.compile(rf"^(?:{_LEADS}[\s,.!]+)*(?:{_JOINS})\b", re.IGNORECASE)
#: ... or ends so: "salt water too?"
_CONTINUED = re.compile(r"\b(?:too|as well|also|instead|then|though|tho|either|anyway)\W*$", re.IGNORECASE)
#: Stands for something said before.
_STANDS_FOR = re.compile(
    r"\b(?:it|its|it's|that|thats|that's|this|those|these|they|they're|theyre|them|em|one|ones|then|instead|either|too|"
    r"still|again)\b",
    re.IGNORECASE,
)
#: Words that name nothing, beside the usual ones: a message of these alone is about what was said.
_NAMES_NOTHING = STOP_WORDS | frozenset(
    """ok okay check know tell need want wait ask help happen happens happened start stop come comes work works day
    days week weeks month months year years hour hours minute minutes time times long far apart soon often
    likely safe safer dangerous risky bad worse good better normal right wrong true sure yes no way maybe
    possible allowed em u ur r pls please tho though lot bit little less kind sort thing things matter matters
    mean difference different actually exactly usually ever going gonna ago worry worried concerned half today
    tomorrow really thanks oh hm hmm ah well mind try sign dont doesnt isnt cant wont im ive id thats its whats
    hows""".split()
)
#: What is read otherwise in the light of the conversation, when it is unsure; "thanks" and "bye" are what they are.
_UNSURE_KINDS = frozenset(
    {"nlu_fallback", "safety", "handoff", "out_of_scope", "refuse", "capabilities", "affirm", "deny", "bot_identity"}
)
#: Dialogue acts that ask for more of the last answer.
_ASKS = frozenset({"ask_sources", "ask_more", "ask_why"})
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
    r"(?: you| about| for)*(?P<whether> if| whether)?\s+(?P<rest>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[\w']+")
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
    #: The full intent of the last turn where that was surely an emergency, and not one said again.
    alarm: str | None = None
    #: The language of the last turn.
    language: str = "en"

    @classmethod
    def of(cls, tracker: DialogueStateTracker | None) -> Past:
        choices: list[tuple[str, str]] = []
        answered: list[tuple[str, str]] = []
        label, question, asked, intent, is_sure_alarm, language = None, "", "", "", False, "en"
        for event in tracker.events if tracker else []:
            if isinstance(event, UserUttered):
                asked, intent = event.text or "", full_intent(event.parse_data)
                is_sure_alarm = _is_sure_alarm(event.parse_data or {})
                language = (event.parse_data or {}).get("language") or "en"
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
        is_alarm = base_intent(intent) == "emergency"
        return cls(
            choices,
            label,
            question,
            answered,
            "" if is_alarm else asked,
            intent if is_alarm and is_sure_alarm else None,
            language,
        )


#: Decided where what is not understood follows an emergency.
_ALARM_AGAIN = "alarm_again"
#: From here on the classifier's alarm may be said again.
_SURE_ALARM = 0.65
#: Handed over, but no sign that something else is meant.
_SAYS_NOTHING = frozenset({"handoff/unanswered", "handoff/language"})
#: What can be followed up: topics, and what only the clinic can do ("and on Sundays?").
_FOLLOWED = frozenset({"safety", "handoff"})
#: Remarks, which a few words that lean on what was said may look like.
_REMARKS = frozenset({"frustrated", "react", "affirm", "deny"})
#: Topics that are about everything, and of a few words are rather about what was said.
_GENERAL = frozenset({"safety/is_smp_safe", "safety/regret_permanence"})
#: After these the topic before them is still the topic.
_KEEPS_TOPIC = frozenset({*_ASKS, "thanks", "react", "affirm", "deny", "frustrated", "nlu_fallback"})


def _place(text: str) -> int | None:
    """What place in a list the text names, from 0, and -1 for the last; None when it names none."""
    if match := _NUMBER.match(text):
        return int(match[1]) - 1
    if match := _ORDINAL.match(text):
        return _ORDINALS[match[1].lower()]
    return None


def names_a_missing_choice(text: str, choices: list[tuple[str, str]]) -> bool:
    """Whether it is a number or a place, as "2", and fewer topics than that were offered."""
    place = _place(text)
    is_offered = any(base_intent(choice) == "safety" for choice, _ in choices)
    return is_offered and place is not None and place >= len(choices)


def named_choice(text: str, choices: list[tuple[str, str]]) -> str | None:
    """The id of the choice that a typed text names: by its number, its place or its title."""
    if not choices:
        return None
    place = _place(text)
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
    if past.alarm and (after := _after_alarm(parsed, past.alarm, past.language)) is not None:
        return after
    is_clear = parsed.get("decision") == "accepted" and (_is_topic(parsed) or sureness(parsed) >= _UNSURE)
    if not is_clear and (said := _SAID_BEFORE.match(text)):
        # "If it hurts" by itself may be a complaint or a condition; asked for, it is a question.
        meant = await parse(f"does {said['rest']}" if said["whether"] else said["rest"])
        if meant.get("decision") == "accepted" and sureness(meant) > sureness(parsed):
            return {**meant, "text": parsed.get("text"), "warns": bool(meant.get("warns") or parsed.get("warns"))}
    if (alarmed := await _added_up(parsed, text, past, parse)) is not None:
        return alarmed
    if past.label is None and not past.answered:
        return parsed
    if (last := await _last_sentence(parsed, text, past, parse)) is not None:
        return last
    is_topic = base_intent(past.label or "") == "safety"
    # "And my mum?" says nothing by itself, whatever the classifier takes it for.
    if past.label and is_topic and _FOR_SOMEONE.match(text):
        return _as_topic(parsed, past.label, past.question, "continued")
    if past.label and _may_continue(parsed, text, past.label):
        question = together(past.question, text)
        read = await parse(question)
        if base_intent(full_intent(read)) == "emergency":
            return {**parsed, "warns": True}
        is_same_topic = label in _GENERAL and full_intent(read) == past.label
        if _leads_on(read) and (not _leads_on(parsed) or is_same_topic or sureness(read) > sureness(parsed)):
            again: Again | None = "continued" if full_intent(read) == past.label else None
            return _as_topic(read, full_intent(read), question, again)
    if any(label == known and _alike(text, question) for known, question in past.answered):
        return {**parsed, "again": "repeated"}
    return parsed


def _is_sure_alarm(parsed: dict[str, Any]) -> bool:
    """Whether a rule saw an emergency, or the classifier is sure of it."""
    is_seen = any(hit.get("excuse") is None for hit in parsed.get("red_flags") or [])
    return parsed.get("decision") != _ALARM_AGAIN and (is_seen or sureness(parsed) >= _SURE_ALARM)


def _after_alarm(parsed: dict[str, Any], alarm: str, language: str) -> dict[str, Any] | None:
    """What follows an emergency: "I'm still up here" is about it, and a question begins with the warning line.

    None for what is surely something else, such as thanks or a wish to book. Said again it is once, not for ever: the
    alarm may have been a false one.
    """
    if parsed.get("decision") != "accepted" or full_intent(parsed) in _SAYS_NOTHING:
        ranking = [(entry["name"], entry["confidence"]) for entry in parsed.get("intent_ranking") or []]
        # Of "sigo igual" no one can tell the language.
        return {**parsed, **parse_result(alarm, 1.0, ranking), "decision": _ALARM_AGAIN, "language": language}
    return {**parsed, "warns": True} if _is_topic(parsed) else None


async def _last_sentence(parsed: dict[str, Any], text: str, past: Past, parse: Parse) -> dict[str, Any] | None:
    """What the last of a few short sentences asks, where the others only remark: "I see. And who says so?"."""
    is_remark = base_intent(full_intent(parsed)) not in {*_FOLLOWED, *_ASKS, "refuse"}
    if not is_remark or len(text.split()) > _MAX_WORDS_OF_REMARKS:
        return None
    *remarks, last = sentences_of(text) or [""]
    if not remarks or any(asks(remark) for remark in remarks):
        return None
    alone = await parse(last)
    if base_intent(full_intent(alone)) in _ASKS and sureness(alone) >= _UNSURE:
        return {**alone, "text": parsed.get("text")}
    read = await in_conversation(alone, last, past, parse)
    return {**read, "text": parsed.get("text")} if read.get("decision") == "follow_up" else None


async def _added_up(parsed: dict[str, Any], text: str, past: Past, parse: Parse) -> dict[str, Any] | None:
    """The emergency that a few words make of what was said before them, where they say nothing clear alone."""
    is_clear = parsed.get("decision") == "accepted" and sureness(parsed) >= _SURE
    if not past.said or is_clear or asks(text) or len(text.split()) > _MAX_WORDS:
        return None
    read = await parse(together(past.said, text))
    return {**read, "text": parsed.get("text")} if base_intent(full_intent(read)) == "emergency" else None


def _may_continue(parsed: dict[str, Any], text: str, topic: str) -> bool:
    """Whether the words are few, and lean on what was said."""
    best = (parsed.get("intent_ranking") or [{"name": "", "confidence": 0.0}])[0]
    is_odd = base_intent(full_intent(parsed)) not in {*_UNSURE_KINDS, *_REMARKS} and sureness(parsed) >= _HARDLY
    if len(text.split()) > _MAX_WORDS or is_odd or base_intent(best["name"]) == "emergency":
        return False
    is_accepted, kind, sure = parsed.get("decision") == "accepted", base_intent(full_intent(parsed)), sureness(parsed)
    names = _names(text)
    stands_for = _STANDS_FOR.search(text) is not None
    if is_accepted and kind == "safety":
        # "Is that dangerous" is about what was said however sure a topic of its own is; "and in Germany" is clear.
        is_general = full_intent(parsed) in _GENERAL and names == 0 and stands_for
        return is_general or (sure < _SURE and (names == 0 or full_intent(parsed) == topic))
    if is_accepted and kind == "handoff" and names and sure >= _NAMES_A_HANDOFF and not topic.startswith("handoff/"):
        return False
    if is_accepted and kind == "refuse" and sure >= _SURE_REFUSAL:
        return False
    if _CONTINUES.match(text.strip()) or (_CONTINUED.search(text) and names < _MAX_NAMES):
        # What is understood as something else, and surely, is that: "what if I want a refund".
        return (not is_accepted or sure < _SURE) and names <= _MAX_NAMES
    if (
        (kind in _REMARKS and not asks(text))
        or names > 1
        or (is_accepted and sure >= (_SURE if names == 0 and asks(text) else _UNSURE))
    ):
        return False
    if stands_for or names == 0:
        return True
    is_named = base_intent(best["name"]) == "safety" and best["name"] != topic and best["confidence"] >= _NAMES_A_TOPIC
    return asks(text) and not is_named


def _names(text: str) -> int:
    """How many of its words name something; a word that no dictionary knows surely does."""
    words = [word.strip("'").removesuffix("'s") for word in _WORD.findall(normalize(text))]
    named = [word for word in words if word not in _NAMES_NOTHING and not word.isdigit()]
    return sum(1 if word in dictionary() else 2 for word in set(named))


def _is_topic(parsed: dict[str, Any]) -> bool:
    return base_intent(full_intent(parsed)) == "safety"


def _leads_on(parsed: dict[str, Any]) -> bool:
    """Whether it is something that a follow-up can be about."""
    return parsed.get("decision") == "accepted" and base_intent(full_intent(parsed)) in _FOLLOWED


def _as_topic(parsed: dict[str, Any], label: str, question: str, again: Again | None) -> dict[str, Any]:
    ranking = [(entry["name"], entry["confidence"]) for entry in parsed.get("intent_ranking") or []]
    confidence = sureness(parsed) if full_intent(parsed) == label else 1.0
    read = {**parsed, **parse_result(label, confidence, ranking), "decision": "follow_up", "question": question}
    return {**read, "again": again} if again else read


def _bare(text: str) -> str:
    return " ".join(_NOT_A_WORD.sub(" ", text.lower()).split())


def _alike(one: str, other: str) -> bool:
    first, second = set(_bare(normalize(one)).split()), set(_bare(normalize(other)).split())
    return len(first & second) / max(len(first | second), 1) >= _ALIKE

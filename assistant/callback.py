"""What a message means while a call-back request is on offer or under way.

The classifier sees one message and no conversation, so "Maria", "310 555 0100" and "no, .co not .com" mean nothing to
it. Here its result is read again in the light of the conversation. An emergency is never read as anything else.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.details import Details, correct, find_details
from assistant.selection import base_intent, full_intent
from shared.clinic import clinic

FORM = "callback_form"
DETAIL_SLOTS = ("visitor_name", "visitor_phone", "visitor_email", "best_time")
CONFIRMED = "request_confirmed"
#: Slots that belong to one request.
REQUEST_SLOTS = (*DETAIL_SLOTS, CONFIRMED, "handoff_id", "handoff_reason")

_STOP = re.compile(
    r"^\W*(?:no[,.!]?\s+)?(?:(?:please\s+)?(?:never ?mind|nvm|cancel(?: (?:it|that|this|the (?:request|form|call ?back)))?|forget (?:it|about it|that)|"
    r"stop(?: it| this| that)?|quit|abort|drop it|leave it|don'?t (?:send|bother|call)(?: it| that| me)?|do not (?:send|call)(?: it| that| me)?|"
    r"i changed my mind|i(?:'d| would) rather not|no,? thanks?(?: you)?|no need))(?:[,.!]?\s+(?:thanks|thank you|please|then|it'?s (?:fine|ok|okay)))?\W*$",
    re.IGNORECASE,
)
_GO_ON = re.compile(
    r"^\W*(?:(?:yes|ok|okay|sure|please|let'?s)[,.!]?\s+)*(?:please\s+)?(?:continue|go on|carry on|resume|pick up|back to|finish|where were we|"
    r"(?:i (?:still )?(?:want|would like|'d like) )?(?:the |that |a |my )?(?:call ?-?back|request)|(?:please |can you |could you |have (?:them|someone) )*(?:call|ring|phone) me(?: back)?)"
    r"(?:\s+(?:with|to|on|from|my|the|that|it|this|now|please|request|form|call ?-?back|details|where we were|left off|we))*\W*$",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:yes|yep|yeah|yup|ye|y|sure|ok|okay|correct|right|exactly|perfect|fine|go ahead|do it|send(?: it)?|please do|please|"
    r"that'?s (?:right|correct|it|fine)|looks (?:good|right)|all (?:good|right|correct)|good|confirm(?:ed)?|si|s\u00ed)"
    r"(?:[\s,.!]+(?:please|thanks|thank you|send(?: it)?(?: now)?|go ahead|do it|that'?s (?:right|correct|fine)|it is|correct|right|all correct|looks good|sure|ok))*\W*$",
    re.IGNORECASE,
)
_NO = re.compile(r"^\W*(?:no|nope|nah|not (?:yet|quite)|wrong|that'?s (?:wrong|not right)|incorrect|n)(?:[\s,.!]+(?:that'?s wrong|wrong|it'?s wrong|not right|wait))*\W*$", re.IGNORECASE)
#: Intents that say nothing about a name, however sure the classifier is of them.
_CONTENT = frozenset({"safety", "emergency", "request_status"})
#: Unknown words look like these, even when the classifier is rather sure.
_CATCH_ALL = frozenset({"out_of_scope", "greet"})
_SURE, _VERY_SURE = 0.5, 0.9
#: An unsure classifier whose first guess is a topic, at least so probable, saw a word of that topic.
_TOPIC_WORD = 0.3
#: So many words beside the details make a question of their own.
_QUESTION_WORDS = 3


@dataclass(frozen=True)
class State:
    """Where the conversation's call-back request stands."""

    #: A handoff was offered, or a request begun, and neither stored nor withdrawn.
    is_pending: bool
    is_active: bool
    #: The slot the form asked for last.
    asked: str | None
    known: dict[str, str]
    #: The last turn offered a handoff.
    is_offered_now: bool

    @classmethod
    def of(cls, tracker: DialogueStateTracker | None) -> State:
        if tracker is None:
            return cls(is_pending=False, is_active=False, asked=None, known={}, is_offered_now=False)
        is_active = tracker.active_loop_name == FORM
        known = {slot: str(tracker.get_slot(slot)) for slot in DETAIL_SLOTS if tracker.get_slot(slot)}
        return cls(
            is_pending=is_active or tracker.get_slot("handoff_id") is not None,
            is_active=is_active,
            asked=tracker.get_slot("requested_slot") if is_active else None,
            known=known,
            is_offered_now=_offered_last(tracker),
        )


def _offered_last(tracker: DialogueStateTracker) -> bool:
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, BotUttered):
            handoff = (event.data.get("custom") or {}).get("handoff") or {}
            if handoff.get("status") == "offered":
                return True
    return False


async def in_context(
    parsed: dict[str, Any], text: str, state: State, parse: Callable[[str], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The parse data of a message, read in the light of the request.

    Args:
        parsed: what the pipeline made of the message.
        text: the message.
        state: where the request stands.
        parse: the pipeline, for what a message asks beside the details it leaves.
    """
    intent = base_intent(full_intent(parsed))
    if intent == "emergency":
        return parsed
    details = _details(parsed, text, state, intent)
    if details.found:
        beside = await parse(details.rest) if len(details.words_left) >= _QUESTION_WORDS else None
        asked = full_intent(beside) if beside else ""
        if beside and base_intent(asked) == "emergency":
            return beside
        # A number alone looks like nothing the classifier knows; only a rule, or the words beside it, raise an alarm.
        warns = bool(parsed.get("red_flags")) or bool(beside and beside.get("warns"))
        return {**_as_details(parsed, details.found, asked if base_intent(asked) == "safety" else None), "warns": warns}
    if not state.is_pending:
        return parsed
    if state.is_active or state.is_offered_now or state.known:
        if known := correct(text, state.known):
            return _as_details(parsed, known, None)
        if meant := _meant(text, intent, state):
            return _as(parsed, meant)
    return parsed


def _details(parsed: dict[str, Any], text: str, state: State, intent: str) -> Details:
    """What the message leaves; nothing when no one offered to take it."""
    country = clinic().country
    if not state.is_pending:
        found = find_details(text, country)
        # Unasked, only "call me on 310 555 0100" is a request: it wants a person and says how.
        is_request = intent == "handoff" and (found.visitor_phone or found.visitor_email)
        return found if is_request else Details(rest=text)
    if correct(text, state.known) and not re.search(r"@\S", text):
        return Details(rest=text)
    if _is_word_of_the_form(text):
        return Details(rest=text)
    is_awaited = state.asked == "visitor_name" or state.is_offered_now
    may_be_name = _may_be_a_name(parsed, intent)
    welcome = may_be_name and (is_awaited or text.lstrip()[:1].isupper())
    found = find_details(text, country, asked=state.asked, names_welcome=welcome)
    if found.visitor_phone or found.visitor_email:
        return found
    if found.visitor_name and not may_be_name and not found.is_name_stated:
        # "I'm Maria and is it safe to swim?": a question, and her name with it. "I'm itchy" is the question alone.
        return Details(rest=text)
    return found if found.visitor_name or state.is_active else Details(rest=text)


def _may_be_a_name(parsed: dict[str, Any], intent: str) -> bool:
    """Whether the classifier is unsure enough of a message that a word in it may be a name."""
    ranking = parsed.get("intent_ranking") or [{"name": "", "confidence": 0.0}]
    best = ranking[0]
    if intent in _CONTENT or (base_intent(best["name"]) in _CONTENT and best["confidence"] >= _TOPIC_WORD):
        return False
    sure = _VERY_SURE if intent in _CATCH_ALL else _SURE
    return intent == "nlu_fallback" or bool(best["confidence"] < sure)


def _is_word_of_the_form(text: str) -> bool:
    return any(pattern.match(text) for pattern in (_STOP, _GO_ON, _YES, _NO))


def _meant(text: str, intent: str, state: State) -> str | None:
    """The intent of words that steer the request; None for any others."""
    if _STOP.match(text):
        return "cancel_request"
    if state.is_active:
        return _meant_in_form(text, intent, state)
    if _GO_ON.match(text):
        return "resume_request"
    if not state.is_offered_now:
        return None
    if _NO.match(text) or intent == "deny":
        return "cancel_request"
    return "resume_request" if _YES.match(text) or intent == "affirm" else None


def _meant_in_form(text: str, intent: str, state: State) -> str | None:
    if state.asked == CONFIRMED:
        if _YES.match(text) or intent == "affirm":
            return "confirm_request"
        if _NO.match(text) or intent == "deny":
            return "change_request"
    elif _NO.match(text) or intent == "deny":
        return "cancel_request"
    elif _YES.match(text) or intent == "affirm":
        return "resume_request"
    if _GO_ON.match(text):
        return "resume_request"
    # Only what nothing else understands: a question in the middle is answered as always.
    return "unclear_detail" if intent == "nlu_fallback" else None


def _as(parsed: dict[str, Any], intent: str) -> dict[str, Any]:
    return {**parsed, "intent": {"name": intent, "confidence": 1.0}, "entities": [], "decision": "callback"}


def _as_details(parsed: dict[str, Any], found: dict[str, str], also_asked: str | None) -> dict[str, Any]:
    entities = [{"entity": field, "value": value, "start": 0, "end": 0} for field, value in found.items()]
    read = _as(parsed, "give_details")
    return {**read, "entities": entities, "callback": {**(parsed.get("callback") or {}), "also_asked": also_asked}}

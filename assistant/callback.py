"""What a message means while a call-back request is on offer or under way.

The classifier sees one message and no conversation, so "Maria", "310 555 0100" and "no, .co not .com" mean nothing to
it. Here its result is read again in the light of the conversation. An emergency is never read as anything else, but for
a bare name or number that only sounds like one.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.details import LONGEST, Details, correct, find_details
from assistant.selection import base_intent, full_intent
from assistant.spelling import dictionary
from shared.clinic import clinic
from shared.given_names import given_names, named_words, without_accents

FORM = "callback_form"
DETAIL_SLOTS = ("visitor_name", "visitor_phone", "visitor_email", "best_time")
CONFIRMED = "request_confirmed"
#: Slots that belong to one request.
REQUEST_SLOTS = (*DETAIL_SLOTS, CONFIRMED, "handoff_id", "handoff_reason")


def _said(core: Sequence[str], *, before: Sequence[str] = (), after: Sequence[str] = ()) -> re.Pattern[str]:
    """A message that says one of these and nothing more than the words around it; each is a regular expression."""
    gap = r"[\s,.!;:\u2013-]+"
    lead = f"(?:(?:{'|'.join(before)}){gap})*" if before else ""
    tail = f"(?:{gap}(?:{'|'.join(after)}))*" if after else ""
    return re.compile(rf"^\W*{lead}(?:{'|'.join(core)}){tail}\W*$", re.IGNORECASE)


_POLITE = ("please", "pls", "thanks", "thank you", "ok(?:ay)?", "then", "it'?s (?:fine|ok|okay)")
_CALL_BACK = "call[ -]?back"
_OBJECT = f"it|that|this|(?:the |my )?(?:request|form|{_CALL_BACK})"
_STOP = _said(
    (
        "never ?mind",
        "nvm",
        rf"(?:cancel|forget|stop|drop|leave|scrap|skip)(?: (?:about )?(?:{_OBJECT}))?",
        rf"(?:don'?t|do not|don\u2019t) (?:send|bother|call|forward)(?: (?:{_OBJECT}|me|them))?",
        "quit",
        "abort",
        r"i(?:'ve|\u2019ve| have)? changed my mind",
        r"i(?:'d|\u2019d| would) rather not",
        "no,? thanks?(?: you)?",
        "no need",
    ),
    before=("no", "ok(?:ay)?", "please", "actually", "sorry", "oh"),
    after=_POLITE,
)
_GO_ON = _said(
    (
        "continue",
        "(?:go|carry) on",
        "resume",
        "pick up",
        "back to",
        "finish",
        "where were we",
        rf"(?:i (?:still )?(?:want|would like) )?(?:the |that |a |my )?(?:{_CALL_BACK}|request)",
        "(?:(?:can|could) (?:you|they|someone) |have (?:them|someone) )?(?:call|ring|phone) me(?: back)?",
    ),
    before=("yes", "ok(?:ay)?", "sure", "please", "let'?s", "now"),
    after=(
        *_POLITE,
        "with|to|on|from|my|the|that|it|this|now|we|left off|where we were|details|request|form",
        _CALL_BACK,
    ),
)
_RIGHT = "(?:that'?s |it'?s |all |looks )?(?:right|correct|good|fine|perfect)"
_YES = _said(
    (
        "yes|yep|yeah|yup|ye|yea|y|sure|ok(?:ay)?|exactly|absolutely|definitely|s[i\u00ed]",
        "(?:please )?(?:go ahead|do it|do|send(?: (?:it|that|this))?|confirm(?:ed)?)",
        _RIGHT,
        "that'?s it",
        "please",
    ),
    after=(*_POLITE, "yes", "send(?: (?:it|that|this))?(?: now)?", "go ahead", "do it", "it is", "sure", _RIGHT),
)
_WRONG = "(?:that'?s |it'?s |this is )?(?:wrong|not right|not correct|incorrect)"
_NO = _said(("no|nope|nah|n|wait|not (?:yet|quite)", _WRONG), after=(_WRONG, "wait", "no"))
#: Intents that say nothing about a name, however sure the classifier is of them.
_CONTENT = frozenset({"safety", "emergency", "request_status"})
#: "Ok, thank you" takes leave of an offer, and does not take it up.
_COURTESIES = frozenset({"thanks", "goodbye", "greet"})
#: Nobody says these in a word, as "Gracias" says thanks: where a name was asked for, "Singh" is one.
_NO_TALK = frozenset({"handoff", "refuse"})
#: Unknown words look like these, even when the classifier is rather sure.
_CATCH_ALL = frozenset({"out_of_scope", "greet"})
_SURE, _VERY_SURE = 0.5, 0.9
#: An unsure classifier whose first guess is a topic, at least so probable, saw a word of that topic.
_TOPIC_WORD = 0.3
#: From here on the classifier's alarm counts whatever the words are.
_SURE_ALARM = 0.65
#: No name has more words.
_NAME_WORDS = 4
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
    if _is_bare_detail(parsed, text, state):
        parsed = _without_alarm(parsed)
    elif _is_word_of_the_form(text) and not parsed.get("red_flags"):
        parsed = {**parsed, "warns": False}
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
    if len(text) <= LONGEST and (state.is_active or state.is_offered_now or state.known):
        if known := correct(text, state.known):
            return _as_details(parsed, known, None)
        if meant := _meant(text, parsed, state):
            return _as(parsed, meant)
    return parsed


def _is_bare_detail(parsed: dict[str, Any], text: str, state: State) -> bool:
    """Whether only the classifier is alarmed, and by nothing but "cancel" or "yes", by a number, or by a name or an
    address that was asked for.

    "Maria Lopez" is like no example, and any label may come out on top. Words that say something are never excused so.
    """
    alarm = float(parsed["intent"]["confidence"] or 0)
    if parsed.get("decision") != "classifier_emergency" or parsed.get("red_flags"):
        return False
    if _is_word_of_the_form(text):
        return True
    # A number has no words that could be an emergency's, however sure the classifier is, asked for or not.
    if any(letter.isalpha() for letter in text):
        is_asked_for = state.is_active or state.is_offered_now
        if alarm >= _SURE_ALARM or not is_asked_for or len(text.split()) > _NAME_WORDS:
            return False
    details = find_details(text, clinic().country, asked=state.asked, names_welcome=True)
    return bool(details.found) and not details.words_left and _is_plainly_a_name(details.visitor_name)


def _is_bare_name(text: str, intent: str, asked: str | None) -> bool:
    """Whether it is nothing but a name, however sure the classifier is of something else: it knows no names.

    To it most names are out of scope, and so are "Rose" and "grace". "Thx" and "noooo" are what it takes them for.
    """
    if intent in _CONTENT or "?" in text:
        return False
    details = find_details(text, clinic().country, asked="visitor_name", names_welcome=True)
    name = details.visitor_name or ""
    words = name.split()
    if not words or details.words_left or len(text.split()) > _NAME_WORDS:
        return False
    is_asked = asked == "visitor_name"
    if is_asked and without_accents(name.lower()) in given_names() | named_words():
        return True
    if intent == "out_of_scope":
        return _is_plainly_a_name(name) or (is_asked and len(words) == 1)
    is_written_so = _is_in_capitals(name) or (is_asked and intent in _NO_TALK and name.istitle())
    return is_written_so and any(word.lower() not in dictionary() for word in words)


def _is_plainly_a_name(name: str | None) -> bool:
    """Whether no one can take it for a word: "Maria Lopez", "siobhan", but not "fainted" or "Fainted"."""
    words = (name or "").split()
    return _is_in_capitals(name or "") or not any(word.lower() in dictionary() for word in words)


def _is_a_small_word(text: str) -> bool:
    """Whether it is one word in small letters, and not known as a name."""
    word = text.strip(" .,!")
    return word.isalpha() and word.islower() and without_accents(word) not in given_names()


def _is_in_capitals(name: str) -> bool:
    """Whether it is several words that all begin with one: "Maria Lopez"."""
    words = name.split()
    return len(words) > 1 and all(word.istitle() and len(word) > 1 for word in words)


def _without_alarm(parsed: dict[str, Any]) -> dict[str, Any]:
    ranking = [one for one in parsed.get("intent_ranking") or [] if base_intent(one["name"]) != "emergency"]
    intent = {"name": "nlu_fallback", "confidence": 0.0}
    return {**parsed, "intent": intent, "intent_ranking": ranking, "decision": "not_sure", "warns": False}


def _details(parsed: dict[str, Any], text: str, state: State, intent: str) -> Details:
    """What the message leaves; nothing when no one offered to take it."""
    country = clinic().country
    if not state.is_pending:
        found = find_details(text, country)
        # Unasked, only "call me on 310 555 0100" is a request: it wants a person and says how.
        is_request = intent == "handoff" and (found.visitor_phone or found.visitor_email)
        return found if is_request else Details(rest=text)
    if len(text) > LONGEST or (correct(text, state.known) and not re.search(r"@\S", text)):
        return Details(rest=text)
    if _is_word_of_the_form(text):
        return Details(rest=text)
    # An offer is answered by many a word: "kk" and "ciao" are none of those that can only be a name.
    is_awaited = state.asked == "visitor_name" or (state.is_offered_now and not _is_a_small_word(text))
    may_be_name = _may_be_a_name(parsed, intent) or (is_awaited and _is_bare_name(text, intent, state.asked))
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
    if intent in _CONTENT or _names_a_topic(parsed):
        return False
    sure = _VERY_SURE if intent in _CATCH_ALL else _SURE
    return intent == "nlu_fallback" or bool(_best(parsed)["confidence"] < sure)


def _names_a_topic(parsed: dict[str, Any]) -> bool:
    """Whether an unsure classifier saw a word of a topic."""
    best = _best(parsed)
    return base_intent(best["name"]) in _CONTENT and bool(best["confidence"] >= _TOPIC_WORD)


def _best(parsed: dict[str, Any]) -> dict[str, Any]:
    ranking = parsed.get("intent_ranking") or [{"name": "", "confidence": 0.0}]
    return dict(ranking[0])


def _is_word_of_the_form(text: str) -> bool:
    return any(pattern.match(text) for pattern in (_STOP, _GO_ON, _YES, _NO))


def _meant(text: str, parsed: dict[str, Any], state: State) -> str | None:
    """The intent of words that steer the request; None for any others."""
    intent = base_intent(full_intent(parsed))
    if _STOP.match(text):
        return "cancel_request"
    if state.is_active:
        return _meant_in_form(text, parsed, state)
    if _GO_ON.match(text):
        return "resume_request"
    if not state.is_offered_now or intent in _COURTESIES:
        return None
    if _NO.match(text) or intent == "deny":
        return "cancel_request"
    return "resume_request" if _YES.match(text) or intent == "affirm" else None


def _meant_in_form(text: str, parsed: dict[str, Any], state: State) -> str | None:
    intent = base_intent(full_intent(parsed))
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
    # Only what nothing else understands: a question in the middle is answered, or asked back, as always.
    return "unclear_detail" if intent == "nlu_fallback" and not _names_a_topic(parsed) else None


def _as(parsed: dict[str, Any], intent: str) -> dict[str, Any]:
    return {**parsed, "intent": {"name": intent, "confidence": 1.0}, "entities": [], "decision": "callback"}


def _as_details(parsed: dict[str, Any], found: dict[str, str], also_asked: str | None) -> dict[str, Any]:
    entities = [{"entity": field, "value": value, "start": 0, "end": 0} for field, value in found.items()]
    read = _as(parsed, "give_details")
    return {**read, "entities": entities, "callback": {**(parsed.get("callback") or {}), "also_asked": also_asked}}

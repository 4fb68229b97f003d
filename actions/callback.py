"""The call-back request: a form that takes a name, a phone number or e-mail, and perhaps the best time to call.

The words of a message are read in `assistant/`; here values are judged and the next question is chosen. "Sent" stands
in the one reply that carries the request: web shows it by the commit that stores it.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import Any, get_args

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import HANDOFF_ID, HANDOFF_REASON, reason_of
from shared.clinic import clinic
from shared.contact_details import (
    MAX_BEST_TIME,
    MAX_NAME,
    NotAnEmailAddress,
    NotAPhoneNumber,
    read_email,
    read_phone,
)
from shared.reply import Handoff, RequestState

FORM = "callback_form"
NAME, PHONE, EMAIL, BEST_TIME, CONFIRMED = (
    "visitor_name",
    "visitor_phone",
    "visitor_email",
    "best_time",
    "request_confirmed",
)
DETAILS = (NAME, PHONE, EMAIL, BEST_TIME)
_ALL_SLOTS = (*DETAILS, CONFIRMED, HANDOFF_ID, HANDOFF_REASON)
_REQUESTED = "requested_slot"
#: Intents that leave nothing and are about the form all the same.
_STEERING = frozenset({"resume_request", "change_request", "unclear_detail"})

Events = list[dict[str, Any]]


def handoff_of(tracker: Tracker, status: str, request: dict[str, str] | None = None) -> dict[str, Any]:
    """The handoff that a reply of the form carries."""
    given = tracker.get_slot(HANDOFF_ID)
    handoff = {
        "id": given or str(uuid.uuid4()),
        "reason": tracker.get_slot(HANDOFF_REASON) or "human",
        "status": status,
        "request": request,
    }
    return {"handoff": Handoff.model_validate(handoff).model_dump()}


def request_of(tracker: Tracker) -> dict[str, str]:
    """What the visitor left so far, by the names of the reply format: name, phone, email, best_time."""
    names = {NAME: "name", PHONE: "phone", EMAIL: "email", BEST_TIME: "best_time"}
    return {short: str(tracker.get_slot(slot)) for slot, short in names.items() if tracker.get_slot(slot)}


def summary(request: dict[str, str]) -> str:
    """What is about to be sent, in one line a visitor can check."""
    parts = [f"Name: {request['name']}"]
    if "phone" in request:
        is_local = _is_local(request["phone"])
        parts.append(f"phone: {request['phone']}{' (without an area code)' if is_local else ''}")
    if "email" in request:
        parts.append(f"e-mail: {request['email']}")
    if "best_time" in request:
        parts.append(f"best time: {request['best_time']}")
    return "; ".join(parts) + "."


def _is_local(phone: str) -> bool:
    try:
        return read_phone(phone, clinic().country).is_local
    except NotAPhoneNumber:
        return False


class ValidateCallbackForm(FormValidationAction):
    """Judges what was left and asks for what is missing, in this order: name, phone or e-mail, a yes to all of it."""

    def name(self) -> str:
        return f"validate_{FORM}"

    def domain_slots(self, domain: dict[str, Any]) -> list[str]:
        return [*DETAILS, CONFIRMED]

    async def get_extraction_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Nothing is read from the words here: the entities of the message are what the visitor left."""
        return []

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        also = (tracker.latest_message.get("callback") or {}).get("also_asked")
        if also and tracker.slots_to_validate():
            # "Maria, 310 555 0100. And does it hurt?" gets its answer before the next question of the form.
            dispatcher.utter_message(response=f"utter_{also}")
        offered: Events = []
        if tracker.get_slot(HANDOFF_ID) is None:
            # Someone who leaves a number unasked is handed over by that.
            asked = reason_of(tracker.latest_message)
            offered = [
                SlotSet(HANDOFF_ID, str(uuid.uuid4())),
                SlotSet(HANDOFF_REASON, "human" if asked == "not_understood" else asked),
            ]
            tracker.add_slots(offered)
        elif (tracker.latest_message.get("intent") or {}).get("name") in _STEERING:
            # A slot set keeps Rasa from looking for another reply: the form itself has the words for these.
            offered = [SlotSet(HANDOFF_ID, tracker.get_slot(HANDOFF_ID))]
        return [*offered, *await super().run(dispatcher, tracker, domain)]

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return dict(SlotSet(_REQUESTED, next_question(tracker)))

    def validate_visitor_name(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Any name will do; a very long one is cut."""
        return {NAME: " ".join(str(value).split())[:MAX_NAME] or None}

    def validate_visitor_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A possible number, written as people of the clinic's country do; one without an area code stays as it is."""
        try:
            return {PHONE: read_phone(str(value), clinic().country).text}
        except NotAPhoneNumber as error:
            what = "wrong_phone_country" if error.fault == "no country" else "wrong_phone"
            dispatcher.utter_message(response=f"utter_callback_{what}", json_message=handoff_of(tracker, "collecting"))
            return {PHONE: None}

    def validate_visitor_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """An address in its normal form."""
        try:
            return {EMAIL: read_email(str(value))}
        except NotAnEmailAddress:
            dispatcher.utter_message(
                response="utter_callback_wrong_email", json_message=handoff_of(tracker, "collecting")
            )
            return {EMAIL: None}

    def validate_best_time(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """In the visitor's words."""
        return {BEST_TIME: " ".join(str(value).split())[:MAX_BEST_TIME] or None}

    def validate_request_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes counts once there is something to say yes to."""
        is_whole = next_question(tracker, ignoring_yes=True) == CONFIRMED
        return {CONFIRMED: True if value is True and is_whole else None}


def next_question(tracker: Tracker, *, ignoring_yes: bool = False) -> str | None:
    """The slot to ask for; None when all is there and confirmed."""
    if not tracker.get_slot(NAME):
        return NAME
    if not tracker.get_slot(PHONE) and not tracker.get_slot(EMAIL):
        return PHONE
    return CONFIRMED if ignoring_yes or not tracker.get_slot(CONFIRMED) else None


class _Ask(Action, ABC):
    """Asks for a slot; in other words after a message in which nothing was found."""

    #: The last word of the responses' names.
    question: str

    @abstractmethod
    def name(self) -> str: ...

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        how = "unclear" if intent == "unclear_detail" else "ask"
        is_confirming = self.question == "confirm"
        what = "change" if intent == "change_request" and is_confirming else self.question
        dispatcher.utter_message(
            response=f"utter_callback_{how}_{what}",
            request_summary=summary(request_of(tracker)) if is_confirming else "",
            json_message=handoff_of(tracker, "collecting"),
        )
        return []


class AskName(_Ask):
    """Asks whom to ask for."""

    question = "name"

    def name(self) -> str:
        return f"action_ask_{FORM}_{NAME}"


class AskReach(_Ask):
    """Asks for a phone number or an e-mail address."""

    question = "reach"

    def name(self) -> str:
        return f"action_ask_{FORM}_{PHONE}"


class AskConfirm(_Ask):
    """Shows what would be sent and asks for a yes."""

    question = "confirm"

    def name(self) -> str:
        return f"action_ask_{FORM}_{CONFIRMED}"


def forget() -> Events:
    """Empty every slot of the request."""
    return [SlotSet(slot, None) for slot in _ALL_SLOTS]


class ActionSendRequest(Action):
    """Hands the request on in the reply's handoff, and forgets it here."""

    def name(self) -> str:
        return "action_send_request"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(
            response="utter_callback_requested",
            json_message=handoff_of(tracker, "requested", request_of(tracker)),
        )
        return forget()


class ActionCancelRequest(Action):
    """Ends the request, or the offer of one, with nothing stored."""

    def name(self) -> str:
        return "action_cancel_request"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        if tracker.get_slot(HANDOFF_ID) is None:
            stored = (tracker.latest_message.get("callback") or {}).get("stored")
            which = "nothing_to_cancel" if stored else "cancelled"
            dispatcher.utter_message(response=f"utter_callback_{which}")
        else:
            dispatcher.utter_message(response="utter_callback_cancelled", json_message=handoff_of(tracker, "cancelled"))
        return [ActiveLoop(None), SlotSet(_REQUESTED, None), *forget()]


class ActionRequestStatus(Action):
    """Says what is stored. Only web knows, and it tells with every turn: null, or the state of the latest request."""

    def name(self) -> str:
        return "action_request_status"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        stored = (tracker.latest_message.get("callback") or {}).get("stored")
        status = stored if stored in get_args(RequestState) else "none"
        if any(tracker.get_slot(slot) for slot in DETAILS):
            status = "unfinished"
        dispatcher.utter_message(response=f"utter_callback_status_{status}")
        return []

"""The form's actions: what is asked next, what is judged, and what is handed on."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.callback import (
    ActionCancelRequest,
    ActionRequestStatus,
    ActionSendRequest,
    AskConfirm,
    ValidateCallbackForm,
    next_question,
    summary,
)
from tests.conftest import CLINIC, WriteClinic

ID = str(uuid.uuid4())


@pytest.fixture(autouse=True)
def _clinic(write_clinic: WriteClinic) -> None:
    write_clinic(CLINIC)


def tracker_with(intent: str = "give_details", *, stored: str | None = None, **slots: Any) -> Tracker:
    latest = {"intent": {"name": intent}, "callback": {"stored": stored}}
    return Tracker("sender", {"handoff_id": ID, **slots}, latest, [], False, None, {}, "action_listen")


@pytest.mark.parametrize(
    ("slots", "asked"),
    [
        ({}, "visitor_name"),
        ({"visitor_name": "Maria"}, "visitor_phone"),
        ({"visitor_phone": "555-0100"}, "visitor_name"),
        ({"visitor_name": "Maria", "visitor_phone": "555-0100"}, "request_confirmed"),
        ({"visitor_name": "Maria", "visitor_email": "m@example.com"}, "request_confirmed"),
        ({"visitor_name": "Maria", "visitor_email": "m@example.com", "request_confirmed": True}, None),
    ],
)
def test_what_is_missing_is_asked(slots: dict[str, Any], asked: str | None) -> None:
    """A phone number or an e-mail is enough, the best time is never asked for, and nothing goes without a yes."""
    assert next_question(tracker_with(**slots)) == asked


def test_a_yes_before_there_is_anything_to_say_yes_to_is_none() -> None:
    """It would send half a request later."""
    form, dispatcher = ValidateCallbackForm(), CollectingDispatcher()
    assert form.validate_request_confirmed(True, dispatcher, tracker_with(visitor_name="Maria"), {}) == {
        "request_confirmed": None
    }


def test_a_wrong_number_is_said_and_not_kept() -> None:
    """What is wrong with it stands in the reply."""
    form, dispatcher = ValidateCallbackForm(), CollectingDispatcher()
    assert form.validate_visitor_phone("12", dispatcher, tracker_with(), {}) == {"visitor_phone": None}
    assert dispatcher.messages[0]["response"] == "utter_callback_wrong_phone"


def test_the_summary_shows_all_that_would_be_sent() -> None:
    """And that a number lacks its area code."""
    request = {"name": "Maria", "phone": "555-0100", "email": "m@example.com", "best_time": "mornings"}
    shown = summary(request)
    assert all(value in shown for value in request.values())
    assert "without an area code" in shown


def test_the_request_is_handed_on_and_forgotten() -> None:
    """Its last reply holds it; the slots are empty after it."""
    dispatcher = CollectingDispatcher()
    slots = {"visitor_name": "Maria", "visitor_phone": "555-0100", "handoff_reason": "prices"}
    events = ActionSendRequest().run(dispatcher, tracker_with(**slots), {})
    handoff = dispatcher.messages[0]["custom"]["handoff"]
    assert (handoff["id"], handoff["reason"], handoff["status"]) == (ID, "prices", "requested")
    assert handoff["request"] == {"name": "Maria", "phone": "555-0100"}
    assert {event["name"] for event in events} >= {"visitor_name", "visitor_phone", "handoff_id"}
    assert all(event["value"] is None for event in events)


def test_a_withdrawn_request_holds_nothing() -> None:
    """Neither its reply nor a slot."""
    dispatcher = CollectingDispatcher()
    events = ActionCancelRequest().run(dispatcher, tracker_with(visitor_name="Maria"), {})
    assert "Maria" not in str(dispatcher.messages)
    assert {"event": "active_loop", "timestamp": None, "name": None} in events


@pytest.mark.parametrize(
    ("stored", "slots", "said"),
    [
        (None, {}, "none"),
        (None, {"visitor_name": "Maria"}, "unfinished"),
        ("new", {}, "new"),
        ("in_progress", {}, "in_progress"),
        ("done", {}, "done"),
        ("lottery", {}, "none"),
    ],
)
def test_the_status_is_what_web_has_stored(stored: str | None, slots: dict[str, Any], said: str) -> None:
    """And nothing else is called sent."""
    dispatcher = CollectingDispatcher()
    ActionRequestStatus().run(dispatcher, tracker_with("request_status", stored=stored, **slots), {})
    assert dispatcher.messages[0]["response"] == f"utter_callback_status_{said}"


@pytest.mark.parametrize(
    ("intent", "said"),
    [("give_details", "ask_confirm"), ("unclear_detail", "unclear_confirm"), ("change_request", "ask_change")],
)
def test_the_question_fits_what_was_said(intent: str, said: str) -> None:
    """A no asks what should be different; what was not understood is not passed over."""
    dispatcher = CollectingDispatcher()
    AskConfirm().run(dispatcher, tracker_with(intent, visitor_name="Maria", visitor_phone="555-0100"), {})
    assert dispatcher.messages[0]["response"] == f"utter_callback_{said}"

"""The handoff: the words of its reason, the opening hours where they are known, nothing of the visitor."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import ActionHandoff, opening_hours, reason_of
from shared.clinic import Clinic
from shared.reply import Handoff, Reason
from tests.conftest import CLINIC, WriteClinic

WRITTEN = "my name is Jordan Marker and I want an appointment"


def message(key: str | None) -> dict[str, Any]:
    """What the tracker holds of a message whose selector chose `key`."""
    return {
        "text": WRITTEN,
        "intent": {"name": "handoff", "confidence": 0.9},
        "entities": [{"entity": "name", "value": "Jordan Marker"}],
        "response_selector": {"handoff": {"response": {"intent_response_key": key}}},
    }


def run(latest_message: dict[str, Any]) -> dict[str, Any]:
    dispatcher = CollectingDispatcher()
    tracker = Tracker("sender", {}, latest_message, [], False, None, {}, "action_listen")
    events = ActionHandoff().run(dispatcher, tracker, {})
    (sent,) = dispatcher.messages
    handoff = sent["custom"]["handoff"]
    assert {event["name"]: event["value"] for event in events} == {
        "handoff_id": handoff["id"],
        "handoff_reason": handoff["reason"],
    }
    return sent


@pytest.fixture(autouse=True)
def _clinic(write_clinic: WriteClinic) -> None:
    write_clinic(CLINIC)


@pytest.mark.parametrize("reason", get_args(Reason))
def test_each_reason_has_its_own_words_and_handoff(reason: str) -> None:
    """The reason chooses the response and is what the clinic reads."""
    sent = run(message(f"handoff/{reason}"))
    assert sent["response"] == f"utter_handoff/{reason}"
    handoff = Handoff.model_validate(sent["custom"]["handoff"])
    assert (handoff.reason, handoff.status, handoff.request) == (reason, "offered", None)


@pytest.mark.parametrize(
    "latest_message",
    [
        message("handoff/lottery"),
        message("booking"),
        message(None),
        {},
        {"response_selector": None},
        {"response_selector": {"handoff": {"response": None}}},
        {"response_selector": {"safety": {"response": {"intent_response_key": "safety/pain"}}}},
    ],
)
def test_an_unknown_reason_is_not_understood(latest_message: dict[str, Any]) -> None:
    """What no reason fits is still handed over."""
    assert reason_of(latest_message) == "not_understood"
    assert run(latest_message)["response"] == "utter_handoff/not_understood"


def test_nothing_the_visitor_wrote_is_in_the_handoff() -> None:
    """The handoff travels to forms and links, so it holds no word of the message."""
    sent = json.dumps(run(message("handoff/booking")))
    assert "Marker" not in sent
    assert "appointment" not in sent


def test_each_handoff_has_an_id_of_its_own() -> None:
    """Two visitors, or one twice, are two handoffs."""
    first, second = (run(message("handoff/human"))["custom"]["handoff"]["id"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(10, "The clinic is open now. "), (20, "The clinic is closed now and opens again on Monday at 09:00. ")],
)
def test_known_hours_are_said_as_a_sentence(hour: int, expected: str) -> None:
    """The blank after the sentence parts it from the next one."""
    known = Clinic(time_zone="UTC", hours={"monday": ["09:00-17:00"]})
    assert opening_hours(known, datetime(2026, 3, 2, hour, tzinfo=UTC)) == expected


def test_an_offer_that_stands_is_one_handoff() -> None:
    """Asked for prices and then for a person: what the visitor leaves belongs to both."""
    known = str(uuid.uuid4())
    dispatcher = CollectingDispatcher()
    slots = {"handoff_id": known, "handoff_reason": "prices"}
    tracker = Tracker("sender", slots, message("handoff/human"), [], False, None, {}, "action_listen")
    ActionHandoff().run(dispatcher, tracker, {})
    handoff = dispatcher.messages[0]["custom"]["handoff"]
    assert (handoff["id"], handoff["reason"], handoff["status"]) == (known, "human", "offered")


def test_a_request_under_way_keeps_its_reason() -> None:
    """A question about prices in the middle does not change what the call is about."""
    dispatcher = CollectingDispatcher()
    slots = {"handoff_id": str(uuid.uuid4()), "handoff_reason": "complaint"}
    loop = {"name": "callback_form"}
    tracker = Tracker("sender", slots, message("handoff/prices"), [], False, None, loop, "action_listen")
    ActionHandoff().run(dispatcher, tracker, {})
    (sent,) = dispatcher.messages
    assert sent["response"] == "utter_handoff/prices"
    assert (sent["custom"]["handoff"]["reason"], sent["custom"]["handoff"]["status"]) == ("complaint", "collecting")


def test_unknown_hours_are_not_spoken_of() -> None:
    """No hours in the clinic's file, no word about them."""
    assert opening_hours(Clinic(), datetime(2026, 3, 2, 10, tzinfo=UTC)) == ""
    assert run(message("handoff/booking"))["opening_hours"] == ""

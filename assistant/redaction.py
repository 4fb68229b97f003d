"""Names, numbers and addresses leave Rasa's memory once they are handed on or withdrawn."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.callback import DETAIL_SLOTS
from shared.reply import StoredRequest

_BLANK = "[left for the clinic]"


def without_old_details(tracker: DialogueStateTracker, stored: StoredRequest | None) -> DialogueStateTracker:
    """The conversation without what a finished call-back request held; as it is while one is under way.

    A request that was handed on stays until web says that it is stored: until then its turn may be asked for again.
    """
    if any(tracker.get_slot(slot) for slot in DETAIL_SLOTS):
        return tracker
    events = [event.as_dict() for event in tracker.events]
    if not any(_holds_details(event) for event in events):
        return tracker
    last = next((event for event in reversed(events) if _request(event)), None)
    if last is not None and (stored is None or _handoff(last)["id"] != stored.handoff):
        return tracker
    cleaned = [event for event in (Event.from_parameters(_without(event)) for event in events) if event is not None]
    return DialogueStateTracker.from_events(tracker.sender_id, cleaned, list(tracker.slots.values()))


def _handoff(event: dict[str, Any]) -> dict[str, Any]:
    return ((event.get("data") or {}).get("custom") or {}).get("handoff") or {}


def _request(event: dict[str, Any]) -> bool:
    return event["event"] == "bot" and bool(_handoff(event).get("request"))


def _is_left(event: dict[str, Any]) -> bool:
    is_read = (event.get("parse_data") or {}).get("decision") == "callback"
    return event["event"] == UserUttered.type_name and is_read and event.get("text") != _BLANK


def _is_asked(event: dict[str, Any]) -> bool:
    is_form = _handoff(event).get("status") in ("collecting", "requested")
    return event["event"] == "bot" and is_form and event.get("text") != _BLANK


def _is_slot(event: dict[str, Any]) -> bool:
    return event["event"] == "slot" and event.get("name") in DETAIL_SLOTS and event.get("value") is not None


def _holds_details(event: dict[str, Any]) -> bool:
    return _is_left(event) or _is_asked(event) or _is_slot(event)


def _without(event: dict[str, Any]) -> dict[str, Any]:
    if _is_slot(event):
        return {**event, "value": None}
    if _is_left(event):
        return _blanked(event)
    if _is_asked(event):
        handoff = {**_handoff(event), "request": None}
        data = {**event["data"], "custom": {**event["data"]["custom"], "handoff": handoff}}
        # Rasa keeps what a response was filled in with.
        metadata = {key: value for key, value in (event.get("metadata") or {}).items() if key != "request_summary"}
        return {**event, "text": _BLANK, "data": data, "metadata": metadata}
    return event


def _blanked(event: dict[str, Any]) -> dict[str, Any]:
    parsed = {key: value for key, value in (event.get("parse_data") or {}).items() if key not in ("text", "entities")}
    return {**event, "text": _BLANK, "parse_data": {**parsed, "text": _BLANK, "entities": []}}


def without_message(tracker: DialogueStateTracker, message_id: str, part_mark: str) -> DialogueStateTracker:
    """The conversation without what one message said, and without the details taken from it.

    Args:
        tracker: the conversation.
        message_id: the message's id; its later parts have it with `part_mark` and a number behind it.
        part_mark: what stands between id and number.
    """
    cleaned: list[dict[str, Any]] = []
    is_its_turn = False
    for event in (event.as_dict() for event in tracker.events):
        if event["event"] == UserUttered.type_name:
            its_id = event.get("message_id") or ""
            is_its_turn = its_id == message_id or its_id.startswith(f"{message_id}{part_mark}")
            cleaned.append(_blanked(event) if is_its_turn else event)
        else:
            cleaned.append(_without(event) if is_its_turn else event)
    events = [event for event in (Event.from_parameters(each) for each in cleaned) if event is not None]
    return DialogueStateTracker.from_events(tracker.sender_id, events, list(tracker.slots.values()))

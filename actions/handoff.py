"""Handing a visitor over to the clinic: why, and when someone is there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, get_args

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from shared.clinic import Clinic, clinic
from shared.reply import Handoff, Reason

REASONS: frozenset[str] = frozenset(get_args(Reason))
HANDOFF_ID, HANDOFF_REASON = "handoff_id", "handoff_reason"


class ActionHandoff(Action):
    """Offers the clinic's phone and form in the words of the reason, and to take a call-back request here.

    The reason is the part of the visitor's intent behind the slash, `handoff/booking`; a message that was not
    understood gives `not_understood`. Nothing the visitor wrote goes into the handoff. Two offers one after the other
    are one handoff, so that what the visitor leaves belongs to all of it.
    """

    def name(self) -> str:
        return "action_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        reason = reason_of(tracker.latest_message)
        is_collecting = bool(tracker.active_loop)
        handoff = Handoff(
            id=tracker.get_slot(HANDOFF_ID) or str(uuid.uuid4()),
            # A request under way keeps what it was for.
            reason=(tracker.get_slot(HANDOFF_REASON) if is_collecting else None) or reason,
            status="collecting" if is_collecting else "offered",
        )
        dispatcher.utter_message(
            response=f"utter_handoff/{reason}",
            opening_hours=opening_hours(clinic(), datetime.now(UTC)),
            json_message={"handoff": handoff.model_dump()},
        )
        return [SlotSet(HANDOFF_ID, handoff.id), SlotSet(HANDOFF_REASON, handoff.reason)]


def reason_of(latest_message: dict[str, Any]) -> Reason:
    """The reason in a message's selector output."""
    selected = ((latest_message.get("response_selector") or {}).get("handoff") or {}).get("response") or {}
    reason = str(selected.get("intent_response_key") or "").partition("/")[2]
    return reason if reason in REASONS else "not_understood"  # type: ignore[return-value]  # narrowed by REASONS


def opening_hours(known: Clinic, now: datetime) -> str:
    """Whether the clinic is open, as a sentence with a blank after it; empty when its hours are unknown."""
    match known.is_open(now):
        case True:
            return "The clinic is open now. "
        case False:
            opens = known.next_opening(now)
            again = f" and opens again on {opens:%A} at {opens:%H:%M}" if opens else ""
            return f"The clinic is closed now{again}. "
        case None:
            return ""

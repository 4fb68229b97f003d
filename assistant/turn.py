"""One turn: a message through Rasa, and what came of it, told from the conversation's stored events.

Rasa writes a conversation once, at the end of a turn. So a message id that is in the stored events was handled whole,
and its result can be told again at any time; one that is not there left no trace. A turn in which nothing was said, as
when the action server was down, is not done: the same message is handled again.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.shared.core.constants import DEFAULT_ACTION_NAMES
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.selection import choice_parse_data, full_intent
from shared.clinic import clinic
from shared.reply import Choice, Contact, Handoff, Ranked, Reply, Turn, Understood

CHANNEL = "gateway"
#: The kinds of reply that say how to reach the clinic.
_KINDS_WITH_CONTACT = frozenset({"handoff", "form", "notice", "out_of_scope"})
_LEADING_SLASHES = re.compile(r"^[\s/]+")


class ChoiceNotOffered(Exception):
    """The conversation was never offered this choice."""


class Silent(OutputChannel):
    """Says nothing: replies are read from the events."""

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        return None


async def take_turn(
    agent: Agent, conversation: str, message_id: str, *, text: str | None = None, choice: str | None = None
) -> Turn:
    """Handle a message once, or tell again what came of it.

    Args:
        agent: a loaded agent.
        conversation: the conversation's id.
        message_id: unique in the conversation; the same one gives the same result and handles nothing twice.
        text: what the visitor typed; a leading `/` is text, not a command.
        choice: the id of a choice offered in this conversation, instead of text.

    Raises:
        ChoiceNotOffered: this conversation was not offered that choice.
    """
    tracker = await agent.tracker_store.retrieve(conversation)
    if tracker is None or not any(isinstance(event, BotUttered) for event in _events_of(tracker, message_id)):
        parse_data = None
        if choice is not None:
            if tracker is None or choice not in _offered(tracker):
                raise ChoiceNotOffered(choice)
            parse_data = choice_parse_data(choice, choice)
        await agent.handle_message(
            UserMessage(
                text=choice if choice is not None else _LEADING_SLASHES.sub("", text or ""),
                output_channel=Silent(),
                sender_id=conversation,
                parse_data=parse_data,
                input_channel=CHANNEL,
                message_id=message_id,
            )
        )
        tracker = await agent.tracker_store.retrieve(conversation)
    events = _events_of(tracker, message_id) if tracker else []
    return _turn(events, agent.model_id)


def _events_of(tracker: DialogueStateTracker, message_id: str) -> list[Event]:
    """The message's own event and all up to the next message, the last time it was handled; empty when it never was."""
    events: list[Event] = []
    is_its_turn = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            is_its_turn = event.message_id == message_id
            events = [event] if is_its_turn else events
        elif is_its_turn:
            events.append(event)
    return events


def _offered(tracker: DialogueStateTracker) -> set[str]:
    said = (event for event in tracker.events if isinstance(event, BotUttered))
    return {button["payload"] for event in said for button in event.data.get("buttons") or []}


def _turn(events: list[Event], model: str | None) -> Turn:
    replies = [_reply(event) for event in events if isinstance(event, BotUttered) and event.text]
    parse_data = events[0].parse_data if events and isinstance(events[0], UserUttered) else {}
    actions = [e.action_name for e in events if isinstance(e, ActionExecuted) and e.action_name]
    return Turn(
        replies=replies,
        understood=Understood(
            intent=full_intent(parse_data) or None,
            topics=list(dict.fromkeys(reply.topic for reply in replies if reply.topic)),
            confidence=(parse_data.get("intent") or {}).get("confidence") or 0.0,
            ranking=[
                Ranked(label=candidate["name"], confidence=candidate["confidence"])
                for candidate in parse_data.get("intent_ranking") or []
            ],
            rules=[
                f"{hit['kind']} ({hit['excuse']})" if hit["excuse"] else hit["kind"]
                for hit in parse_data.get("red_flags") or []
            ],
            actions=[name for name in actions if name not in DEFAULT_ACTION_NAMES],
            model=model,
        ),
    )


def _reply(said: BotUttered) -> Reply:
    shown = (said.metadata.get("metadata") or {}).get("reply") or {}
    custom = said.data.get("custom") or {}
    kind = shown.get("kind") or "answer"
    return Reply(
        text=said.text,
        kind=kind,
        topic=shown.get("topic"),
        care=shown.get("care"),
        sources=shown.get("sources") or [],
        reviewed=shown.get("reviewed"),
        choices=[
            Choice(id=button["payload"], title=button["title"], description=button.get("description") or "")
            for button in said.data.get("buttons") or []
        ],
        contact=_contact() if kind in _KINDS_WITH_CONTACT else None,
        handoff=Handoff.model_validate(custom["handoff"]) if custom.get("handoff") else None,
    )


def _contact() -> Contact:
    link = clinic().contact_link
    return Contact(phone=clinic().phone_e164, phone_text=clinic().phone_text, form_url=str(link) if link else None)

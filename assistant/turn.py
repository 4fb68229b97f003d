"""One turn: a message through Rasa, and what came of it, told from the conversation's stored events.

Rasa writes a conversation once, at the end of a turn. So a message id that is in the stored events was handled whole,
and its result can be told again at any time; one that is not there left no trace. A turn in which nothing was said, as
when the action server was down, is not done: it is undone, and the same message is handled again. Turns of one
conversation are taken one at a time, also when a caller has given up on one and asks again.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.shared.core.constants import DEFAULT_ACTION_NAMES
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.callback import FORM, State, in_context
from assistant.followups import Past, in_conversation, named_choice, names_a_missing_choice
from assistant.parts import Part, parts_of
from assistant.redaction import without_message, without_old_details
from assistant.selection import base_intent, choice_parse_data, fallback_parse_data, full_intent
from shared.clinic import clinic
from shared.reply import Choice, Contact, Handoff, Ranked, Reply, StoredRequest, Turn, Understood

CHANNEL = "gateway"
#: The kinds of reply that say how to reach the clinic.
_KINDS_WITH_CONTACT = frozenset({"handoff", "form", "notice", "out_of_scope"})
#: Between a message's id and the number of a later part of it.
_PART = "#"
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
    agent: Agent,
    conversation: str,
    message_id: str,
    *,
    text: str | None = None,
    choice: str | None = None,
    stored: StoredRequest | None = None,
) -> Turn:
    """Handle a message once, or tell again what came of it.

    Args:
        agent: a loaded agent.
        conversation: the conversation's id.
        message_id: unique in the conversation; the same one gives the same result and handles nothing twice.
        text: what the visitor typed; a leading `/` is text, not a command.
        choice: the id of a choice offered in this conversation, instead of text.
        stored: the conversation's latest call-back request, as web has stored it.

    Raises:
        ChoiceNotOffered: this conversation was not offered that choice.
    """
    async with agent.lock_store.lock(f"turn:{conversation}"):
        tracker = await agent.tracker_store.retrieve(conversation)
        if tracker is None or not _said(_events_of(tracker, message_id)):
            tracker = await _undo(agent, tracker, conversation, message_id)
            parts = await _understand(agent, tracker, text, choice)
            for part in parts:
                part.parsed["callback"] = {
                    **(part.parsed.get("callback") or {}),
                    "stored": stored.state if stored else None,
                }
            ready = _prepare(agent, tracker, parts[0].parsed, stored)
            events_before = list(ready.events) if ready is not None else []
            tracker = await _handle(agent, conversation, message_id, parts, ready)
            if not _said(_events_of(tracker, message_id)):
                await _restore(agent, _with_events(tracker, events_before), conversation)
    events = _events_of(tracker, message_id) if tracker else []
    return _turn(events, agent.model_id)


async def blank_message(agent: Agent, conversation: str, message_id: str) -> bool:
    """Forget what one message said; whether it was remembered. What was answered to it stays."""
    async with agent.lock_store.lock(f"turn:{conversation}"):
        tracker = await agent.tracker_store.retrieve(conversation)
        if tracker is None or not _events_of(tracker, message_id):
            return False
        await agent.tracker_store.save(without_message(tracker, message_id, _PART))
        return True


def _typed(text: str | None) -> str:
    return _LEADING_SLASHES.sub("", text or "")


async def _understand(
    agent: Agent, tracker: DialogueStateTracker | None, text: str | None, choice: str | None
) -> list[Part]:
    """What a message says, in the light of the conversation: its questions in order, or the message as one part."""
    past = Past.of(tracker)
    typed = _typed(text)
    if choice is None:
        choice = named_choice(typed, past.choices)
    elif choice not in _offered(tracker):
        raise ChoiceNotOffered(choice)
    if choice is not None:
        return [Part(typed or choice, choice_parse_data(choice, choice))]
    if names_a_missing_choice(typed, past.choices):
        return [Part(typed, fallback_parse_data(typed))]
    state = State.of(tracker)
    parsed = await in_context(await agent.parse_message(typed), typed, state, agent.parse_message)
    if state.is_active or parsed.get("decision") == "callback":
        return [Part(typed, parsed)]
    read = await in_conversation(parsed, typed, past, agent.parse_message)
    return [Part(typed, read)] if read is not parsed else await parts_of(typed, parsed, agent.parse_message)


async def _handle(
    agent: Agent, conversation: str, message_id: str, parts: list[Part], tracker: DialogueStateTracker | None
) -> DialogueStateTracker:
    """Let the policies answer each part, and store all of the turn at once; gives the conversation as it is then."""
    processor = agent.processor
    if processor is None:
        raise RuntimeError("The agent has no model. Run `make train`.")
    channel = Silent()
    messages = [
        UserMessage(
            text=part.text,
            output_channel=channel,
            sender_id=conversation,
            parse_data=part.parsed,
            input_channel=CHANNEL,
            message_id=message_id if number == 1 else f"{message_id}{_PART}{number}",
        )
        for number, part in enumerate(parts, start=1)
    ]
    if tracker is None:
        tracker = await processor.get_tracker(conversation)
    else:
        # As Rasa's own `get_tracker` does, without reading the conversation again.
        tracker.model_id = agent.model_id
        tracker.assistant_id = tracker.assistant_id or processor.model_metadata.assistant_id
    await processor._update_tracker_session(tracker, channel, None)
    for message in messages:
        await processor._handle_message_with_tracker(message, tracker)
        tracker = await processor.run_action_extract_slots(channel, tracker)
        await processor._run_prediction_loop(channel, tracker)
    await processor.save_tracker(tracker)
    return tracker


def _prepare(
    agent: Agent, tracker: DialogueStateTracker | None, parsed: dict[str, Any], stored: StoredRequest | None
) -> DialogueStateTracker | None:
    """The conversation as the policies have to see it, before the message.

    A red flag suspends the call-back request here, so that the advice waits for no action server.
    """
    if tracker is None:
        return None
    ready = without_old_details(tracker, stored)
    if base_intent(full_intent(parsed)) == "emergency" and ready.active_loop_name == FORM:
        ready.update_with_events([ActiveLoop(None), SlotSet("requested_slot", None)], agent.domain)
    return ready


async def _undo(
    agent: Agent, tracker: DialogueStateTracker | None, conversation: str, message_id: str
) -> DialogueStateTracker | None:
    """The conversation without a turn of this message in which nothing was said."""
    if tracker is None or not _events_of(tracker, message_id):
        return tracker
    events = list(tracker.events)
    of_message = [event for event in events if isinstance(event, UserUttered) and event.message_id == message_id]
    first = next(index for index, event in enumerate(events) if event is of_message[-1])
    before = _with_events(tracker, events[:first])
    await _restore(agent, before, conversation)
    return before


def _with_events(tracker: DialogueStateTracker, events: list[Event]) -> DialogueStateTracker | None:
    """The conversation with these events alone; None when there are none."""
    if not events:
        return None
    return DialogueStateTracker.from_events(tracker.sender_id, events, list(tracker.slots.values()))


async def _restore(agent: Agent, before: DialogueStateTracker | None, conversation: str) -> None:
    if before is not None:
        await agent.tracker_store.save(before)
    else:
        await agent.tracker_store.delete(conversation)


def _said(events: list[Event]) -> bool:
    return any(isinstance(event, BotUttered) for event in events)


def _events_of(tracker: DialogueStateTracker, message_id: str) -> list[Event]:
    """The message's own event and all up to the next message, the last time it was handled; empty when it never was."""
    events: list[Event] = []
    is_its_turn = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            is_part = is_its_turn and (event.message_id or "").startswith(f"{message_id}{_PART}")
            is_its_turn = is_part or event.message_id == message_id
            if is_part:
                events.append(event)
            elif is_its_turn:
                events = [event]
        elif is_its_turn:
            events.append(event)
    return events


def _offered(tracker: DialogueStateTracker | None) -> set[str]:
    said = (event for event in (tracker.events if tracker else []) if isinstance(event, BotUttered))
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
    handoff = Handoff.model_validate(custom["handoff"]) if custom.get("handoff") else None
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
        contact=_contact(handoff.reason if handoff else None) if kind in _KINDS_WITH_CONTACT else None,
        handoff=handoff,
    )


def _contact(reason: str | None) -> Contact:
    link = clinic().contact_link_about(reason)
    return Contact(phone=clinic().phone_e164, phone_text=clinic().phone_text, form_url=link)

"""One turn, from any door: inbox, lease, one repeatable call, one commit.

A message is committed before anything is done with it. Whoever holds the conversation's lease takes its messages in
order; no transaction is open while Rasa works; replies, what was understood and the handoff are committed together.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from shared.reply import Reply as ReplyFormat
from shared.reply import Turn, Understood
from web import rasa
from web.contact.links import form_url
from web.conversations.models import Conversation, Handoff, Message, Reply
from web.notices import outage_notice, unknown_choice_notice

logger = logging.getLogger(__name__)

#: Longer than Rasa may take for one message, so that a lease only runs out when its holder is gone.
LEASE = timedelta(seconds=75)
#: A visitor is told that something is down after this long, even when others hold the conversation.
PATIENCE = timedelta(seconds=30)


def receive(
    conversation: Conversation, external_id: str, *, text: str = "", choice: str = ""
) -> tuple[Message, bool]:
    """Commit a message to the inbox; the message, and whether it is new.

    The same external id on the same channel is the same message, whatever else it says.
    """
    key = {"channel": conversation.channel, "external_id": f"{conversation.id.hex}:{external_id}"}
    try:
        with transaction.atomic():
            message = Message.objects.create(conversation=conversation, text=text, choice=choice, **key)
            Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now())
        return message, True
    except IntegrityError:
        return Message.objects.get(**key), False


async def answer(message: Message) -> list[Reply]:
    """The replies to a message, in order, once it and all before it in its conversation are handled.

    Always gives at least one reply: when a part is down, the clinic's phone, its form and the emergency line.
    """
    owner = uuid.uuid4().hex
    deadline = timezone.now() + PATIENCE
    while True:
        if await sync_to_async(_claim)(message.conversation_id, owner):
            try:
                await _handle_waiting(message, owner)
            finally:
                await sync_to_async(_release)(message.conversation_id, owner)
        replies = await sync_to_async(_replies_of)(message)
        if replies:
            return replies
        if timezone.now() >= deadline:
            logger.error("Message %s: no one handled it in time", message.pk)
            return [Reply(message=message, position=0, kind="notice", body=outage_notice().model_dump(mode="json"))]
        await asyncio.sleep(random.uniform(0.02, 0.08))  # noqa: S311 (spreads the retries, no secret)


def _claim(conversation: uuid.UUID, owner: str) -> bool:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = Conversation.objects.filter(free, pk=conversation).update(lease_owner=owner, lease_until=now + LEASE)
    return claimed == 1


def _release(conversation: uuid.UUID, owner: str) -> None:
    Conversation.objects.filter(pk=conversation, lease_owner=owner).update(lease_owner="", lease_until=None)


def _replies_of(message: Message) -> list[Reply]:
    return list(Reply.objects.filter(message=message).select_related("message").order_by("position"))


async def _handle_waiting(asked: Message, owner: str) -> None:
    """Handle the conversation's waiting messages in order, up to and with the one asked for."""
    while True:
        waiting = await sync_to_async(_next_waiting)(asked, owner)
        if waiting is None:
            return
        turn, state = await _ask_rasa(waiting)
        if not await sync_to_async(_commit)(waiting, turn, state, owner):
            return


def _next_waiting(asked: Message, owner: str) -> Message | None:
    """The oldest waiting message up to the asked one, with the lease made longer for it.

    A message that failed is tried again when it is asked for again.
    """
    held = Conversation.objects.filter(pk=asked.conversation_id, lease_owner=owner)
    if not held.update(lease_until=timezone.now() + LEASE):
        return None
    waiting = Q(state=Message.State.RECEIVED)
    return (
        Message.objects.filter(waiting, conversation=asked.conversation_id, pk__lte=asked.pk)
        .select_related("conversation")
        .order_by("pk")
        .first()
    )


async def _ask_rasa(message: Message) -> tuple[Turn, Message.State]:
    nothing = Understood(intent=None, topics=[], confidence=0.0)
    try:
        turn = await rasa.take_turn(
            conversation=message.conversation_id.hex,
            message_id=str(message.pk),
            text=message.text,
            choice=message.choice,
            channel=message.channel,
            language=message.conversation.language,
        )
    except rasa.RasaUnavailable as error:
        logger.error("Message %s: Rasa is unavailable (%s)", message.pk, error.reason)
        return Turn(replies=[outage_notice()], understood=nothing), Message.State.FAILED
    except rasa.ChoiceRefused:
        return Turn(replies=[unknown_choice_notice()], understood=nothing), Message.State.HANDLED
    return turn, Message.State.HANDLED


def _commit(message: Message, turn: Turn, state: Message.State, owner: str) -> bool:
    """Store all that came of a message, at once; False when the lease was lost and someone else does it."""
    with transaction.atomic():
        held = Conversation.objects.select_for_update().filter(pk=message.conversation_id, lease_owner=owner)
        if not held.exists():
            return False
        for position, reply in enumerate(turn.replies):
            if reply.handoff is not None:
                Handoff.objects.update_or_create(
                    pk=reply.handoff.id,
                    defaults={
                        "conversation_id": message.conversation_id,
                        "message": message,
                        "reason": reply.handoff.reason,
                        "status": reply.handoff.status,
                    },
                )
            Reply.objects.create(
                message=message,
                position=position,
                kind=reply.kind,
                topic=reply.topic or "",
                body=_with_form(reply).model_dump(mode="json"),
            )
        Message.objects.filter(pk=message.pk).update(
            state=state,
            handled_at=timezone.now(),
            kind=turn.kind or "",
            topics=turn.topics,
            confidence=turn.understood.confidence,
            understood=turn.understood.model_dump(mode="json"),
        )
    return True


def _with_form(reply: ReplyFormat) -> ReplyFormat:
    """The reply with the link of the built-in form, where the clinic has no contact page of its own."""
    if reply.contact is None or reply.contact.form_url is not None:
        return reply
    link = form_url(reply.handoff.id if reply.handoff else None)
    return reply.model_copy(update={"contact": reply.contact.model_copy(update={"form_url": link})})


def retry(message: Message) -> None:
    """Put a message that failed back in the inbox; Rasa handles a message id once, so nothing is done twice."""
    with transaction.atomic():
        again = Message.objects.filter(pk=message.pk, state=Message.State.FAILED).update(state=Message.State.RECEIVED)
        if again:
            Reply.objects.filter(message=message).delete()

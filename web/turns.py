"""One turn, from any door: inbox, lease, one repeatable call, one commit.

A message is committed before anything is done with it. Whoever holds the conversation's lease takes its messages in
order; no transaction is open while Rasa works; replies, what was understood and the handoff are committed together.
Once begun, a turn is finished, whether or not the visitor still waits for it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DataError, IntegrityError, connection, connections, transaction
from django.db.models import Q
from django.utils import timezone

from shared.reply import Reply as ReplyFormat
from shared.reply import Turn, Understood
from web import rasa
from web.contact.links import form_url
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure, Handoff, Message, Reply
from web.notices import outage_notice, unknown_choice_notice

logger = logging.getLogger(__name__)

#: Longer than Rasa may take for one message, so that a lease only runs out when its holder is gone.
LEASE = timedelta(seconds=75)
#: A visitor is told that something is down after this long, even when others hold the conversation.
PATIENCE = timedelta(seconds=30)

Parameters = ParamSpec("Parameters")
Parameter = TypeVar("Parameter")
Result = TypeVar("Result")


class Busy(Exception):
    """Another message of the conversation is being handled, and for too long."""


def receive(conversation: Conversation, external_id: str, *, text: str = "", choice: str = "") -> tuple[Message, bool]:
    """Commit a message to the inbox; the message, and whether it is new.

    The same external id on the same channel is the same message, whatever else it says.

    Raises:
        Conversation.DoesNotExist: it was erased a moment ago.
    """
    key = {"channel": conversation.channel, "external_id": f"{conversation.id.hex}:{external_id}"}
    try:
        with transaction.atomic():
            message = Message.objects.create(conversation=conversation, text=text, choice=choice, **key)
            Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now())
        return message, True
    except IntegrityError:
        known = Message.objects.filter(**key).first()
        if known is None:
            raise Conversation.DoesNotExist from None
        return known, False


async def answer(message: Message) -> list[Reply]:
    """The replies to a message, in order, once it and all before it in its conversation are handled.

    Always gives at least one reply: when a part is down, the clinic's phone, its form and the emergency line.

    Raises:
        Conversation.DoesNotExist: it was erased meanwhile.
    """
    return await _to_the_end(_answer, message)


async def erase(conversation: Conversation) -> Erasure:
    """Erase a conversation everywhere, and give the receipt: first what Rasa remembers, then log and requests at once.

    It takes the lease, so that no message being handled is remembered after it.

    Raises:
        RasaUnavailable, Busy: nothing was erased from the log.
        Conversation.DoesNotExist: it was erased already.
    """
    return await _to_the_end(_erase, conversation)


async def _answer(message: Message) -> list[Reply]:
    owner = uuid.uuid4().hex
    deadline = timezone.now() + PATIENCE
    while True:
        if await _in_database(_claim, message.conversation_id, owner):
            try:
                await _handle_waiting(message, owner, deadline)
            finally:
                await _in_database(_release, message.conversation_id, owner)
        replies = await _in_database(_replies_of, message)
        if replies:
            return replies
        if timezone.now() >= deadline:
            logger.error("Message %s: no one handled it in time", message.pk)
            return [Reply(message=message, position=0, kind="notice", body=outage_notice().model_dump(mode="json"))]
        await _a_moment()


async def _erase(conversation: Conversation) -> Erasure:
    owner = uuid.uuid4().hex
    deadline = timezone.now() + PATIENCE
    while not await _in_database(_claim, conversation.pk, owner):
        if not await _in_database(Conversation.objects.filter(pk=conversation.pk).exists):
            raise Conversation.DoesNotExist
        if timezone.now() >= deadline:
            raise Busy
        await _a_moment()
    try:
        await rasa.forget(conversation.pk.hex)
        return await _in_database(_delete, conversation.pk)
    finally:
        await _in_database(_release, conversation.pk, owner)


def _delete(conversation: uuid.UUID) -> Erasure:
    with transaction.atomic():
        messages = Message.objects.filter(conversation=conversation).count()
        requests = ContactRequest.objects.filter(conversation=conversation).count()
        Conversation.objects.filter(pk=conversation).delete()
        return Erasure.objects.create(messages=messages, requests=requests)


async def _a_moment() -> None:
    await asyncio.sleep(random.uniform(0.02, 0.08))  # noqa: S311 (spreads the retries, no secret)


async def _in_database(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a step in a thread. No pooled connection is held between steps: many visitors wait for Rasa."""

    def step() -> Result:
        try:
            return work(*args, **kwargs)
        finally:
            _give_back()

    return await sync_to_async(step)()


def _give_back() -> None:
    """Return the connection to the pool. SQLite has none: a connection is a file, and opening it costs more."""
    if connection.vendor != "sqlite":
        connections.close_all()


#: Turns under way; the event loop alone would not keep them.
_under_way: set[asyncio.Task[Any]] = set()


async def _to_the_end(work: Callable[[Parameter], Awaitable[Result]], argument: Parameter) -> Result:
    """Do it even when the visitor hangs up: work dropped in the middle would keep the lease until that runs out."""

    async def in_a_thread_of_its_own() -> Result:
        async with ThreadSensitiveContext():
            try:
                return await work(argument)
            finally:
                await sync_to_async(connections.close_all)()

    await sync_to_async(_give_back)()
    task = asyncio.create_task(in_a_thread_of_its_own(), context=contextvars.Context())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return await asyncio.shield(task)


def _claim(conversation: uuid.UUID, owner: str) -> bool:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = Conversation.objects.filter(free, pk=conversation).update(lease_owner=owner, lease_until=now + LEASE)
    return claimed == 1


def _release(conversation: uuid.UUID, owner: str) -> None:
    Conversation.objects.filter(pk=conversation, lease_owner=owner).update(lease_owner="", lease_until=None)


def _replies_of(message: Message) -> list[Reply]:
    replies = list(Reply.objects.filter(message=message).order_by("position"))
    if not replies and not Message.objects.filter(pk=message.pk).exists():
        raise Conversation.DoesNotExist
    return replies


async def _handle_waiting(asked: Message, owner: str, deadline: datetime) -> None:
    """Handle the conversation's waiting messages in order, up to and with the one asked for, until the deadline."""
    while timezone.now() < deadline:
        waiting = await _in_database(_next_waiting, asked, owner)
        if waiting is None:
            return
        turn, state = await _ask_rasa(waiting)
        try:
            is_ours = await _in_database(_commit, waiting, turn, state, owner)
        except (DataError, IntegrityError) as error:
            # Left waiting, it would stand before every later message of this visitor.
            logger.error("Message %s: its replies can't be stored (%s)", waiting.pk, type(error).__name__)
            is_ours = await _in_database(_commit, waiting, _outage(), Message.State.FAILED, owner)
        if not is_ours:
            return


def _next_waiting(asked: Message, owner: str) -> Message | None:
    """The oldest waiting message up to the asked one, with the lease made longer for it."""
    held = Conversation.objects.filter(pk=asked.conversation_id, lease_owner=owner)
    if not held.update(lease_until=timezone.now() + LEASE):
        return None
    return (
        Message.objects.filter(state=Message.State.RECEIVED, conversation=asked.conversation_id, pk__lte=asked.pk)
        .select_related("conversation")
        .order_by("pk")
        .first()
    )


_NOTHING = Understood(intent=None, topics=[], confidence=0.0)


async def _ask_rasa(message: Message) -> tuple[Turn, Message.State]:
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
        return _outage(), Message.State.FAILED
    except rasa.ChoiceRefused:
        return Turn(replies=[unknown_choice_notice()], understood=_NOTHING), Message.State.HANDLED
    return turn, Message.State.HANDLED


def _outage() -> Turn:
    return Turn(replies=[outage_notice()], understood=_NOTHING)


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

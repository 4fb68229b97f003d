"""Sending what is queued: in order for each conversation, different conversations side by side.

A part is marked as being sent before the call. If the answer does not come, or this process ends, it is not known
whether the visitor got it. Then our own id in what the provider reports settles it; if it does not come back in
`SETTLE`, the part is sent again. What came by then but was not read yet is read first.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

import httpx
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from pywa_async.errors import WhatsAppError

from web.channels import graph, identity, outbox, sending_messenger, sending_whatsapp
from web.channels.errors import Cause
from web.channels.events import Person, Problem
from web.channels.ids import decrypted, hashed
from web.channels.models import Delivery, Hold, Origin, Visitor, Webhook
from web.channels.outbox import GIVE_UP_AFTER, OPEN, State
from web.conversations.models import Channel, Message
from web.conversations.pause import is_paused
from web.steps import in_database, to_the_end

logger = logging.getLogger(__name__)

#: How long our own id may take to come back.
SETTLE = timedelta(seconds=60)
#: How long a part waits, after that, for webhooks to be read that may hold our id.
LONGEST_BACKLOG = timedelta(minutes=10)
#: Whoever sends to a visitor has so long for one part; longer than a call may take.
LEASE = timedelta(seconds=graph.TIMEOUT_SECONDS + 5)


def waiting_conversations(limit: int) -> list[uuid.UUID]:
    """Conversations with a part whose time has come, that no one sends to; the longest waiting first."""
    now = timezone.now()
    held = Hold.objects.filter(until__gt=now).values("channel")
    stands_before = Delivery.objects.filter(
        conversation=OuterRef("conversation"), state__in=OPEN, pk__lt=OuterRef("pk"), next_attempt_at__gt=now
    )
    free = Q(conversation__visitor__sending_until=None) | Q(conversation__visitor__sending_until__lt=now)
    due = (
        Delivery.objects.filter(free, state__in=OPEN, next_attempt_at__lte=now)
        .exclude(conversation__channel__in=held)
        .exclude(Exists(stands_before))
        .exclude(_may_have_come_back(now))
        .order_by("next_attempt_at")
    )
    return list(dict.fromkeys(due.values_list("conversation_id", flat=True)[: 3 * limit]))[:limit]


def _may_have_come_back(now: datetime) -> Q:
    """Parts of unknown outcome, whose id may be in a webhook that came in time and is not read yet."""
    unread = Webhook.objects.filter(
        channel=OuterRef("conversation__channel"), problem="", received_at__lte=OuterRef("next_attempt_at")
    )
    return Q(Exists(unread), state=State.SENDING, next_attempt_at__gt=now - LONGEST_BACKLOG)


async def deliver(conversation: uuid.UUID) -> None:
    """Send what a conversation's visitor is due, unless someone else is at it."""
    await to_the_end(_deliver, conversation)


async def _deliver(conversation: uuid.UUID) -> None:
    owner = uuid.uuid4().hex
    if not await in_database(_claim, conversation, owner):
        return
    try:
        while (taken := await in_database(_take_next, conversation, owner)) is not None:
            await _send(*taken)
    finally:
        await in_database(_release, conversation, owner)


def _claim(conversation: uuid.UUID, owner: str) -> bool:
    now = timezone.now()
    free = Q(sending_until=None) | Q(sending_until__lt=now)
    claimed = Visitor.objects.filter(free, conversation=conversation).update(sender=owner, sending_until=now + LEASE)
    return claimed == 1


def _release(conversation: uuid.UUID, owner: str) -> None:
    Visitor.objects.filter(conversation=conversation, sender=owner).update(sender="", sending_until=None)


def _take_next(conversation: uuid.UUID, owner: str) -> tuple[Delivery, Person] | None:
    """The next part, marked as being sent, and whom to send it to; None when nothing is to be sent now."""
    while True:
        with transaction.atomic():
            now = timezone.now()
            mine = Visitor.objects.select_for_update().filter(conversation=conversation, sender=owner)
            visitor = mine.first()
            first = (
                Delivery.objects.select_for_update(of=("self",))
                .select_related("conversation")
                .filter(conversation=conversation, state__in=OPEN)
                .first()
            )
            if visitor is None or first is None or first.next_attempt_at > now:
                return None
            if Hold.objects.filter(channel=visitor.channel, until__gt=now).exists():
                return None
            if Delivery.objects.filter(_may_have_come_back(now), pk=first.pk).exists():
                return None
            if _is_settled_unsent(first, visitor):
                continue
            try:
                person = identity.addresses(visitor)
            except InvalidToken:
                outbox.park(first, "the visitor's id can't be read: DATA_KEYS lacks its key")
                continue
            mine.update(sending_until=now + LEASE)
            first.state, first.attempts, first.next_attempt_at = State.SENDING, first.attempts + 1, now + SETTLE
            first.save(update_fields=["state", "attempts", "next_attempt_at"])
            return first, person


def _is_settled_unsent(delivery: Delivery, visitor: Visitor) -> bool:
    """Whether a part is not to be sent after all: a person answers, the window is closed, or it is far too late."""
    now = timezone.now()
    is_assistants = delivery.author == Delivery.Author.ASSISTANT
    if is_assistants and not delivery.is_urgent and is_paused(delivery.conversation) and delivery.attempts == 0:
        Delivery.objects.filter(pk=delivery.pk).update(state=State.WITHHELD)
        return True
    if visitor.window_until is None or visitor.window_until <= now:
        outbox.park(delivery, Cause.WINDOW.value)
        return True
    if delivery.created_at + GIVE_UP_AFTER < now:
        outbox.park(delivery, delivery.problem or "too late for an answer")
        return True
    return False


async def _send(delivery: Delivery, person: Person) -> None:
    channel = delivery.conversation.channel
    send = sending_whatsapp.send if channel == Channel.WHATSAPP else sending_messenger.send
    try:
        taken_as = await send(person, delivery.content, str(delivery.key))
    except graph.NotSent as error:
        await in_database(_note_not_sent, delivery, error.problem, error.wait)
    except graph.OutcomeUnknown as error:
        # It stays as it is: our id comes back, or it is sent again after `SETTLE`.
        logger.error("Delivery %s: no one knows whether it was sent (%s)", delivery.pk, error)
    else:
        await in_database(_note_sent, delivery, taken_as)


def _note_sent(delivery: Delivery, taken_as: str) -> None:
    with transaction.atomic():
        current = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if current is not None:
            outbox.settled(current, hashed("message", taken_as))
        outbox.release(delivery.conversation.channel)


def _note_not_sent(delivery: Delivery, problem: Problem, wait: timedelta | None) -> None:
    with transaction.atomic():
        current = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("conversation")
            .filter(pk=delivery.pk, state=State.SENDING)
            .first()
        )
        if current is not None:
            outbox.not_sent(current, problem, wait)


async def show_seen(conversation: uuid.UUID) -> None:
    """Show the visitor that their message is read and an answer is written. A courtesy: its failure is no one's."""

    def latest() -> tuple[str, Person, str] | None:
        waiting = Message.objects.filter(conversation=conversation, state=Message.State.RECEIVED)
        message = waiting.select_related("conversation__visitor").order_by("-pk").first()
        if message is None or is_paused(message.conversation):
            return None
        token = Origin.objects.filter(message=message).values_list("token", flat=True).first()
        person = identity.addresses(message.conversation.visitor)
        return message.channel, person, decrypted(token) if token else ""

    try:
        found = await in_database(latest)
        if found is None:
            return
        channel, person, message_id = found
        if channel == Channel.WHATSAPP and message_id:
            await sending_whatsapp.show_seen(message_id)
        elif channel == Channel.MESSENGER:
            await sending_messenger.show_seen(person)
    except (httpx.HTTPError, WhatsAppError, graph.NotSent, graph.OutcomeUnknown, InvalidToken, ValueError) as error:
        logger.info("A read signal of conversation %s failed (%s)", conversation, type(error).__name__)

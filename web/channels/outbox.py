"""What is to be sent, queued in the commit that decides it; and what becomes of it, as the provider tells.

`delivering.py` does the sending.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from shared.reply import Reply as ReplyFormat
from web.channels.errors import Cause, cause_of
from web.channels.events import NO_CODE, Problem, Returned
from web.channels.ids import hashed
from web.channels.models import Delivery, Hold, Visitor
from web.channels.rendering import CAPABILITIES, plain, render, split
from web.conversations.models import Channel, Conversation, Message, Reply, StaffTask
from web.conversations.pause import pause
from web.notices import bot_notice
from web.notifications.models import Notification
from web.notifications.outbox import notify

logger = logging.getLogger(__name__)

State = Delivery.State
#: A visitor who comes back after this is told again that a bot answers.
LONG_GAP = timedelta(hours=12)
#: What could not be sent for so long is parked: an answer that late is for staff to give.
GIVE_UP_AFTER = timedelta(hours=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
#: A rate limit of the whole channel, or settings that are wrong: first and longest time in which nothing is sent.
FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=4), timedelta(minutes=10)
CONFIGURATION_HOLD = timedelta(minutes=1)
_RANK = {State.SENT: 1, State.DELIVERED: 2, State.READ: 3}
OPEN = (State.WAITING, State.SENDING)


def queue(message: Message, replies: Sequence[tuple[Reply, ReplyFormat]]) -> None:
    """Queue a turn's replies, and before them, when it is due, that a bot speaks. In the turn's own transaction."""
    if message.channel not in CAPABILITIES or not replies:
        return
    visitor = Visitor.objects.select_related("conversation").filter(conversation=message.conversation_id).first()
    if visitor is None:
        return
    is_urgent = any(reply.kind == "emergency" for _, reply in replies)
    parts = [
        Delivery(
            conversation_id=message.conversation_id,
            message=message,
            reply=stored,
            content=part,
            is_urgent=reply.kind == "emergency",
        )
        for stored, reply in replies
        for part in render(reply, message.channel)
    ]
    if _has_to_be_told(visitor):
        told = Delivery(
            conversation_id=message.conversation_id,
            message=message,
            content={"text": bot_notice()},
            is_urgent=is_urgent,
        )
        # In an emergency the advice comes first.
        parts = [*parts, told] if is_urgent else [told, *parts]
    Delivery.objects.bulk_create(parts)
    Visitor.objects.filter(pk=visitor.pk).update(told_at=timezone.now())


def _has_to_be_told(visitor: Visitor) -> bool:
    """At the start, after a long gap, and after a person answered."""
    told = visitor.told_at
    if told is None or told < timezone.now() - LONG_GAP:
        return True
    paused_until = visitor.conversation.paused_until
    return paused_until is not None and paused_until > told


def queue_notice(message: Message) -> None:
    """Queue what is said of a message that is not answered: that it was deleted."""
    from web.channels.kinds import reply_to

    if message.channel in CAPABILITIES:
        text = reply_to(message).text
        Delivery.objects.create(conversation_id=message.conversation_id, message=message, content={"text": text})


def say(conversation: Conversation, text: str) -> list[Delivery]:
    """Send what a person of the staff wrote; the assistant is silent from then on, until it is handed back.

    Raises:
        ValueError: the conversation's channel can't be sent to, or there is nothing to send.
    """
    if conversation.channel not in CAPABILITIES or not text.strip():
        raise ValueError("Only a text, and only to Messenger or WhatsApp, can be sent.")
    pause(conversation, Conversation.PausedBy.CONSOLE)
    limit = CAPABILITIES[conversation.channel].text
    return [
        Delivery.objects.create(conversation=conversation, author=Delivery.Author.STAFF, content={"text": piece})
        for piece in split(text, limit)
    ]


def withdraw_unsent(message: Message) -> None:
    """Take back what was not tried yet: a notice of an outage that is over before it was sent."""
    Delivery.objects.filter(message=message, state=State.WAITING, attempts=0).delete()


def returned(channel: str, event: Returned) -> None:
    """Note what the provider says of a part, in whatever order it says it. Call it in a transaction."""
    delivery = _find(event)
    if delivery is None or delivery.conversation.channel != channel:
        return
    provider_hash = hashed("message", event.id) if event.id else ""
    if event.state == "failed":
        is_latest = not provider_hash or provider_hash == delivery.provider_hash or not delivery.provider_hash
        if is_latest and delivery.state in (*OPEN, State.SENT):
            not_sent(delivery, event.problem or Problem(NO_CODE))
        return
    settled(delivery, provider_hash, State(event.state))


def _find(event: Returned) -> Delivery | None:
    deliveries = Delivery.objects.select_for_update(of=("self",)).select_related("conversation")
    if event.key:
        try:
            return deliveries.filter(key=uuid.UUID(event.key)).first()
        except ValueError:
            pass
    return deliveries.filter(provider_hash=hashed("message", event.id)).first() if event.id else None


def settled(delivery: Delivery, provider_hash: str, state: Delivery.State = State.SENT) -> None:
    """A part arrived at the provider, under an id that may be known already."""
    hashes = list(delivery.provider_hashes)
    if provider_hash and provider_hash not in hashes:
        hashes.append(provider_hash)
        if len(hashes) > 1:
            logger.error("Delivery %s: the visitor got it %s times", delivery.pk, len(hashes))
    is_further = _RANK[state] > _RANK.get(State(delivery.state), 0)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state if is_further else delivery.state,
        sent_at=delivery.sent_at or timezone.now(),
        provider_hashes=hashes,
        provider_hash=hashes[-1] if hashes else "",
        problem="" if is_further else delivery.problem,
    )


def not_sent(delivery: Delivery, problem: Problem, wait: timedelta | None = None) -> None:
    """The provider says that a part was not sent: what follows depends on why.

    Args:
        delivery: with its conversation.
        problem: the provider's codes.
        wait: how long the provider asked us to wait, if it did.
    """
    channel = delivery.conversation.channel
    cause = cause_of(channel, problem)
    words = f"{cause.value} ({problem.code}{f'/{problem.subcode}' if problem.subcode else ''})"
    logger.error("Delivery %s was not sent: %s", delivery.pk, words)
    again = timezone.now() + (wait or timedelta())
    match cause:
        case Cause.WINDOW | Cause.GONE:
            park(delivery, words)
            return
        case Cause.REJECTED:
            if delivery.content.get("is_plain"):
                park(delivery, words)
                return
            Delivery.objects.filter(pk=delivery.pk).update(content=plain(delivery.content))
        case Cause.RATE | Cause.CONFIGURATION:
            again = _hold(channel, cause, words, wait)
        case Cause.VISITOR_RATE:
            # Meta's own advice: 4, 16, 64 ... seconds.
            again = max(again, timezone.now() + min(timedelta(seconds=4 ** min(delivery.attempts, 5)), LONGEST_WAIT))
        case Cause.TRANSIENT:
            backoff = min(FIRST_WAIT * 2 ** min(max(delivery.attempts - 1, 0), 10), LONGEST_WAIT)
            again = max(again, timezone.now() + backoff)
    if again > delivery.created_at + GIVE_UP_AFTER:
        park(delivery, words)
        return
    Delivery.objects.filter(pk=delivery.pk).update(state=State.WAITING, next_attempt_at=again, problem=words)


def park(delivery: Delivery, words: str) -> None:
    """Stop trying. Staff see it; they get a task unless the visitor can't be reached by anyone here."""
    Delivery.objects.filter(pk=delivery.pk).update(state=State.FAILED, problem=words)
    is_gone = words.startswith(Cause.GONE.value)
    if delivery.message_id is not None and not is_gone:
        StaffTask.objects.update_or_create(
            message_id=delivery.message_id,
            defaults={"conversation_id": delivery.conversation_id, "state": StaffTask.State.NEW},
        )
    from web.records import conversation_path
    from web.review import ranking

    ranking.refresh(delivery.conversation_id)
    if not is_gone:
        notify(Notification.Kind.FAILED_HANDOFF, conversation_path(delivery.conversation_id))


def _hold(channel: str, cause: Cause, words: str, wait: timedelta | None) -> datetime:
    """Send nothing on a channel for a while, and for longer each time in a row."""
    now = timezone.now()
    known = Hold.objects.filter(channel=channel).first()
    if known is not None and known.until > now:
        return known.until
    times = known.times + 1 if known is not None else 1
    is_configuration = cause is Cause.CONFIGURATION
    first = CONFIGURATION_HOLD if is_configuration else FIRST_HOLD
    until = now + (wait or min(first * 2 ** min(times - 1, 10), LONGEST_HOLD))
    Hold.objects.update_or_create(
        channel=channel,
        defaults={"until": until, "problem": words[:80], "is_configuration": is_configuration, "times": times},
    )
    logger.error("%s: nothing is sent for %s s: %s", channel, round((until - now).total_seconds()), words)
    if is_configuration:
        notify(Notification.Kind.CHANNEL, reverse("console:operations"))
    return until


def release(channel: str) -> None:
    """Something was sent: the channel is well."""
    Hold.objects.filter(channel=channel).delete()


def are_failing() -> bool:
    """Whether a channel waits for someone to put its settings right, or a webhook could not be read."""
    from web.channels.models import Webhook

    return Hold.objects.filter(is_configuration=True).exists() or Webhook.objects.exclude(problem="").exists()


def has_channel() -> Q:
    """Conversations that are answered by sending."""
    return Q(channel__in=[Channel.MESSENGER, Channel.WHATSAPP])

"""From a webhook to the inbox: one transaction, in the order in which webhooks came, whichever process does it."""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from web import turns
from web.channels import identity, messenger, outbox, whatsapp
from web.channels.events import (
    Arrived,
    ControlChanged,
    Deleted,
    Edited,
    Event,
    Moved,
    Person,
    PersonWrote,
    Returned,
)
from web.channels.ids import decrypted, encrypted, hashed
from web.channels.kinds import DELETED, EDITED
from web.channels.models import Delivery, Origin, Redaction, Turnstile, Visitor, Webhook
from web.config import config
from web.conversations.models import Channel, Conversation, Message, Reply
from web.conversations.pause import asked_in_pause, hand_back, is_paused, pause
from web.review import ranking

logger = logging.getLogger(__name__)

#: Webhooks read in one transaction: SQLite lets no one else write meanwhile, so there are few.
AT_ONCE = 8
_STORE_PATIENCE_SECONDS = 5.0
_LOOK_AGAIN_MILLISECONDS, _USUAL_MILLISECONDS = 3, 5000
#: How long the platforms let us answer after a visitor's message.
WINDOW = timedelta(hours=24)
_LONGEST_RETRY = timedelta(days=8)


def store(channel: str, body: bytes) -> None:
    """Keep a webhook: the one durable write before it is acknowledged.

    Raises:
        DatabaseError: it is not kept.
    """
    content = encrypted(body.decode())
    if connection.vendor != "sqlite":
        Webhook.objects.create(channel=channel, body=content)
        return
    # SQLite's own waiting gets longer each time, and a busy worker always comes before it.
    deadline = time.monotonic() + _STORE_PATIENCE_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {_LOOK_AGAIN_MILLISECONDS}")
    try:
        while True:
            try:
                Webhook.objects.create(channel=channel, body=content)
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
            else:
                return
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {_USUAL_MILLISECONDS}")


def read_waiting() -> int:
    """Read the oldest webhooks into the inbox; how many there were."""
    with transaction.atomic():
        Turnstile.objects.select_for_update().get_or_create(pk=1)
        webhooks = list(Webhook.objects.filter(problem="")[:AT_ONCE])
        events: list[tuple[Webhook, Event]] = []
        for webhook in webhooks:
            try:
                reader = whatsapp.read if webhook.channel == Channel.WHATSAPP else messenger.read
                events += [(webhook, event) for event in reader(json.loads(decrypted(webhook.body)))]
            except (InvalidToken, ValueError, TypeError, AttributeError, RecursionError) as error:
                _set_aside(webhook, error)
        for webhook, event in _in_order(events):
            try:
                with transaction.atomic():
                    _apply(webhook.channel, event)
            except (OperationalError, InterfaceError):
                raise  # the database is away: all of this is done again
            except Exception as error:  # noqa: BLE001 (one event must not keep all others from being read)
                _set_aside(webhook, error)
        Webhook.objects.filter(pk__in=[webhook.pk for webhook in webhooks], problem="").delete()
    return len(webhooks)


def _set_aside(webhook: Webhook, error: Exception) -> None:
    logger.error("Webhook %s of %s can't be read (%s); it is kept", webhook.pk, webhook.channel, type(error).__name__)
    Webhook.objects.filter(pk=webhook.pk).update(problem=type(error).__name__)


def _in_order(events: list[tuple[Webhook, Event]]) -> list[tuple[Webhook, Event]]:
    """Each visitor's messages in the order they were sent; all else stays in its place.

    Webhooks that arrive together may be out of order. The provider's times are compared with each other alone.
    """
    places: dict[tuple[str, Person], list[int]] = defaultdict(list)
    for place, (webhook, event) in enumerate(events):
        if isinstance(event, Arrived) and event.at is not None:
            places[webhook.channel, event.person].append(place)
    ordered = list(events)
    for theirs in places.values():
        for place, source in zip(theirs, sorted(theirs, key=lambda each: _sent_at(events[each][1])), strict=True):
            ordered[place] = events[source]
    return ordered


def _sent_at(event: Event) -> datetime:
    at = event.at if isinstance(event, Arrived) else None
    return at or timezone.now()


def _apply(channel: str, event: Event) -> None:
    match event:
        case Arrived():
            _arrived(channel, event)
        case Edited():
            _edited(channel, event)
        case Deleted():
            _deleted(channel, event)
        case PersonWrote():
            _person_wrote(channel, event)
        case ControlChanged():
            visitor = identity.find_or_make(channel, event.person)
            _control(visitor.conversation, is_ours=event.is_ours)
        case Moved():
            known = identity.find(channel, event.person)
            if known is not None:
                identity.move(known, event.phone)
        case Returned():
            outbox.returned(channel, event)


def _control(conversation: Conversation, *, is_ours: bool) -> None:
    """Whether another app of the page holds the conversation, as the provider tells it."""
    is_others = is_paused(conversation) and conversation.paused_by == Conversation.PausedBy.OTHER
    if not is_ours:
        pause(conversation, Conversation.PausedBy.OTHER)
    elif is_others:
        hand_back(conversation)


def _arrived(channel: str, event: Arrived) -> Message | None:
    visitor = identity.find_or_make(channel, event.person)
    message, is_new = turns.receive(
        visitor.conversation,
        hashed("message", event.id),
        text=event.text,
        choice=event.choice,
        attachment=event.attachment,
    )
    if not is_new:
        return None
    answers = hashed("message", event.answers) if event.answers else ""
    Origin.objects.create(message=message, token=encrypted(event.id), answers=answers)
    until = _believable(event.at) + WINDOW
    if visitor.window_until is None or visitor.window_until < until:
        Visitor.objects.filter(pk=visitor.pk).update(window_until=until)
    _control(visitor.conversation, is_ours=not event.is_standby)
    return message


def _believable(at: datetime | None) -> datetime:
    """When a message was sent: not in our future, and not before Meta would have stopped trying to tell us."""
    now = timezone.now()
    return at if at is not None and now - _LONGEST_RETRY <= at <= now else now


def _known(channel: str, provider_id: str) -> Message | None:
    return Message.objects.filter(channel=channel, external_id=hashed("message", provider_id)).first()


def _edited(channel: str, event: Edited) -> None:
    """The new text is answered; the old one goes, and is not answered when it was not yet."""
    original = _known(channel, event.id)
    again = f"{event.id}:edit:{event.version}" if original is not None else event.id
    attachment = "" if event.text else EDITED
    is_new = _arrived(
        channel,
        Arrived(event.person, again, event.at, event.text, attachment=attachment, is_standby=event.is_standby),
    )
    if is_new and original is not None:
        _blank(original, EDITED)


def _deleted(channel: str, event: Deleted) -> None:
    """The message goes from the log and from Rasa's memory. One that did not come yet will not be taken."""
    if not event.id:
        return
    original = _known(channel, event.id)
    if original is None:
        visitor = identity.find_or_make(channel, event.person)
        original, _ = turns.receive(visitor.conversation, hashed("message", event.id), attachment=DELETED)
    elif original.attachment == DELETED:
        return
    _blank(original, DELETED)
    outbox.queue_notice(original)


def _blank(message: Message, attachment: str) -> None:
    """Leave nothing of what a message said, and don't answer it any more."""
    Message.objects.filter(pk=message.pk).update(
        text="",
        choice="",
        attachment=attachment,
        understood={},
        topics=[],
        confidence=None,
        kind="",
        state=Message.State.HANDLED,
        next_attempt_at=None,
        handled_at=timezone.now(),
    )
    message.attachment = attachment
    Origin.objects.filter(message=message).update(token="", answers="")
    Delivery.objects.filter(message=message, state=Delivery.State.WAITING, attempts=0).delete()
    Reply.objects.filter(message=message, kind="notice").delete()
    ranking.refresh(message.conversation_id)
    for name in (message.conversation_id.hex, asked_in_pause(message.conversation_id)):
        Redaction.objects.create(rasa_name=name, message_id=str(message.pk))


def _person_wrote(channel: str, event: PersonWrote) -> None:
    visitor = identity.find_or_make(channel, event.person)
    conversation = visitor.conversation
    provider_hash = hashed("message", event.id)
    if Delivery.objects.filter(conversation=conversation, provider_hash=provider_hash).exists():
        return
    now = timezone.now()
    Delivery.objects.create(
        conversation=conversation,
        author=Delivery.Author.STAFF,
        content={"text": event.text or "[not a text]"},
        state=Delivery.State.SENT,
        sent_at=now,
        provider_hash=provider_hash,
        provider_hashes=[provider_hash],
    )
    # Told days late, it says nothing about who answers now.
    if (event.at or now) > now - timedelta(hours=config().pause_hours):
        pause(conversation, event.by)

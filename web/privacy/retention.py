"""Nothing is kept longer than the settings say. The worker deletes what is due, in small batches.

A conversation goes `RETENTION_DAYS` after its last message, a request `REQUEST_RETENTION_DAYS` after it was closed. A
conversation stays as long as a request of it does: someone may still have to call.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from web.channels.models import Redaction, Webhook
from web.config import config
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure
from web.conversations.pause import asked_in_pause
from web.notifications.models import Notification
from web.privacy import erasure
from web.privacy.models import Entry, Event
from web.privacy.record import record

#: Deleted in one round; the worker makes a round each minute.
AT_ONCE = 100


@dataclass(frozen=True)
class Gone:
    """What a round deleted."""

    conversations: int = 0
    requests: int = 0
    others: int = 0

    def __bool__(self) -> bool:
        return bool(self.conversations or self.requests or self.others)


def ending_conversations() -> QuerySet[Any]:
    """Conversations that may go, with `last_at`; those with a request stay until that is gone."""
    has_request = ContactRequest.objects.filter(
        Q(conversation=OuterRef("pk")) | Q(handoff__conversation=OuterRef("pk"))
    )
    return Conversation.objects.annotate(last_at=Coalesce("last_message_at", "started_at")).filter(~Exists(has_request))


def ending_requests() -> QuerySet[Any]:
    """Requests that may go, with `ended_at`: closed ones, and what a robot sent."""
    is_over = Q(state=ContactRequest.State.DONE) | Q(is_suspect=True, state=ContactRequest.State.NEW)
    return ContactRequest.objects.filter(is_over).annotate(ended_at=Coalesce("closed_at", "created_at"))


def conversations_before(now: datetime) -> datetime:
    """Conversations without a message since then are due."""
    return now - timedelta(days=config().retention_days)


def requests_before(now: datetime) -> datetime:
    """Requests closed before then are due."""
    return now - timedelta(days=config().request_retention_days)


def enforce() -> Gone:
    """Delete a batch of what is due."""
    now = timezone.now()
    due = ending_requests().filter(ended_at__lt=requests_before(now)).order_by("ended_at")
    requests = sum(_delete_request(request) for request in due[:AT_ONCE])
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    over = ending_conversations().filter(free, last_at__lt=conversations_before(now)).order_by("last_at")
    conversations = sum(_delete_conversation(pk, now) for pk in list(over.values_list("pk", flat=True)[:AT_ONCE]))
    gone = Gone(conversations, requests, _delete_others(now))
    if gone:
        erasure.leave_no_traces()
    return gone


def _delete_request(request: ContactRequest) -> bool:
    with transaction.atomic():
        Notification.objects.filter(path=request.staff_path).delete()
        record(None, Event.EXPIRE, f"request {request.pk}")
        request.delete()
    return True


def _delete_conversation(pk: uuid.UUID, now: datetime) -> bool:
    with transaction.atomic():
        still = ending_conversations().filter(pk=pk, last_at__lt=conversations_before(now)).exists()
        found = Conversation.objects.select_for_update().filter(pk=pk).first() if still else None
        if found is None:
            return False  # the visitor wrote just now
        names = [pk.hex, *([asked_in_pause(pk)] if found.paused_at else [])]
        erasure.delete_from_web(found, Erasure.Via.CONSOLE, None, Event.EXPIRE)
        Erasure.objects.filter(conversation=pk).update(conversation=None, erased_at=now, next_attempt_at=None)
        # Rasa forgets by itself after the same time; this makes sure.
        Redaction.objects.bulk_create([Redaction(rasa_name=name) for name in names])
    return True


def _delete_others(now: datetime) -> int:
    """Traces that belong to no conversation: notifications, webhooks that could not be read, old staff sessions."""
    before = conversations_before(now)
    gone = 0
    for old in (
        Notification.objects.filter(created_at__lt=before),
        Webhook.objects.filter(received_at__lt=before),
        Session.objects.filter(expire_date__lt=now),
    ):
        gone += old.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()[0]
    return gone


@dataclass(frozen=True)
class Day:
    """What goes on one day."""

    day: datetime
    conversations: int
    requests: int


def coming(days: int = 14) -> list[Day]:
    """What goes in the next days, the soonest first; what is overdue goes today."""
    now = timezone.now()
    found: dict[int, list[int]] = {}
    sources = (
        (0, ending_conversations(), "last_at", config().retention_days),
        (1, ending_requests(), "ended_at", config().request_retention_days),
    )
    for place, rows, name, kept in sources:
        until = now + timedelta(days=days - kept)
        by_day = rows.filter(**{f"{name}__lt": until}).annotate(day=TruncDate(F(name))).values("day")
        for row in by_day.annotate(count=Count("pk")).order_by("day"):
            ahead = max((row["day"] + timedelta(days=kept) - now.date()).days, 0)
            found.setdefault(ahead, [0, 0])[place] += row["count"]
    return [Day(now + timedelta(days=ahead), *found[ahead]) for ahead in sorted(found)]


def note_settings() -> None:
    """Record how long things are kept, when it is not what was recorded last."""
    current = {
        "conversations": f"{config().retention_days} days after the last message",
        "requests": f"{config().request_retention_days} days after closing",
        "backups": f"{config().backup_days} days",
    }
    last = Entry.objects.filter(event=Event.SETTING, subject="retention").first()
    if last is None or last.details != current:
        record(None, Event.SETTING, "retention", **current)

"""Which messages wait, for whoever looks for work: left, due again, new on a channel, or too late."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from web.conversations.models import Channel, Message

#: A message that failed so often no longer stands before later ones; the worker goes on trying.
ATTEMPTS_IN_ORDER = 3


def too_late(now: datetime) -> Q:
    """Messages whose answer would come too late and that staff have not been given yet."""
    open_ = Q(state=Message.State.RECEIVED) | Q(state=Message.State.FAILED, next_attempt_at__isnull=False)
    return open_ & Q(resume_until__lte=now)


def waiting_conversations(now: datetime, received_before: datetime, *, with_failed: bool) -> list[uuid.UUID]:
    """Conversations that no one is at, in which a message was left by a process that ended, or failed and is due again.

    Args:
        now: the time to judge by.
        received_before: a message that waits since before then was left.
        with_failed: whether those that failed are wanted.
    """
    left = Q(state=Message.State.RECEIVED, received_at__lte=received_before)
    due = Q(state=Message.State.FAILED, next_attempt_at__lte=now) if with_failed else Q(pk__in=[])
    free = Q(conversation__lease_until=None) | Q(conversation__lease_until__lt=now)
    found = Message.objects.filter(left | due, free, resume_until__gt=now).order_by("received_at")
    return list(dict.fromkeys(found.values_list("conversation_id", flat=True)[:200]))


def new_on_channels(now: datetime, limit: int) -> list[uuid.UUID]:
    """Conversations of Messenger and WhatsApp with a new message that no one is at, the longest waiting first."""
    free = Q(conversation__lease_until=None) | Q(conversation__lease_until__lt=now)
    stands_before = Message.objects.filter(
        conversation=OuterRef("conversation"),
        state=Message.State.FAILED,
        attempts__lt=ATTEMPTS_IN_ORDER,
        next_attempt_at__gt=now,
        resume_until__gt=now,
    )
    new = Message.objects.filter(free, ~Exists(stands_before), state=Message.State.RECEIVED, resume_until__gt=now)
    found = new.exclude(channel=Channel.WEBSITE).order_by("pk").values_list("conversation_id", flat=True)
    return list(dict.fromkeys(found[: 3 * limit]))[:limit]

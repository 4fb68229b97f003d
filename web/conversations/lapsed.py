"""The end of a pause that no one ended: the assistant is back, and a visitor who was left waiting is not forgotten."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from shared.reply import Turn, Understood
from web.config import config
from web.conversations.models import Conversation, Message, Reply, StaffTask
from web.notices import no_one_answered_notice
from web.notifications.models import Notification
from web.notifications.outbox import notify
from web.records import conversation_path, store_replies
from web.review import ranking

logger = logging.getLogger(__name__)


def hand_back_lapsed() -> None:
    """End every pause whose time is over."""
    over = Conversation.objects.filter(paused_until__lte=timezone.now()).exclude(paused_by="")
    for conversation in list(over.values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            _end(conversation)


def _end(pk: uuid.UUID) -> None:
    lapsed = Conversation.objects.select_for_update().filter(pk=pk, paused_until__lte=timezone.now())
    conversation = lapsed.exclude(paused_by="").first()
    if conversation is None or conversation.paused_until is None:
        return
    Conversation.objects.filter(pk=pk).update(paused_by="")
    last_word = conversation.paused_until - timedelta(hours=config().pause_hours)
    left = Message.objects.filter(conversation=pk, state=Message.State.LEFT, received_at__gt=last_word)
    message = left.select_related("conversation").order_by("-pk").first()
    if message is None:
        return
    Reply.objects.filter(message=message).delete()  # that a person would answer
    nothing = Understood(intent=None, topics=[], confidence=0.0)
    store_replies(message, Turn(replies=[no_one_answered_notice()], understood=nothing))
    StaffTask.objects.update_or_create(message=message, defaults={"conversation_id": pk, "state": StaffTask.State.NEW})
    ranking.refresh(pk)
    notify(Notification.Kind.FAILED_HANDOFF, conversation_path(pk))
    logger.error("Message %s: left to a person, and no one answered; it is a task for staff", message.pk)

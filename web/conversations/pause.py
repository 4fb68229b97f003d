"""While a person answers, the assistant is silent; emergencies are answered all the same.

A pause begins when staff take a conversation over in the console, or when a person answers on the channel itself. It
ends when staff hand the conversation back, or by itself `PAUSE_HOURS` after a person last wrote: no visitor is left
with no one.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Case, F, Value, When
from django.utils import timezone

from shared.reply import Reply, Turn
from web.config import config
from web.conversations.models import Conversation


def pause(conversation: Conversation, by: Conversation.PausedBy) -> None:
    """A person answers from now on, or wrote again: the assistant is silent for the next `PAUSE_HOURS`."""
    now = timezone.now()
    goes_on = Case(When(paused_until__gt=now, then=F("paused_at")), default=Value(now))
    until = now + timedelta(hours=config().pause_hours)
    Conversation.objects.filter(pk=conversation.pk).update(paused_by=by, paused_at=goes_on, paused_until=until)
    conversation.refresh_from_db(fields=["paused_by", "paused_at", "paused_until"])


def hand_back(conversation: Conversation) -> None:
    """The assistant answers again, from the next message on."""
    now = timezone.now()
    Conversation.objects.filter(pk=conversation.pk, paused_until__gt=now).update(paused_by="", paused_until=now)
    conversation.refresh_from_db(fields=["paused_by", "paused_at", "paused_until"])


def is_paused(conversation: Conversation) -> bool:
    """Whether a person answers in it now, as far as this object knows."""
    return conversation.paused_until is not None and conversation.paused_until > timezone.now()


def emergencies(turn: Turn) -> list[Reply]:
    """What of a turn is said even while a person answers."""
    return [reply for reply in turn.replies if reply.kind == "emergency"]


def asked_in_pause(conversation: uuid.UUID) -> str:
    """The name under which Rasa is asked while a person answers.

    Rasa then does not believe that it said what was withheld, and fills no form with what is told to the person.
    """
    return f"{conversation.hex}-paused"

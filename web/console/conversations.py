"""Lists of conversations, and one conversation."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from web.console.access import Permission, StaffRequest, needs
from web.conversations.models import Conversation, Message
from web.privacy.masking import masked
from web.privacy.record import Event, record

PAGE = 50


@needs(Permission.READ)
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What needs a look, the riskiest first."""
    return _list(request, "Queue")


@needs(Permission.READ)
@require_safe
def conversations(request: StaffRequest) -> HttpResponse:
    """Every conversation, the latest first."""
    return _list(request, "Conversations")


def _list(request: StaffRequest, heading: str) -> HttpResponse:
    page = list(Conversation.objects.filter(last_message_at__isnull=False)[:PAGE])
    for conversation in page:
        first = conversation.messages.exclude(text="").first()
        conversation.preview = masked(first.text)[:200] if first else ""  # type: ignore[attr-defined]
    return render(request, "console/conversations.html", {"heading": heading, "conversations": page})


@needs(Permission.READ)
@require_safe
def conversation(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """What was said, as the visitor saw it, personal data masked."""
    found = get_object_or_404(Conversation, pk=pk)
    record(request.user, Event.VIEW, f"conversation {found.pk}")
    messages = found.messages.prefetch_related("replies")
    turns = [_turn(message) for message in messages]
    return render(request, "console/conversation.html", {"conversation": found, "turns": turns})


def _turn(message: Message) -> dict[str, object]:
    replies = [{"kind": reply.kind, "text": masked(str(reply.body.get("text", "")))} for reply in message.replies.all()]
    return {"message": message, "said": masked(message.text) or f"[{message.choice}]", "replies": replies}

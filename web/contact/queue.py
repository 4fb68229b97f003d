"""The one queue of visitors who want to hear from the clinic, whether they used the form or the conversation."""

from __future__ import annotations

import uuid

from django.utils import timezone

from shared.clinic import clinic
from shared.contact_details import NotAPhoneNumber, read_phone
from shared.reply import StoredRequest
from web.contact.due import due_after
from web.contact.models import ContactRequest
from web.conversations.models import Handoff
from web.notifications.models import Notification
from web.notifications.outbox import notify


def store_call_back(handoff: Handoff, channel: str, left: dict[str, str]) -> ContactRequest:
    """Store what a visitor left in the conversation; the same handoff again changes nothing.

    Args:
        handoff: what it belongs to.
        channel: where the conversation is held.
        left: name, phone, email, best_time, as far as given.
    """
    request, is_new = ContactRequest.objects.exclude(source=ContactRequest.Source.FORM).get_or_create(
        handoff=handoff,
        defaults={
            "conversation_id": handoff.conversation_id,
            "source": channel,
            "reason": handoff.reason,
            "name": left.get("name", "")[:100],
            "phone": left.get("phone", "")[:40],
            "phone_is_local": is_local(left.get("phone", "")),
            "email": left.get("email", ""),
            "best_time": left.get("best_time", "")[:100],
            "due_at": due_after(timezone.now()),
        },
    )
    if is_new:
        notify(Notification.Kind.NEW_REQUEST, request.staff_path)
    return request


def is_local(phone: str) -> bool:
    """Whether a number lacks its area code."""
    try:
        return bool(phone) and read_phone(phone, clinic().country).is_local
    except NotAPhoneNumber:
        return False


def stored_request(conversation: uuid.UUID) -> StoredRequest | None:
    """The latest request of a conversation, as it is stored."""
    of_it = ContactRequest.objects.filter(conversation=conversation).order_by("-pk")
    latest = of_it.values_list("handoff_id", "state").first()
    if latest is None:
        return None
    handoff, state = latest
    return StoredRequest.model_validate({"handoff": str(handoff) if handoff else None, "state": state})

"""What a turn leaves in the database: replies, handoffs, call-back requests, and what the clinic is told of them.

What goes to Messenger or WhatsApp is queued with it. Everything here is called inside the one transaction that ends a
turn.
"""

from __future__ import annotations

import uuid

from django.urls import reverse

from shared.reply import Handoff as HandoffFormat
from shared.reply import Reply as ReplyFormat
from shared.reply import Turn
from web.channels import outbox
from web.contact.links import form_url
from web.contact.queue import store_call_back
from web.content.signing import review_of
from web.conversations.models import Handoff, Message, Reply
from web.notifications.models import Notification
from web.notifications.outbox import notify


def conversation_path(conversation: uuid.UUID) -> str:
    """A conversation's page for staff."""
    return reverse("console:conversation", args=[conversation])


def store_replies(message: Message, turn: Turn) -> list[Reply]:
    """Store a turn's replies, and all that they bring about; the replies as they are stored."""
    stored: list[tuple[Reply, ReplyFormat]] = []
    for position, reply in enumerate(turn.replies):
        if reply.handoff is not None:
            _store_handoff(message, reply.handoff)
        shown = _as_shown(reply)
        row = Reply.objects.create(
            message=message,
            position=position,
            kind=reply.kind,
            topic=reply.topic or "",
            body=shown.model_dump(mode="json"),
        )
        stored.append((row, shown))
    outbox.queue(message, stored)
    if any(reply.kind == "emergency" for reply in turn.replies):
        notify(Notification.Kind.EMERGENCY, conversation_path(message.conversation_id))
    return [row for row, _ in stored]


def _store_handoff(message: Message, handoff: HandoffFormat) -> None:
    known = Handoff.objects.filter(pk=handoff.id).first()
    # What the visitor sent with the form stays sent, whatever the conversation goes on to offer.
    is_sent = known is not None and known.status == "requested"
    status = "requested" if is_sent else handoff.status
    stored, _ = Handoff.objects.update_or_create(
        pk=handoff.id,
        defaults={
            "conversation_id": message.conversation_id,
            "message": known.message if known else message,
            "reason": handoff.reason,
            "status": status,
        },
    )
    if handoff.status == "requested" and handoff.request:
        store_call_back(stored, message.channel, handoff.request)


def _as_shown(reply: ReplyFormat) -> ReplyFormat:
    """The reply as the log and the visitor have it.

    With the clinician's signature where this very wording has one; with the link of the built-in form, where the clinic
    has no contact page of its own; and without what the visitor left, which stands in the request alone.
    """
    changes: dict[str, object] = {"reviewed": review_of(reply)}
    if reply.contact is not None and reply.contact.form_url is None:
        link = form_url(reply.handoff.id if reply.handoff else None)
        changes["contact"] = reply.contact.model_copy(update={"form_url": link})
    if reply.handoff is not None and reply.handoff.request is not None:
        changes["handoff"] = reply.handoff.model_copy(update={"request": None})
    return reply.model_copy(update=changes)

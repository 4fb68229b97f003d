"""What the demo's staff did with conversations: most of the older ones are reviewed, some tagged, noted, marked."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from web.conversations.models import Conversation, Message
from web.review import ranking
from web.review.models import Mark, Note, Review, Tag

_TAGS = ("follow up", "good example", "complaint", "price question", "for the team meeting")
_NOTES = (
    "Called back, all fine.", "Reads like a worried parent. Please look at the wording.",
    "Third question about this today.",
    "Answer fits, but it is too long for a phone.", "Was about another treatment.",
)  # fmt: skip
_STATES = (Review.State.REVIEWED, Review.State.NEW, Review.State.NEEDS_ENGINEER, Review.State.IN_REVIEW)
_RECENT = timedelta(days=3)


def review(conversations: list[Conversation], staff: list[User], chance: random.Random, now: datetime) -> None:
    """Make these conversations findable in the console, as after some weeks of work."""
    tags = [Tag.objects.get_or_create(name=name)[0] for name in _TAGS]
    by_conversation: dict[object, list[Message]] = {one.pk: [] for one in conversations}
    for message in Message.objects.filter(conversation__in=conversations).order_by("pk"):
        by_conversation[message.conversation_id].append(message)
    with transaction.atomic():
        for conversation in conversations:
            _one(conversation, by_conversation[conversation.pk], tags, staff, chance, now)


def _one(
    conversation: Conversation, messages: list[Message], tags: list[Tag], staff: list[User], chance: random.Random,
    now: datetime,
) -> None:  # fmt: skip
    last = conversation.last_message_at or conversation.started_at
    weights = (10, 82, 3, 5) if now - last < _RECENT else (93, 3, 3, 1)
    who = chance.choice(staff)
    made = Review(conversation=conversation, last_at=last, state=chance.choices(_STATES, weights)[0])
    if made.state == Review.State.REVIEWED:
        made.reviewed_upto = messages[-1].pk
        made.reviewed_at = min(now, last + timedelta(hours=chance.uniform(1, 40)))
        made.reviewed_by = who
    elif made.state != Review.State.NEW:
        made.assignee = who
    made.save(force_insert=True)
    if chance.random() < 0.06:
        made.tags.add(chance.choice(tags))
    if chance.random() < 0.04:
        note = Note.objects.create(conversation=conversation, by=who, text=chance.choice(_NOTES))
        Note.objects.filter(pk=note.pk).update(at=min(now, last + timedelta(hours=2)))
    if made.state != Review.State.NEW:
        _mark(messages, who, chance)
    ranking.refresh(conversation.pk)


def _mark(messages: list[Message], who: User, chance: random.Random) -> None:
    """Where the assistant asked back, someone has said what was meant."""
    for message in messages:
        ranked = message.understood.get("ranking") or []
        if message.kind == "clarify" and ranked and chance.random() < 0.5:
            Mark.objects.create(message=message, kind=Mark.Kind.TOPIC, intent=ranked[0]["label"], by=who)

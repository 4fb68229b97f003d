"""Demo conversations into the database, many rows at once. The same seed and day give the same conversations."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import models, transaction

from shared.clinic import clinic
from shared.reply import Reply as ReplyFormat
from web.channels.models import Delivery, Visitor
from web.channels.rendering import CAPABILITIES, render
from web.contact.due import due_after
from web.contact.models import ContactRequest
from web.conversations.models import Channel, Conversation, Feedback, Handoff, Message, Reply, StaffTask
from web.demo import people
from web.demo.reviewing import review
from web.demo.scenes import MODELS, Scene, Turn
from web.demo.words import Words

#: Messages of the demo are known by it.
PREFIX = "demo-"
_CHANNELS = ((Channel.WEBSITE, 62), (Channel.WHATSAPP, 24), (Channel.MESSENGER, 14))
#: When people write, by hour of the day.
_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 12, 12, 13, 14, 17, 20, 21, 17, 10, 5)
_AT_ONCE = 500
_PROBLEMS = ("recipient not on the platform", "24 hours are over", "rate limit", "message undeliverable")


def has_demo() -> bool:
    """Whether the database holds a demo already."""
    return Message.objects.filter(external_id__startswith=PREFIX).exists()


def has_anything() -> bool:
    """Whether the database holds conversations or requests of any kind."""
    return Conversation.objects.exists() or ContactRequest.objects.exists()


def fill(conversations: int, seed: int, now: datetime, days: int, staff: list[User]) -> Iterator[int]:
    """Store conversations that end before `now`; gives how many there are so far, after each batch.

    Args:
        conversations: how many.
        seed: the same one gives the same conversations.
        now: aware.
        days: over how many days before `now` they are spread.
        staff: who reviewed them.
    """
    words = Words()
    chance = random.Random(seed)  # noqa: S311 (made-up conversations)
    begun = sorted(_moment(chance, now, days) for _ in range(conversations))
    for first in range(0, conversations, _AT_ONCE):
        batch = _Batch(words, chance, now)
        for number, start in enumerate(begun[first : first + _AT_ONCE], start=first):
            batch.add(number, start, is_new_model=start > now - timedelta(days=days / 2))
        review(batch.store(), staff, chance, now)
        yield min(first + _AT_ONCE, conversations)


def _moment(chance: random.Random, now: datetime, days: int) -> datetime:
    """Some time in these days: more of them lately, in the evening, on weekdays."""
    zone = ZoneInfo(clinic().time_zone or "UTC")
    while True:
        ago = chance.random() * days
        if chance.random() < 0.5 * ago / days:
            continue
        day = (now - timedelta(days=ago)).astimezone(zone)
        hour = chance.choices(range(24), _HOURS)[0]
        moment = day.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0)
        if moment < now - timedelta(minutes=20) and (day.weekday() < 5 or chance.random() < 0.7):
            return moment


@contextlib.contextmanager
def _times_as_given() -> Iterator[None]:
    """Let rows be stored with the times they have, where a model would put the time of storing."""
    kept = [
        (field, name)
        for model in (Conversation, Message, Handoff, StaffTask, Feedback, ContactRequest, Delivery)
        for field in model._meta.fields
        for name in ("auto_now", "auto_now_add")
        if isinstance(field, models.DateTimeField) and getattr(field, name)
    ]
    for field, name in kept:
        setattr(field, name, False)
    try:
        yield
    finally:
        for field, name in kept:
            setattr(field, name, True)


class _Batch:
    """Rows of some conversations, in the order in which they have to be stored."""

    def __init__(self, words: Words, chance: random.Random, now: datetime) -> None:
        self._words, self._chance, self._now = words, chance, now
        self._rows: dict[type[models.Model], list[Any]] = {
            model: []
            for model in (
                Conversation, Message, Reply, Visitor, Handoff, StaffTask, Feedback, ContactRequest, Delivery,
            )
        }  # fmt: skip

    def add(self, number: int, start: datetime, *, is_new_model: bool) -> None:
        """One conversation."""
        chance = self._chance
        channel = chance.choices([one for one, _ in _CHANNELS], [weight for _, weight in _CHANNELS])[0].value
        turns = Scene(self._words, chance, channel, MODELS[is_new_model]).turns()
        conversation = Conversation(
            id=self._id(), channel=channel, language="es" if any("¿" in turn.text for turn in turns) else "en",
            page=chance.choice(people.PAGES) if channel == "website" else "", started_at=start,
        )  # fmt: skip
        self._rows[Conversation].append(conversation)
        if channel in CAPABILITIES:
            self._rows[Visitor].append(
                Visitor(channel=channel, conversation=conversation, user_hash=self._id().hex * 2)
            )
        at = start
        for place, turn in enumerate(turns):
            at = min(at + timedelta(seconds=turn.pause), self._now - timedelta(minutes=1))
            self._turn(conversation, turn, at, f"{PREFIX}{number}-{place}")
        conversation.last_message_at = at
        if any(turn.by_staff for turn in turns):
            conversation.paused_at, conversation.paused_until = at, at + timedelta(hours=4)
            is_on = conversation.paused_until > self._now
            conversation.paused_by = Conversation.PausedBy.CONSOLE if is_on else ""
        if chance.random() < 0.02:
            self._form_entry(conversation, at)

    def store(self) -> list[Conversation]:
        """All of it, or nothing; the conversations."""
        with transaction.atomic(), _times_as_given():
            for model, rows in self._rows.items():
                model._default_manager.bulk_create(rows, batch_size=_AT_ONCE)
        return self._rows[Conversation]

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._chance.getrandbits(128), version=4)

    def _turn(self, conversation: Conversation, turn: Turn, at: datetime, external_id: str) -> None:
        is_answered = turn.state != "received"
        message = Message(
            conversation=conversation, channel=conversation.channel, external_id=external_id, text=turn.text,
            choice=turn.choice, attachment=turn.attachment, received_at=at, state=turn.state, kind=turn.kind,
            topics=turn.topics, confidence=turn.confidence if turn.understood else None, understood=turn.understood,
            handled_at=at + timedelta(seconds=turn.took) if is_answered else None,
            resume_until=at + timedelta(minutes=30),
        )  # fmt: skip
        self._rows[Message].append(message)
        for position, body in enumerate(turn.replies):
            reply = Reply(
                id=self._id(),
                message=message,
                position=position,
                kind=body["kind"],
                topic=body["topic"] or "",
                body=body,
            )
            self._rows[Reply].append(reply)
            if turn.helpful is not None and position == 0:
                given = at + timedelta(seconds=30)
                self._rows[Feedback].append(
                    Feedback(reply=reply, helpful=turn.helpful, comment=turn.comment, given_at=given)
                )
            self._deliver(conversation, message, reply, at + timedelta(seconds=turn.took))
        if turn.handoff is not None:
            self._hand_over(conversation, message, turn, at)
        if turn.is_task:
            is_old = self._now - at > timedelta(days=2)
            state = StaffTask.State.DONE if is_old or self._chance.random() < 0.3 else StaffTask.State.NEW
            self._rows[StaffTask].append(
                StaffTask(
                    message=message, conversation=conversation, state=state, created_at=at + timedelta(minutes=30)
                )
            )
        if turn.by_staff and conversation.channel in CAPABILITIES:
            self._rows[Delivery].append(
                Delivery(
                    key=self._id(), conversation=conversation, author=Delivery.Author.STAFF, state=Delivery.State.READ,
                    content={"text": turn.by_staff}, created_at=at + timedelta(minutes=3),
                    sent_at=at + timedelta(minutes=3),
                )
            )  # fmt: skip

    def _deliver(self, conversation: Conversation, message: Message, reply: Reply, at: datetime) -> None:
        if conversation.channel not in CAPABILITIES:
            return
        for part in render(ReplyFormat.model_validate(reply.body), conversation.channel):
            state = self._chance.choices(["read", "delivered", "sent", "failed"], [70, 22, 5, 1.5])[0]
            self._rows[Delivery].append(
                Delivery(
                    key=self._id(), conversation=conversation, message=message, reply=reply, content=part, state=state,
                    attempts=1, created_at=at, sent_at=None if state == "failed" else at, next_attempt_at=at,
                    problem=self._chance.choice(_PROBLEMS) if state == "failed" else "",
                    is_urgent=reply.kind == "emergency",
                )
            )  # fmt: skip

    def _hand_over(self, conversation: Conversation, message: Message, turn: Turn, at: datetime) -> None:
        told = turn.handoff or {}
        handoff = next((one for one in reversed(self._rows[Handoff]) if str(one.pk) == told["id"]), None)
        if handoff is None:
            handoff = Handoff(
                id=uuid.UUID(told["id"]),
                conversation=conversation,
                message=message,
                reason=told["reason"],
                created_at=at,
            )
            self._rows[Handoff].append(handoff)
        handoff.status = told["status"]
        if turn.left is not None:
            self._request(
                at, conversation=conversation, handoff=handoff, source=conversation.channel, reason=handoff.reason,
                name=turn.left.name, phone=turn.left.phone, best_time=turn.left.best_time,
            )  # fmt: skip

    def _form_entry(self, conversation: Conversation, at: datetime) -> None:
        person = people.someone(self._chance)
        is_robot = self._chance.random() < 0.12
        self._request(
            at, conversation=conversation, source=ContactRequest.Source.FORM, name=person.name, email=person.email,
            phone=person.phone if self._chance.random() < 0.5 else "", message=self._chance.choice(people.FORM_WORDS),
            reason=self._chance.choice(["", "booking", "prices", "human"]), is_suspect=is_robot,
        )  # fmt: skip

    def _request(self, at: datetime, **left: Any) -> None:
        """A request; those of the last days may still be open, a few of them overdue. The clinic was told of each."""
        due = due_after(at)
        age = self._now - at
        is_open = age < timedelta(days=1) or (age < timedelta(days=5) and self._chance.random() < 0.55)
        outcomes = ContactRequest.Outcome.values[:6]
        outcome = "" if is_open else self._chance.choices(outcomes, [40, 25, 10, 15, 4, 6])[0]
        self._rows[ContactRequest].append(
            ContactRequest(
                **left, created_at=at, due_at=due, overdue_told_at=due if due < self._now else None,
                state=ContactRequest.State.NEW if is_open else ContactRequest.State.DONE, outcome=outcome,
                closed_at=None if is_open else min(self._now, at + timedelta(hours=self._chance.uniform(0.5, 30))),
            )
        )  # fmt: skip

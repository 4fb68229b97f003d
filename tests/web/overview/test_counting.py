"""What is counted: each thing once, on its day at the clinic, and again when something came late."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from tests.conftest import CLINIC, WriteClinic
from web.channels.models import Delivery
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Feedback, Handoff, Message, Reply
from web.overview.counting import bucket_of, count_day, count_due
from web.overview.models import CountedDay, Tally
from web.worker import count_days

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 10)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def _conversation(at: datetime = NOON, channel: str = "website") -> Conversation:
    conversation = Conversation.objects.create(channel=channel, last_message_at=at)
    Conversation.objects.filter(pk=conversation.pk).update(started_at=at)
    return conversation


def _message(conversation: Conversation, at: datetime = NOON, took: float = 0.3, **fields: object) -> Message:
    values = {"kind": "answer", "topics": ["mri"], "confidence": 0.95, "state": "handled", "understood": {}, **fields}
    message = Message.objects.create(
        conversation=conversation, channel=conversation.channel, external_id=uuid.uuid4().hex, **values
    )
    Message.objects.filter(pk=message.pk).update(received_at=at, handled_at=at + timedelta(seconds=took))
    return message


def _counts(measure: str, day: date = DAY) -> Counter[str]:
    counts: Counter[str] = Counter()
    for channel, key, count in Tally.objects.filter(measure=measure, day=day).values_list("channel", "key", "count"):
        counts[f"{channel} {key}".strip()] = count
    return counts


def _ranking(first: float, second: float, label: str = "safety/mri") -> dict[str, object]:
    labels = (label, "safety/pain")
    ranking = [{"label": one, "confidence": sure} for one, sure in zip(labels, (first, second), strict=True)]
    return {"intent": label, "ranking": ranking}


def test_visitors_and_messages_are_counted_by_channel() -> None:
    """A conversation in which nobody wrote is no visitor."""
    for channel in ("website", "website", "whatsapp"):
        conversation = _conversation(channel=channel)
        _message(conversation)
        _message(conversation, kind="clarify", topics=[])
    Conversation.objects.filter(pk=_conversation().pk).update(last_message_at=None)
    count_day(DAY)
    assert _counts("visitors") == {"website": 2, "whatsapp": 1}
    assert _counts("messages") == {"website": 4, "whatsapp": 2}
    assert _counts("kind") == {
        "website answer": 2, "website clarify": 2, "whatsapp answer": 1, "whatsapp clarify": 1,
    }  # fmt: skip
    assert _counts("topic") == {"website mri": 2, "whatsapp mri": 1}
    assert _counts("hour") == {"website 12": 4, "whatsapp 12": 2}


def test_what_was_not_understood_counts_for_the_nearest_topic() -> None:
    """Abstained and unsure are two things; a sure answer is neither."""
    conversation = _conversation()
    fallback = {**_ranking(0.4, 0.3), "intent": "nlu_fallback"}
    _message(conversation, kind="clarify", topics=[], confidence=0.4, understood=fallback)
    _message(conversation, kind="handoff", topics=[], understood={"intent": "handoff/unanswered"})
    _message(conversation, confidence=0.6, understood=_ranking(0.6, 0.1))
    _message(conversation, confidence=0.8, understood=_ranking(0.8, 0.21))
    _message(conversation, confidence=0.9, understood=_ranking(0.9, 0.05))
    count_day(DAY)
    assert _counts("unanswered") == {"website mri": 1, "website": 1}
    assert _counts("unsure") == {"website mri": 2}


def test_a_message_left_to_a_person_or_waiting_is_said_so() -> None:
    """Neither has a kind of reply of its own, nor a time to it."""
    conversation = _conversation()
    _message(conversation, state="left", kind="", topics=[])
    _message(conversation, state="received", kind="", topics=[])
    count_day(DAY)
    assert _counts("kind") == {"website person": 1, "website waiting": 1}
    assert _counts("seconds") == {}


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, "0.25"), (0.25, "0.25"), (0.26, "0.5"), (4.2, "5"), (600, "600"), (601, "more")]
)
def test_times_are_kept_as_ranges(seconds: float, bucket: str) -> None:
    """Each range is named by its upper end."""
    assert bucket_of(seconds) == bucket


def test_what_came_of_it_is_counted_too() -> None:
    """Handoffs, judgements, requests and deliveries; not what a robot may have sent."""
    conversation = _conversation(channel="whatsapp")
    message = _message(conversation)
    Handoff.objects.create(
        id=uuid.uuid4(), conversation=conversation, message=message, reason="prices", status="offered"
    )
    for position, helpful in enumerate((True, True, False)):
        reply = Reply.objects.create(message=message, position=position, kind="answer", topic="mri", body={})
        Feedback.objects.create(reply=reply, helpful=helpful)
    Feedback.objects.update(given_at=NOON)
    ContactRequest.objects.create(name="Jordan", source="whatsapp")
    ContactRequest.objects.create(name="Robot", is_suspect=True)
    ContactRequest.objects.update(created_at=NOON)
    for state in ("failed", "sent"):
        Delivery.objects.create(conversation=conversation, content={}, state=state)
    Delivery.objects.update(created_at=NOON)
    count_day(DAY)
    assert _counts("handoff") == {"whatsapp prices": 1}
    assert (_counts("helpful"), _counts("unhelpful")) == ({"whatsapp mri": 2}, {"whatsapp mri": 1})
    assert _counts("requests") == {"whatsapp whatsapp": 1}
    assert _counts("undelivered") == {"whatsapp": 1}


def test_a_day_is_the_clinics(write_clinic: WriteClinic) -> None:
    """What is written late in Los Angeles is not tomorrow's."""
    write_clinic(f"{CLINIC}time_zone: America/Los_Angeles\n")
    late = datetime(2026, 11, 11, 7, 30, tzinfo=UTC)
    _message(_conversation(late), late)
    count_day(DAY)
    assert (_counts("messages"), _counts("hour")) == ({"website": 1}, {"website 23": 1})
    count_day(DAY + timedelta(days=1))
    assert _counts("messages", DAY + timedelta(days=1)) == {}


def test_counting_again_replaces_what_was_counted() -> None:
    """Nothing is counted twice, and what was erased meanwhile is gone."""
    first, second = _message(_conversation()), _message(_conversation())
    count_day(DAY)
    count_day(DAY)
    assert _counts("messages") == {"website": 2}
    first.conversation.delete()
    count_day(DAY)
    assert _counts("messages") == {"website": 1}
    assert second.pk


def test_old_days_are_counted_once_and_the_last_ones_again() -> None:
    """Today and yesterday may still change; a day that is settled keeps its counts when conversations go."""
    now = timezone.now()
    for ago in range(5):
        at = now - timedelta(days=ago)
        _message(_conversation(at), at)
    assert count_due(3) == 3
    assert count_due(100) >= 4
    assert CountedDay.objects.count() == 5
    settled = set(CountedDay.objects.filter(is_final=True).values_list("day", flat=True))
    assert 2 <= len(settled) <= 3
    Conversation.objects.filter(started_at__lt=now - timedelta(days=3)).delete()
    count_due(100)
    assert all(_counts("messages", day) == {"website": 1} for day in settled)
    assert count_due(100) == 5 - len(settled)


def test_with_nothing_there_is_nothing_to_count() -> None:
    """No days are made up."""
    assert (count_due(), CountedDay.objects.count()) == (0, 0)


@pytest.mark.usefixtures("database")
async def test_the_worker_counts() -> None:
    """One of its rounds does it."""
    await Conversation.objects.acreate(last_message_at=timezone.now())
    await count_days()
    assert await CountedDay.objects.acount() == 1

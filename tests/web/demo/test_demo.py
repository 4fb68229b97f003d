"""The demo: the same at every time, like the real thing, and never among real conversations."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from shared.content import load_examples, topics
from shared.reply import KIND_ORDER, Understood
from shared.reply import Reply as ReplyFormat
from web.channels.models import Delivery
from web.config import Config
from web.contact.due import open_requests, overdue
from web.contact.models import ContactRequest, Step
from web.content.models import Proposal
from web.content.signing import standing_signatures
from web.conversations.models import Channel, Conversation, Feedback, Handoff, Message, Reply, StaffTask
from web.notifications.models import Notification
from web.review.models import Mark, Note, Review

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _demo(conversations: int = 400, **options: object) -> str:
    written = io.StringIO()
    given = {"conversations": conversations, "now": NOW, "seed": 3, **options}
    call_command("demo", stdout=written, stderr=io.StringIO(), **given)
    return written.getvalue()


def _all() -> list[object]:
    return [
        *Message.objects.order_by("external_id").values_list(
            "external_id", "conversation", "text", "received_at", "kind"
        ),
        *Reply.objects.order_by("id").values_list("id", "body"),
        *ContactRequest.objects.order_by("created_at", "name").values_list("name", "due_at", "outcome"),
    ]


def test_the_same_seed_gives_the_same_demo() -> None:
    """Word for word and minute for minute; another seed gives another one."""
    _demo(60)
    first = _all()
    Conversation.objects.all().delete()
    ContactRequest.objects.all().delete()
    _demo(60)
    assert _all() == first
    Conversation.objects.all().delete()
    ContactRequest.objects.all().delete()
    _demo(60, seed=4)
    assert _all() != first


def test_there_is_some_of_everything() -> None:
    """Every channel, kind of reply and state that the console shows."""
    _demo(700)
    assert Conversation.objects.count() == 700
    assert set(Conversation.objects.values_list("channel", flat=True)) == set(Channel.values)
    assert {*KIND_ORDER, ""} == set(Message.objects.values_list("kind", flat=True))
    assert {"handled", "failed", "left"} == set(Message.objects.values_list("state", flat=True))
    assert {True, False} == set(Feedback.objects.values_list("helpful", flat=True))
    assert {"read", "delivered", "sent", "failed"} == set(Delivery.objects.values_list("state", flat=True))
    assert {"new", "in_progress", "done"} == set(ContactRequest.objects.values_list("state", flat=True))
    assert {"offered", "requested"} <= set(Handoff.objects.values_list("status", flat=True))
    assert StaffTask.objects.exists()
    assert overdue().exists()
    assert {"taken", "tried", "noted", "closed"} == set(Step.objects.values_list("kind", flat=True))
    assert set(Review.State.values) == set(Review.objects.values_list("state", flat=True))
    assert Mark.objects.exists()
    assert Note.objects.exists()
    assert Proposal.objects.count() == 3
    assert 20 < len(standing_signatures()) < len(topics())


def test_it_is_like_the_real_thing() -> None:
    """Replies are of the shared format and say what `data/` says; visitors write what `data/` has as examples."""
    _demo(300)
    for body in Reply.objects.values_list("body", flat=True):
        ReplyFormat.model_validate(body)
    for understood in Message.objects.exclude(understood={}).values_list("understood", flat=True):
        Understood.model_validate(understood)
    answers = Reply.objects.filter(kind="answer")
    assert all(topics()[reply.topic].wording.text[:40].split("{")[0] in reply.body["text"] for reply in answers)
    examples = {example for some in load_examples().values() for example in some}
    texts = Message.objects.filter(kind__in=["answer", "emergency"], choice="").values_list("text", flat=True)
    assert {text for text in texts if text not in examples} == set()
    assert not Message.objects.filter(received_at__gt=NOW).exists()


def test_even_a_small_demo_has_someone_to_call() -> None:
    """Some are free, some are taken."""
    _demo(120)
    assert open_requests().filter(taken_by=None).count() >= 3
    assert open_requests().exclude(taken_by=None).exists()


def test_nobody_is_told_of_it() -> None:
    """A worker on this database has nothing to send or to answer."""
    _demo(200)
    assert not Notification.objects.exists()
    assert not Message.objects.filter(state="received").exists()
    assert not Message.objects.exclude(next_attempt_at=None).exists()
    assert not Delivery.objects.filter(state="waiting").exists()


def test_no_number_could_be_someones() -> None:
    """Phone numbers are those kept for fiction, mail addresses lead nowhere."""
    _demo(300)
    for name, phone, email in ContactRequest.objects.values_list("name", "phone", "email"):
        assert name
        assert re.fullmatch(r"\(\d{3}\) 555-01\d\d|", phone)
        assert re.fullmatch(r"[a-z.]+\d\d@example\.org|", email)


def test_real_conversations_are_left_alone() -> None:
    """Nothing is written into their database, unless someone says so."""
    Conversation.objects.create()
    with pytest.raises(CommandError, match="no demo"):
        _demo(5)
    assert Conversation.objects.count() == 1
    _demo(5, into_real_database=True)
    assert Conversation.objects.count() == 6


def test_it_is_not_for_production(settings_of_web: Config) -> None:
    """Not even in an empty database: its accounts may do everything."""
    settings_of_web.environment = "production"
    with pytest.raises(CommandError):
        _demo(5)
    assert not Conversation.objects.exists()


def test_a_second_run_uses_what_is_there() -> None:
    """And gives a new password."""
    _demo(5)
    written = _demo(5)
    assert "there already" in written
    assert Counter(Message.objects.values_list("external_id", flat=True)).most_common(1)[0][1] == 1
    password = re.search(r"as demo, password (\S+)", written)
    assert password is not None
    answer = Client().post("/console/login", {"username": "demo", "password": password[1]})
    assert answer.status_code == 302


@pytest.mark.parametrize("options", [{"conversations": 0}, {"days": 0}, {"now": datetime(2026, 1, 1)}])
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    """In words, before anything is written."""
    with pytest.raises(CommandError):
        _demo(**options)  # type: ignore[arg-type]
    assert not Conversation.objects.exists()


def test_times_are_set_by_the_database_again_afterwards() -> None:
    """What the demo switches off while it stores is on again."""
    _demo(5)
    assert abs((Conversation.objects.create().started_at - timezone.now()).total_seconds()) < 60

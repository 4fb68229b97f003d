"""What was kept for as long as the settings say is gone, everywhere; what may stay stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db.models import CASCADE, Model
from django.utils import timezone

from tests.web.privacy.support import places_of
from tests.web.support import FakeRasa, an_answer
from web import worker
from web.channels.models import Redaction, Visitor, Webhook
from web.config import Config
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Handoff, Message, Reply
from web.notifications.models import Notification
from web.privacy import retention
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def a_conversation(days: float, word: str) -> Conversation:
    """One whose last message is so old."""
    conversation = Conversation.objects.create(channel="whatsapp")
    message = Message.objects.create(
        conversation=conversation, channel="whatsapp", external_id=word, text=word, state="handled"
    )
    Reply.objects.create(message=message, position=0, kind="answer", body=an_answer(word).model_dump(mode="json"))
    Visitor.objects.create(channel="whatsapp", conversation=conversation, user_hash=f"hash-{word}")
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=ago(days), started_at=ago(days))
    return conversation


def a_request(word: str, conversation: Conversation | None = None, **values: object) -> ContactRequest:
    return ContactRequest.objects.create(conversation=conversation, name=word, message=word, **values)


def test_conversations_go_after_their_last_message(settings_of_web: Config) -> None:
    """A day too old is gone from every table and file; a day younger is all there."""
    settings_of_web.retention_days = 10
    a_conversation(11, "quokka")
    a_conversation(9, "numbat")
    assert retention.enforce() == retention.Gone(conversations=1)
    assert places_of("quokka") == []
    assert places_of("numbat") != []
    assert [entry.event for entry in Entry.objects.all()] == ["expire"]
    assert retention.enforce() == retention.Gone()


async def test_the_worker_deletes_and_has_rasa_forget(rasa: FakeRasa, settings_of_web: Config) -> None:
    """One round of each, and the settings are in the record."""
    from asgiref.sync import sync_to_async

    old = await sync_to_async(a_conversation)(91, "quokka")
    await worker.delete_what_is_due()
    await worker.forget_messages()
    assert rasa.forgotten == [old.pk.hex]
    assert await Redaction.objects.acount() == 0
    entries = [entry async for entry in Entry.objects.order_by("number")]
    assert [entry.event for entry in entries] == ["setting", "expire"]
    assert entries[0].details["conversations"] == "90 days after the last message"
    await worker.delete_what_is_due()
    assert await Entry.objects.acount() == 2
    settings_of_web.retention_days = 30
    await worker.delete_what_is_due()
    assert (await Entry.objects.afirst()).details["conversations"].startswith("30 days")  # type: ignore[union-attr]


def test_requests_go_after_they_were_closed(settings_of_web: Config) -> None:
    """Open ones stay however old they are; a robot's go though no one closed them."""
    settings_of_web.request_retention_days = 30
    a_request("closed-long-ago", state="done", closed_at=ago(31))
    a_request("closed-lately", state="done", closed_at=ago(29))
    open_ = a_request("still-open")
    robot = a_request("robot", is_suspect=True)
    ContactRequest.objects.filter(pk__in=(open_.pk, robot.pk)).update(created_at=ago(300))
    assert retention.enforce() == retention.Gone(requests=2)
    assert sorted(request.name for request in ContactRequest.objects.all()) == ["closed-lately", "still-open"]


def test_a_conversation_stays_while_its_request_does() -> None:
    """Someone may still have to call; once the request goes, both do."""
    conversation = a_conversation(200, "quokka")
    request = a_request("quokka-name", conversation)
    retention.enforce()
    assert Conversation.objects.count() == 1
    ContactRequest.objects.filter(pk=request.pk).update(state="done", closed_at=ago(31))
    assert retention.enforce() == retention.Gone(conversations=1, requests=1)
    assert places_of("quokka") == []


def test_notifications_and_webhooks_go_too() -> None:
    """Traces outside conversations."""
    Notification.objects.create(kind="new_request", way="email", path="/x")
    Webhook.objects.create(channel="whatsapp", body="x", problem="KeyError")
    Notification.objects.update(created_at=ago(91))
    Webhook.objects.update(received_at=ago(91))
    assert retention.enforce() == retention.Gone(others=2)


def test_deletion_goes_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """No visitor waits for a database that deletes thousands."""
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(3):
        a_conversation(100, f"old-{number}")
    assert [retention.enforce().conversations for _ in range(3)] == [2, 1, 0]


def test_a_conversation_at_work_is_left_alone() -> None:
    """Whoever holds it is about to write in it."""
    conversation = a_conversation(100, "quokka")
    Conversation.objects.filter(pk=conversation.pk).update(lease_owner="x", lease_until=timezone.now() + timedelta(60))
    assert not retention.enforce()


def test_what_goes_next_is_known_by_day(settings_of_web: Config) -> None:
    """What is overdue goes today; what goes later than asked for is not counted."""
    settings_of_web.retention_days, settings_of_web.request_retention_days = 90, 30
    for days in (95, 85, 85, 10):
        a_conversation(days, f"old-{days}-{Conversation.objects.count()}")
    a_request("closed", state="done", closed_at=ago(25))
    days = retention.coming(14)
    ahead = [(day.day.date() - timezone.now().date()).days for day in days]
    assert list(zip(ahead, ((day.conversations, day.requests) for day in days), strict=True)) == [
        (0, (1, 0)),
        (5, (2, 1)),
    ]


#: Tables that hold nothing of a visitor, or are cleaned by their own rule (see `web/privacy/`).
APART = {
    "channels.Webhook", "channels.Turnstile", "channels.Redaction", "channels.Hold", "contact.ContactRequest",
    "conversations.Conversation", "conversations.WorkerBeat", "conversations.Erasure", "notifications.Notification",
    "overview.CountedDay", "overview.Tally",
    "privacy.Entry", "privacy.ChainHead", "content.Signature", "content.Proposal", "learning.Lesson", "review.Tag",
    "review.SavedView",
}  # fmt: skip


def test_every_table_is_erased_with_its_visitor() -> None:
    """A new table hangs on the conversation, or on a request, by a foreign key that cascades; or is named above, with
    something that cleans it."""
    roots = {Conversation, ContactRequest, Handoff}

    def hangs(model: type[Model], seen: frozenset[type[Model]] = frozenset()) -> bool:
        if model in roots:
            return True
        parents = [
            field.related_model
            for field in model._meta.concrete_fields
            if field.is_relation and getattr(field.remote_field, "on_delete", None) is CASCADE
        ]
        return any(
            isinstance(one, type) and one not in seen and hangs(one, seen | {model})
            for one in parents
            if one is not model
        )

    ours = [model for model in apps.get_models() if model.__module__.startswith("web.")]
    loose = {model._meta.label for model in ours if not hangs(model)}
    assert sorted(loose - APART) == []

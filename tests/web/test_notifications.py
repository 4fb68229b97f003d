"""Notifications: by mail and webhook, without content, tried until they arrive, and a failure is seen."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core import mail
from django.utils import timezone
from pydantic import SecretStr

from shared.reply import Reply
from tests.web.support import FakeRasa, Visitor
from web.config import Config
from web.notifications import outbox
from web.notifications.models import Notification

SECRET = "s" * 32


@pytest.fixture
def webhook(settings_of_web: Config, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """The clinic's own server; `status` of the first request's answer can be set by the test."""
    settings_of_web.notify_webhook_url = "https://hooks.example/smp"
    settings_of_web.notify_webhook_secret = SecretStr(SECRET)
    settings_of_web.notify_emails = []
    received: list[httpx.Request] = []
    answers = iter([503])

    def post(url: str, **request: Any) -> httpx.Response:
        sent = httpx.Request("POST", url, content=request["content"], headers=request["headers"])
        received.append(sent)
        return httpx.Response(next(answers, 200), request=sent)

    monkeypatch.setattr(outbox.httpx, "post", post)
    return received


def due_again() -> None:
    Notification.objects.filter(sent_at=None).update(next_attempt_at=timezone.now())


@pytest.mark.django_db
def test_a_mail_says_what_and_where_and_nothing_more(settings_of_web: Config) -> None:
    """To everyone who is to know, with a link behind the login."""
    settings_of_web.notify_emails = ["one@clinic.example", "two@clinic.example"]
    outbox.notify(Notification.Kind.NEW_REQUEST, "/console/requests/7")
    assert outbox.send_due() == 1
    (message,) = mail.outbox
    assert message.to == settings_of_web.notify_emails
    assert "http://localhost:8000/console/requests/7" in message.body
    assert Notification.objects.get().state == "sent"
    assert outbox.send_due() == 0


@pytest.mark.django_db
def test_a_webhook_is_signed_over_time_and_raw_body(webhook: list[httpx.Request]) -> None:
    """The receiver can tell that it is ours, and that it is no copy of an old one."""
    outbox.notify(Notification.Kind.EMERGENCY, "/console/x")
    outbox.send_due()
    (request,) = webhook
    signed = request.headers["X-Timestamp"].encode() + b"." + request.content
    assert request.headers["X-Signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert set(json.loads(request.content)) == {"id", "kind", "at", "link"}


@pytest.mark.django_db
def test_what_fails_is_seen_and_tried_again(webhook: list[httpx.Request]) -> None:
    """With its reason for staff, after a while, until it arrives."""
    outbox.notify(Notification.Kind.NEW_REQUEST, "/console/x")
    outbox.send_due()
    failed = Notification.objects.get()
    assert (failed.state, failed.attempts, failed.last_error) == ("failing", 1, "status 503")
    assert outbox.are_failing() is True
    assert outbox.send_due() == 0
    due_again()
    assert outbox.send_due() == 1
    assert Notification.objects.get().state == "sent"
    assert outbox.are_failing() is False
    assert json.loads(webhook[0].content)["id"] == json.loads(webhook[1].content)["id"]


@pytest.mark.django_db
def test_after_a_day_it_is_given_up_and_still_seen(webhook: list[httpx.Request]) -> None:
    """No one is told of yesterday's visitor again and again."""
    outbox.notify(Notification.Kind.NEW_REQUEST, "/console/x")
    Notification.objects.update(created_at=timezone.now() - outbox.GIVE_UP_AFTER)
    outbox.send_due()
    assert Notification.objects.get().state == "given up"


@pytest.mark.django_db
def test_who_claims_it_first_sends_it(webhook: list[httpx.Request]) -> None:
    """Another worker that saw it due at the same moment leaves it."""
    outbox.notify(Notification.Kind.NEW_REQUEST, "/console/x")
    (waiting,) = Notification.objects.all()
    Notification.objects.update(next_attempt_at=timezone.now() + timedelta(seconds=60))
    assert outbox._send(waiting.pk) is False
    assert webhook == []


@pytest.mark.django_db
def test_the_same_thing_is_told_once(settings_of_web: Config) -> None:
    """An emergency of ten messages is one notification; another conversation's is another."""
    for path in ("/console/1", "/console/1", "/console/2"):
        outbox.notify(Notification.Kind.EMERGENCY, path)
    assert Notification.objects.count() == 2


async def test_an_emergency_is_told_without_a_word_of_it(visitor: Visitor, rasa: FakeRasa) -> None:
    """Kind, time and a link."""
    rasa.says = [Reply(text="Call 911 now.", kind="emergency", care="emergency_call")]
    await visitor.send("I can't breathe")
    told = await Notification.objects.aget()
    assert told.kind == "emergency"
    assert "breathe" not in str(vars(told))

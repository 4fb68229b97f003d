"""What visitors are told of their data is what the settings make the software do."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr

from web.config import Config
from web.conversations.models import Erasure


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page.partition("<main")[2]).split())


def test_the_page_says_what_is_set(client: Client, settings_of_web: Config) -> None:
    """Every number on it is a setting."""
    settings_of_web.retention_days, settings_of_web.request_retention_days = 45, 1
    settings_of_web.backup_days, settings_of_web.session_days = 12, 3
    page = words_of(client.get("/privacy").content.decode())
    assert "conversation is deleted 45 days after the last message, or later, while a request" in page
    assert "A request is deleted 1 day after the clinic has closed it." in page
    assert "Backups age out by rotation within 12 days" in page
    assert "for up to 3 days" in page
    assert "delete my data" in page
    assert "borrar mis datos" in page
    settings_of_web.backup_days = 0
    assert "There are no backups." in words_of(client.get("/privacy").content.decode())


def test_meta_is_named_where_it_carries_messages(client: Client, settings_of_web: Config) -> None:
    """And only there."""
    assert "Meta" not in words_of(client.get("/privacy").content.decode())
    settings_of_web.whatsapp_phone_number_id, settings_of_web.whatsapp_token = "1", SecretStr("a token")
    page = words_of(client.get("/privacy").content.decode())
    assert "on WhatsApp, and about the contact form" in page
    assert "Meta carries the messages" in page


@pytest.mark.django_db
def test_an_erasure_has_a_page(client: Client) -> None:
    """Before and after, and no page for a number that was never given."""
    receipt = Erasure.objects.create(via="website", conversation=uuid.uuid4())
    assert "is being deleted" in client.get(f"/privacy/erasures/{receipt.pk}").content.decode()
    Erasure.objects.update(erased_at=timezone.now(), conversation=None, messages=2, requests=0)
    page = words_of(client.get(f"/privacy/erasures/{receipt.pk}").content.decode())
    assert "Your data was deleted" in page
    assert "2 messages with all answers, 0 requests" in page
    assert client.get(f"/privacy/erasures/{uuid.uuid4()}").status_code == 404

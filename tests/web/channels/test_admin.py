"""What staff see of the channels."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from web.channels import intake
from web.channels.models import Delivery, Hold, Webhook
from web.conversations.models import Conversation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["delivery", "hold", "webhook"])
def test_every_list_opens(admin_client: Client, name: str) -> None:
    """And shows no webhook's body."""
    conversation = Conversation.objects.create(channel="whatsapp")
    Delivery.objects.create(conversation=conversation, content={"text": "<b>An answer.</b>"})
    Hold.objects.create(channel="whatsapp", until=timezone.now(), problem="rate limit")
    intake.store("whatsapp", b"{}")
    page = admin_client.get(f"/admin/channels/{name}/")
    assert page.status_code == 200
    assert b"<b>An answer" not in page.content
    assert Webhook.objects.get().body.encode() not in page.content


def test_what_was_not_sent_can_be_sent_again(admin_client: Client) -> None:
    """And nothing else can."""
    conversation = Conversation.objects.create(channel="whatsapp")
    make = Delivery.objects.create
    failed = make(conversation=conversation, content={"text": "one"}, state=Delivery.State.FAILED)
    sent = make(conversation=conversation, content={"text": "two"}, state=Delivery.State.SENT)
    chosen = {"action": "send_again", "_selected_action": [failed.pk, sent.pk]}
    assert admin_client.post("/admin/channels/delivery/", chosen).status_code == 302
    assert [each.state for each in Delivery.objects.order_by("pk")] == ["waiting", "sent"]

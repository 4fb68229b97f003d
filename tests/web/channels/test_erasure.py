"""A visitor of Messenger or WhatsApp is erased everywhere, whichever way it was asked for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from evaluation.meta import payloads
from evaluation.meta.payloads import Someone
from evaluation.meta.simulator import APP_SECRET
from tests.web.channels.support import FakeGraph, a_conversation, ask, deliver
from tests.web.privacy.support import an_account, places_of
from tests.web.support import FakeRasa, a_handoff
from web import worker
from web.channels import graph, intake
from web.channels.models import Delivery, Redaction, Visitor, Webhook
from web.contact.models import ContactRequest, Step
from web.conversations.models import Conversation, Erasure, Feedback, Handoff, Message, Reply, StaffTask
from web.notifications.models import Notification
from web.notifications.outbox import notify
from web.privacy import erasure
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "xylophone rash behind my ears"


async def fill(who: Someone, rasa: FakeRasa) -> Conversation:
    """A conversation with a bit of everything there is."""
    rasa.says = [a_handoff()]
    await ask(payloads.text(who, f"{WORDS}, call Zebulon at 310 555 0142"))

    def more() -> Conversation:
        conversation = a_conversation(who)
        message = conversation.messages.get()
        Feedback.objects.create(reply=Reply.objects.filter(message=message)[0], helpful=False, comment=WORDS)
        handoff = Handoff.objects.filter(conversation=conversation)[0]
        request = ContactRequest.objects.create(
            conversation=conversation, handoff=handoff, name="Zebulon", phone="310 555 0142", message=WORDS
        )
        Step.objects.create(request=request, kind="noted", by=an_account(), note=WORDS)
        StaffTask.objects.create(message=message, conversation=conversation)
        Redaction.objects.create(rasa_name=conversation.pk.hex)
        notify(Notification.Kind.NEW_REQUEST, request.staff_path)
        intake.store(who.channel, json.dumps(payloads.text(who, f"later: {WORDS}")).encode())
        Webhook.objects.update(problem="KeyError")
        return conversation

    return await sync_to_async(more)()


async def assert_nothing_left(conversation: Conversation, rasa: FakeRasa) -> None:
    """Not a row, and not a word in a table or a file."""

    def check() -> None:
        for model in (Conversation, Message, Reply, Handoff, Feedback, ContactRequest, Step, StaffTask, Visitor):
            assert model.objects.count() == 0, model
        for other in (Delivery, Redaction, Notification):
            assert other.objects.count() == 0, other
        assert places_of("xylophone", "zebulon", "555 0142") == []
        assert not any("xylophone" in intake.decrypted(one.body) for one in Webhook.objects.all())

    assert conversation.pk.hex in rasa.forgotten
    await sync_to_async(check)()


async def test_delete_my_data_is_asked_back_then_done_with_a_receipt(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph, log: io.StringIO
) -> None:
    """The visitor is told before they are forgotten; then nothing is left, not even in what is logged."""
    conversation = await fill(who, rasa)
    asked = len(rasa.asked)
    await ask(payloads.text(who, "delete my data"))
    assert "This can't be undone. Delete it?" in fake_graph.texts[-1]
    assert await Erasure.objects.acount() == 0
    await ask(payloads.text(who, "yes"))
    receipt = await Erasure.objects.aget()
    assert str(receipt.pk) in fake_graph.texts[-1]
    assert "age out by rotation within 30 days" in fake_graph.texts[-1]
    assert len(rasa.asked) == asked, "Rasa is not asked about any of this"
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 1, "not before its time"
    await Erasure.objects.aupdate(next_attempt_at=timezone.now())
    await worker.erase_visitors()
    await assert_nothing_left(conversation, rasa)
    receipt = await Erasure.objects.aget()
    assert receipt.is_done
    assert receipt.conversation is None
    assert (receipt.messages, receipt.requests) == (3, 1)
    assert [entry.details["step"] async for entry in Entry.objects.order_by("number")] == ["asked", "done"]
    assert "xylophone" not in log.getvalue()
    assert "Zebulon" not in log.getvalue()


async def test_a_receipt_that_is_on_its_way_is_waited_for(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Erased first, the visitor could not be told; but no one is kept for ever because they can't."""
    await fill(who, rasa)
    await ask(payloads.text(who, "delete my data"))
    fake_graph.next = [httpx.ConnectError("away")]
    await ask(payloads.text(who, "yes"))
    await Erasure.objects.aupdate(next_attempt_at=timezone.now())
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 1
    long_ago = timezone.now() - timedelta(minutes=11)
    await Erasure.objects.aupdate(next_attempt_at=timezone.now(), asked_at=long_ago)
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 0


async def test_no_means_no_and_others_stay(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Nothing is deleted; and "yes" to nothing is for Rasa."""
    await fill(who, rasa)
    await ask(payloads.text(who, "borra mis datos"))
    assert "¿Lo borro?" in fake_graph.texts[-1]
    await ask(payloads.text(who, "no"))
    assert "No se borró nada" in fake_graph.texts[-1]
    asked = len(rasa.asked)
    await ask(payloads.text(who, "yes"))
    assert len(rasa.asked) == asked + 1
    assert await Erasure.objects.acount() == 0


async def test_with_rasa_away_it_is_done_once_rasa_is_back(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Asked for, confirmed and promised while Rasa is down; whole, or not yet."""
    conversation = await fill(who, rasa)
    rasa.fault = "down"
    await ask(payloads.text(who, "delete my data"))
    await ask(payloads.text(who, "yes"))
    await Erasure.objects.aupdate(next_attempt_at=timezone.now())
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 1
    rasa.fault = None
    await Erasure.objects.aupdate(next_attempt_at=timezone.now())
    await worker.erase_visitors()
    await assert_nothing_left(conversation, rasa)


async def test_an_erasure_ends_at_the_edge_of_its_visitor(rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """What another wrote stays, in a webhook that holds both as well."""
    one, other = Someone.number("whatsapp", 7), Someone.number("whatsapp", 8)
    await ask(payloads.text(one, WORDS))
    await ask(payloads.text(other, "my own words"))
    both = payloads.joined(payloads.text(one, WORDS), payloads.text(other, "more of my own"))
    await sync_to_async(intake.store)("whatsapp", json.dumps(both).encode())
    visitor = await Visitor.objects.select_related("conversation").aget(conversation__messages__text=WORDS)
    await erasure.aerase(visitor.conversation_id)

    def left() -> list[str]:
        while intake.read_waiting():
            pass
        return [message.text for message in Message.objects.order_by("pk")]

    assert await sync_to_async(left)() == ["my own words", "more of my own"]
    await deliver()


def signed(payload: dict[str, Any], secret: str = APP_SECRET) -> str:
    """As Meta signs it."""
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).rstrip(b"=")
    return f"{signature.decode()}.{body.decode()}"


def request_of(person: str, **more: Any) -> dict[str, Any]:
    return {"algorithm": "HMAC-SHA256", "issued_at": 1, "user_id": person, **more}


async def test_meta_asks_for_a_deletion(rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """The answer has a code and an address that says what became of it, before and after."""
    who = Someone.number("messenger", 7)
    conversation = await fill(who, rasa)
    person = await sync_to_async(lambda: intake.decrypted(Visitor.objects.get().user_token))()
    client = Client()

    def call() -> dict[str, str]:
        answer = client.post("/webhooks/meta/deletion", {"signed_request": signed(request_of(person))})
        assert answer.status_code == 200
        said: dict[str, str] = answer.json()
        return said

    said = await sync_to_async(call)()
    assert said["confirmation_code"].isalnum()
    assert uuid.UUID(said["confirmation_code"]) == (await Erasure.objects.aget()).pk
    path = said["url"].removeprefix("http://localhost:8000")

    def page() -> str:
        return client.get(path).content.decode()

    assert "is being deleted" in await sync_to_async(page)()
    await worker.erase_visitors()
    await assert_nothing_left(conversation, rasa)
    assert "1 message with all answers, 1 request" in await sync_to_async(page)()
    assert await sync_to_async(places_of)(person) == []


async def test_someone_meta_knows_by_another_id_is_found(
    rasa: FakeRasa, fake_graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app's id of a person is asked for the page's; without one there was nothing, and the page says so."""
    who = Someone.number("messenger", 7)
    await fill(who, rasa)
    person = await sync_to_async(lambda: intake.decrypted(Visitor.objects.get().user_token))()
    monkeypatch.setattr(graph, "page_scoped_ids", lambda one: [person] if one == "77" else [])
    await sync_to_async(erasure.ask_for_id)("78")
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 1
    assert (await Erasure.objects.aget()).is_done
    await sync_to_async(erasure.ask_for_id)("77")
    await worker.erase_visitors()
    assert await Conversation.objects.acount() == 0


@pytest.mark.parametrize(
    "given",
    [
        "",
        "no dot",
        "a.b",
        "é.ü",
        signed(request_of("1"), "another secret"),
        signed({"algorithm": "none", "user_id": "1"}),
        signed({"algorithm": "HMAC-SHA256"}),
        signed({"algorithm": "HMAC-SHA256", "user_id": True}),
        signed(request_of("1")) + "x",
        "." + signed(request_of("1")).partition(".")[2],
    ],
)
def test_what_meta_did_not_sign_is_refused(client: Client, given: str) -> None:
    """Nobody has others erased."""
    answer = client.post("/webhooks/meta/deletion", {"signed_request": given})
    assert answer.status_code == 400
    assert Erasure.objects.count() == 0

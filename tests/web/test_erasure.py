"""A visitor erases the conversation: all of it, or nothing and an error."""

from __future__ import annotations

import asyncio
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.web.conftest import NewVisitor
from tests.web.support import FAULTS, FakeRasa, Fault, Visitor, a_handoff, assert_error
from web import turns, worker
from web.config import Config
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure, Feedback, Handoff, Message, Reply
from web.website import tokens

PERSONAL = (Conversation, Message, Reply, Handoff, Feedback, ContactRequest)


async def fill(visitor: Visitor, rasa: FakeRasa) -> None:
    """A conversation with a bit of everything."""
    rasa.says = [a_handoff()]
    sent = await visitor.send("hello")
    await visitor.rate(sent["replies"][0]["id"], True)
    conversation = await Conversation.objects.aget(pk=tokens.conversation_of(visitor.token))
    handoff = await Handoff.objects.aget(conversation=conversation)
    await ContactRequest.objects.acreate(conversation=conversation, handoff=handoff, name="Jordan")


async def counts() -> list[int]:
    return [await model.objects.acount() for model in PERSONAL]  # type: ignore[attr-defined]


async def test_everything_is_erased_and_a_receipt_given(visitor: Visitor, rasa: FakeRasa) -> None:
    """Log, requests and what Rasa remembers are gone; the receipt holds nothing about the visitor."""
    await fill(visitor, rasa)
    conversation = tokens.conversation_of(visitor.token)
    response = await visitor.erase()
    assert response.status_code == 200
    assert await counts() == [0, 0, 0, 0, 0, 0]
    assert rasa.forgotten == [conversation.hex]
    erasure = await Erasure.objects.aget()
    assert erasure.erased_at is not None
    receipt = response.json()["receipt"]
    assert (receipt["id"], receipt["erased_at"]) == (str(erasure.pk), erasure.erased_at.isoformat())
    assert "Backups that hold it age out by rotation within 30 days." in receipt["text"]
    assert (erasure.messages, erasure.requests) == (1, 1)
    assert erasure.pk != conversation


async def test_others_keep_theirs(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """An erasure ends at the edge of its conversation."""
    one, other = await new_visitor(), await new_visitor()
    await fill(one, rasa)
    await fill(other, rasa)
    await one.erase()
    assert await counts() == [1, 1, 1, 1, 1, 1]
    assert len(await other.log()) == 1


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault in ("down", "slow", "error")])
async def test_with_rasa_down_nothing_is_erased(
    visitor: Visitor, rasa: FakeRasa, settings_of_web: Config, fault: Fault
) -> None:
    """Half an erasure would look like a whole one, so it is none; the visitor can try again."""
    settings_of_web.rasa_timeout_seconds = 0.05
    await fill(visitor, rasa)
    rasa.fault = fault
    assert_error(await visitor.erase(), 503, "unavailable")
    assert await counts() == [1, 1, 1, 1, 1, 1]
    assert await Erasure.objects.acount() == 0
    rasa.fault = None
    assert (await visitor.erase()).status_code == 200


async def test_a_message_at_work_is_not_remembered_after(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rasa forgets only once it has finished with the visitor's last message."""
    begun, go_on, refused = asyncio.Event(), asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def hold(asked: dict[str, Any]) -> None:
        begun.set()
        await go_on.wait()
        order.append(f"answered, {len(rasa.forgotten)} forgotten")

    async def a_moment() -> None:
        refused.set()
        await asyncio.sleep(0)

    monkeypatch.setattr(turns, "_a_moment", a_moment)
    rasa.before_answer = hold
    sending = asyncio.create_task(visitor.post(client_message_id="1", text="hello"))
    await begun.wait()
    erasing = asyncio.create_task(visitor.erase())
    waiting = asyncio.create_task(refused.wait())
    await asyncio.wait({waiting, erasing}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    go_on.set()
    assert (await erasing).status_code == 200
    assert order == ["answered, 0 forgotten"]
    assert (await sending).status_code in (200, 401)
    assert len(rasa.forgotten) == 1
    assert await counts() == [0, 0, 0, 0, 0, 0]


async def test_a_conversation_that_stays_busy_is_not_erased(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process does not let go of it: nothing is erased, and the visitor is told so."""
    monkeypatch.setattr(turns, "PATIENCE", timedelta(0))
    await Conversation.objects.aupdate(lease_owner="other", lease_until=timezone.now() + timedelta(seconds=60))
    assert_error(await visitor.erase(), 503, "unavailable")
    assert rasa.forgotten == []
    assert await Conversation.objects.acount() == 1


async def test_a_message_that_waits_when_all_is_erased_ends(visitor: Visitor, rasa: FakeRasa) -> None:
    """Whoever still waits for an answer is told that the conversation is gone."""
    conversation = await Conversation.objects.aget()
    message = await Message.objects.acreate(conversation=conversation, external_id=uuid.uuid4().hex, text="hello")
    await Conversation.objects.all().adelete()
    with pytest.raises(Conversation.DoesNotExist):
        await turns.answer(message)


async def test_erasing_twice_at_once_is_one_erasure(visitor: Visitor, rasa: FakeRasa) -> None:
    """A double tap gives one receipt; the other is told that there is nothing left."""
    responses = await asyncio.gather(visitor.erase(), visitor.erase())
    assert sorted(response.status_code for response in responses) == [200, 401]
    assert await Erasure.objects.acount() == 1


async def test_delete_my_data_works_in_the_website_chat(visitor: Visitor, rasa: FakeRasa, log: io.StringIO) -> None:
    """By a tap or in words: asked back, a receipt, and soon nothing is left and the session is over."""
    await fill(visitor, rasa)
    asked = len(rasa.asked)
    (reply,) = (await visitor.send("delete my data"))["replies"]
    assert [choice["title"] for choice in reply["choices"]] == ["Delete everything", "Keep it"]
    (kept,) = (await visitor.post(client_message_id="keep", choice="privacy/keep")).json()["replies"]
    assert "Nothing was deleted" in kept["text"]
    (reply,) = (await visitor.send("Please delete all my messages"))["replies"]
    (receipt,) = (await visitor.post(client_message_id="yes", choice="privacy/erase")).json()["replies"]
    erasure = await Erasure.objects.aget()
    assert str(erasure.pk) in receipt["text"]
    assert len(rasa.asked) == asked
    conversation = tokens.conversation_of(visitor.token)
    assert (await visitor.log())[-1]["replies"][0]["text"] == receipt["text"], "it can be read again until then"
    await Erasure.objects.aupdate(next_attempt_at=timezone.now())
    await worker.erase_visitors()
    assert await counts() == [0, 0, 0, 0, 0, 0]
    assert_error(await visitor.post(client_message_id="more", text="hello"), 401, "session_unknown")
    assert f"Erased conversation {conversation}" in log.getvalue()


async def test_a_yes_that_was_never_offered_erases_nothing(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """A choice is valid only where it was offered, and "yes" only as an answer to the question."""
    one = await new_visitor()
    await fill(one, rasa)
    assert_error(await one.post(client_message_id="1", choice="privacy/erase"), 422, "choice_not_offered")
    await one.send("yes")
    assert await Erasure.objects.acount() == 0


async def test_after_a_backup_was_put_back_they_are_erased_again(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ids come from the log; one that is not there is no error."""
    await fill(visitor, rasa)
    conversation = tokens.conversation_of(visitor.token)
    lines = f"INFO web.privacy.erasure: Erased conversation {conversation}\nErased conversation {uuid.uuid4()}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    said = io.StringIO()
    await sync_to_async(call_command)("erase", "-", stdout=said)
    assert said.getvalue() == "1 erased, 1 not there (any more).\n"
    assert await counts() == [0, 0, 0, 0, 0, 0]
    with pytest.raises(CommandError, match="is no id"):
        await sync_to_async(call_command)("erase", "7", stdout=said)

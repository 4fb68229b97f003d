"""Sending messages and reading them again."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest

from tests.web.conftest import NewVisitor
from tests.web.support import FORM, UNDERSTOOD, FakeRasa, Visitor, a_handoff, a_question, an_answer, assert_error
from web.config import config
from web.contact.links import handoff_id_of
from web.conversations.models import Conversation, Handoff, Message, Reply
from web.website import tokens


async def test_all_that_came_of_a_message_is_stored(visitor: Visitor, rasa: FakeRasa) -> None:
    """Message, replies, handoff and what was understood stand in the log after one call."""
    rasa.says = [an_answer(), a_handoff("prices")]
    answer = await visitor.send("is there mercury in the ink")
    message = await Message.objects.aget()
    assert (message.text, message.state, message.kind) == ("is there mercury in the ink", "handled", "handoff")
    assert (message.topics, message.confidence) == (["heavy_metals"], UNDERSTOOD.confidence)
    assert message.understood == UNDERSTOOD.model_dump(mode="json")
    assert message.handled_at is not None
    replies = [reply async for reply in Reply.objects.order_by("position")]
    assert [{"id": str(reply.pk), **reply.body} for reply in replies] == answer["replies"]
    handoff = await Handoff.objects.aget()
    assert (handoff.reason, handoff.status, handoff.message_id) == ("prices", "offered", message.pk)
    assert answer["message_id"] == str(message.pk)


async def test_rasa_is_told_what_it_needs(visitor: Visitor, rasa: FakeRasa) -> None:
    """The conversation, a message id that stays the same, the channel, and the secret between the two."""
    await visitor.send("hello")
    message = await Message.objects.aget()
    assert rasa.asked == [
        {
            "conversation": tokens.conversation_of(visitor.token).hex,
            "message_id": str(message.pk),
            "text": "hello",
            "channel": "website",
            "language": None,
        }
    ]
    assert rasa.secrets == {f"Bearer {config().gateway_secret.get_secret_value()}"}


async def test_a_reply_gets_the_built_in_form(visitor: Visitor, rasa: FakeRasa) -> None:
    """With a handoff the link holds its id, signed, and nothing the visitor wrote."""
    rasa.says = [an_answer(), a_handoff()]
    plain, handed = (await visitor.send("a secret of mine"))["replies"]
    assert plain["contact"]["form_url"] == FORM
    signed = handed["contact"]["form_url"].removeprefix(FORM)
    assert handoff_id_of(signed) == handed["handoff"]["id"]
    assert "secret" not in signed


async def test_a_clinics_own_page_is_kept(visitor: Visitor, rasa: FakeRasa) -> None:
    """Where the clinic has a contact page, its address stays as it came."""
    reply = an_answer()
    assert reply.contact is not None
    reply.contact.form_url = "https://clinic.example/contact"
    rasa.says = [reply]
    answer = await visitor.send("hello")
    assert answer["replies"][0]["contact"]["form_url"] == "https://clinic.example/contact"


async def test_what_was_understood_reaches_no_visitor(visitor: Visitor, rasa: FakeRasa) -> None:
    """Intents, rules and confidence stay inside, in every response of the API."""
    rasa.says = [an_answer(), a_handoff()]
    sent = await visitor.send("hello")
    responses: list[Any] = [sent, await visitor.log(), await visitor.start()]
    responses.append((await visitor.rate(sent["replies"][0]["id"], True)).json())
    responses.append((await visitor.erase()).json())
    for response in responses:
        shown = json.dumps(response)
        assert not [word for word in ("understood", "confidence", "some_rule", "some-model", "intent") if word in shown]


async def test_the_same_client_message_id_is_one_turn(visitor: Visitor, rasa: FakeRasa) -> None:
    """A repeated call gives the same replies, and Rasa hears of it once."""
    first = await visitor.send("hello", "one")
    second = await visitor.send("hello", "one")
    assert second == first
    assert len(rasa.asked) == 1
    assert await Message.objects.acount() == 1


async def test_the_same_client_message_id_at_once_is_one_turn(visitor: Visitor, rasa: FakeRasa) -> None:
    """A client that sends again before the answer came waits for that answer."""
    answers = await asyncio.gather(*(visitor.send("hello", "one") for _ in range(5)))
    assert answers == [answers[0]] * 5
    assert len(rasa.asked) == 1


async def test_the_same_client_message_id_of_two_visitors_are_two_turns(
    new_visitor: NewVisitor, rasa: FakeRasa
) -> None:
    """The id is unique in its conversation; nobody gets another's replies."""
    one, other = await new_visitor(), await new_visitor()
    first, second = await one.send("hello", "1"), await other.send("good morning", "1")
    assert first["message_id"] != second["message_id"]
    assert rasa.texts == ["hello", "good morning"]


async def test_ten_messages_at_once_are_ten_turns_in_order(visitor: Visitor, rasa: FakeRasa) -> None:
    """None is lost, none is handled twice or beside another, and the order is that of the inbox."""
    at_work = 0

    async def alone(asked: dict[str, Any]) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        await asyncio.sleep(0)
        at_work -= 1

    rasa.before_answer = alone
    answers = await asyncio.gather(*(visitor.send(f"message {number}") for number in range(10)))
    log = await visitor.log()
    assert sorted(message["text"] for message in log) == [f"message {number}" for number in range(10)]
    assert rasa.texts == [message["text"] for message in log]
    assert [message["replies"][0]["text"] for message in log] == [f"Answer {number}." for number in range(1, 11)]
    assert {a["message_id"]: a["replies"] for a in answers} == {m["message_id"]: m["replies"] for m in log}
    assert (await Conversation.objects.aget()).lease_owner == ""


async def test_one_that_is_still_being_stored_keeps_its_place(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next, sent a moment later, is not answered before it, whatever holds up the first one's commit."""
    create, is_stored = Message.objects.create, threading.Event()

    def slowly(**fields: Any) -> Message:
        message = create(**fields)
        if fields["text"] == "first":
            is_stored.set()
            time.sleep(0.3)
        return message

    monkeypatch.setattr(Message.objects, "create", slowly)
    first = asyncio.create_task(visitor.send("first"))
    await asyncio.to_thread(is_stored.wait, 5)
    await asyncio.gather(first, visitor.send("second"))
    assert rasa.texts == ["first", "second"]


async def test_visitors_do_not_wait_for_each_other(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """While one visitor's message is being worked on, another is answered."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold(asked: dict[str, Any]) -> None:
        if asked["text"] == "long":
            begun.set()
            await go_on.wait()

    rasa.before_answer = hold
    one, other = await new_visitor(), await new_visitor()
    long = asyncio.create_task(one.send("long"))
    await begun.wait()
    assert len((await other.send("short"))["replies"]) == 1
    assert not long.done()
    go_on.set()
    assert len((await long)["replies"]) == 1


async def test_a_choice_that_was_offered_passes_through(visitor: Visitor, rasa: FakeRasa) -> None:
    """It reaches Rasa as a choice, never as text."""
    rasa.says = [a_question()]
    await visitor.send("hm")
    rasa.says = [an_answer()]
    response = await visitor.post(client_message_id="2", choice="choice-ink")
    assert response.status_code == 200
    assert response.json()["replies"][0]["kind"] == "answer"
    assert (rasa.asked[-1]["choice"], "text" in rasa.asked[-1]) == ("choice-ink", False)
    assert [(message["text"], message["choice"]) for message in await visitor.log()][-1] == ("", "choice-ink")


async def test_a_choice_never_offered_is_refused(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """Neither a made-up choice nor one of another conversation gets in, and nothing is stored."""
    one, other = await new_visitor(), await new_visitor()
    rasa.says = [a_question()]
    await one.send("hm")
    for visitor, choice in ((one, "/restart"), (other, "choice-ink"), (one, "choice-ink\x00")):
        response = await visitor.post(client_message_id="2", choice=choice)
        assert_error(response, 422, "choice_not_offered")
    assert await Message.objects.acount() == 1
    assert len(rasa.asked) == 1


async def test_a_choice_that_rasa_forgot_is_explained(visitor: Visitor, rasa: FakeRasa) -> None:
    """Offered once, but over there not known any more: the visitor is told what to do instead."""
    rasa.says = [a_question()]
    await visitor.send("hm")
    rasa.knows_choices = False
    answer = (await visitor.post(client_message_id="2", choice="choice-ink")).json()
    (reply,) = answer["replies"]
    assert reply["kind"] == "notice"
    assert reply["text"].startswith("That choice is no longer available.")
    assert (await Message.objects.aget(choice="choice-ink")).state == "handled"


async def test_reading_goes_on_after_a_message(visitor: Visitor) -> None:
    """A second tab asks only for what it does not have."""
    first, second = await visitor.send("one"), await visitor.send("two")
    assert [message["text"] for message in await visitor.log()] == ["one", "two"]
    assert await visitor.log(after=second["message_id"]) == []
    (rest,) = await visitor.log(after=first["message_id"])
    assert (rest["text"], rest["replies"]) == ("two", second["replies"])


async def test_reading_shows_only_ones_own(new_visitor: NewVisitor) -> None:
    """No id opens another conversation."""
    one, other = await new_visitor(), await new_visitor()
    await one.send("mine")
    assert await other.log(after="0") == []


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 19, "1;drop"])
async def test_reading_after_something_else_is_an_error(visitor: Visitor, after: str) -> None:
    """`after` is the id of a message and nothing else."""
    response = await visitor.http.get("/api/chat/messages", params={"after": after}, headers=visitor.headers)
    assert_error(response, 422, "invalid")


async def test_a_long_conversation_comes_in_pages(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says whether there is more, and none of the messages is left out."""
    monkeypatch.setattr("web.website.views.PAGE", 2)
    for number in range(5):
        await visitor.send(f"message {number}", message_id=f"mine-{number}")
    read, more, after = [], True, "0"
    while more:
        response = await visitor.http.get("/api/chat/messages", params={"after": after}, headers=visitor.headers)
        page, more = response.json()["messages"], response.json()["more"]
        assert len(page) <= 2
        read += page
        after = page[-1]["message_id"]
    assert [message["client_message_id"] for message in read] == [f"mine-{number}" for number in range(5)]


async def test_a_message_read_again_says_what_helped(visitor: Visitor) -> None:
    """By reply, and only where the visitor said so."""
    first, second = (await visitor.send("one"))["replies"][0]["id"], (await visitor.send("two"))["replies"][0]["id"]
    await visitor.rate(first, False)
    assert [message["helpful"] for message in await visitor.log()] == [{first: False}, {}]
    await visitor.rate(second, True)
    assert [message["helpful"] for message in await visitor.log()] == [{first: False}, {second: True}]

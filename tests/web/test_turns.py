"""The turn: the lease, the one commit, and what happens when a visitor hangs up or a process dies."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from shared.reply import Turn
from tests.web.conftest import NewVisitor
from tests.web.support import UNDERSTOOD, FakeRasa, Visitor, a_handoff, an_answer, assert_notice
from web import steps, turns, worker
from web.asgi import application
from web.conversations import pause
from web.conversations.models import Conversation, Handoff, Message, Reply
from web.review.models import Facet
from web.website import tokens


async def lease(visitor: Visitor, owner: str, until: timedelta) -> None:
    """Another process holds the conversation until then."""
    conversation = Conversation.objects.filter(pk=tokens.conversation_of(visitor.token))
    assert await conversation.aupdate(lease_owner=owner, lease_until=timezone.now() + until) == 1


async def test_a_lease_that_ran_out_is_taken_over(visitor: Visitor, rasa: FakeRasa) -> None:
    """A process that died with a lease blocks its visitor for no longer than the lease."""
    await lease(visitor, "dead", timedelta(seconds=-1))
    answer = await visitor.send("hello")
    assert answer["replies"][0]["kind"] == "answer"
    assert (await Conversation.objects.aget()).lease_until is None


async def test_a_held_lease_is_respected(visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process works on the conversation nothing is sent to Rasa; the visitor is not left in silence."""
    monkeypatch.setattr(turns, "PATIENCE", timedelta(0))
    await lease(visitor, "other", timedelta(seconds=60))
    assert_notice(await visitor.send("hello", "1"))
    assert rasa.asked == []
    assert (await Message.objects.aget()).state == "received"
    assert (await Conversation.objects.aget()).lease_owner == "other"


async def test_a_message_left_waiting_is_handled_when_sent_again(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the notice the same message gets its real answer."""
    with monkeypatch.context() as impatient:
        impatient.setattr(turns, "PATIENCE", timedelta(0))
        await lease(visitor, "other", timedelta(seconds=60))
        await visitor.send("hello", "1")
    await lease(visitor, "other", timedelta(seconds=-1))
    assert (await visitor.send("hello", "1"))["replies"][0]["kind"] == "answer"
    assert rasa.texts == ["hello"]


async def test_messages_left_behind_come_first(visitor: Visitor, rasa: FakeRasa) -> None:
    """What a process took in before it died is handled before the next message, in order."""
    conversation = await Conversation.objects.aget()
    for text in ("one", "two"):
        await Message.objects.acreate(conversation=conversation, external_id=text, text=text)
    await visitor.send("three")
    assert rasa.texts == ["one", "two", "three"]
    assert [len(message["replies"]) for message in await visitor.log()] == [1, 1, 1]


async def test_a_message_is_handled_with_no_later_one(visitor: Visitor, rasa: FakeRasa) -> None:
    """A request works up to its own message; the later ones belong to those who wait for them."""
    conversation = await Conversation.objects.aget()
    asked = await Message.objects.acreate(conversation=conversation, external_id="1", text="one")
    await Message.objects.acreate(conversation=conversation, external_id="2", text="two")
    assert len(await turns.answer(asked)) == 1
    assert rasa.texts == ["one"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("earlier", [None, "handled", "left", "received", "failed"])
def test_the_short_question_for_the_next_message_has_the_long_ones_answer(earlier: str | None) -> None:
    """The message asked for is taken as it is at hand only where none before it waits or failed."""
    conversation = Conversation.objects.create()
    if earlier is not None:
        Message.objects.create(
            conversation=conversation,
            external_id="0",
            text="zero",
            state=earlier,
            next_attempt_at=timezone.now() if earlier == "failed" else None,
        )
    asked, _ = turns.receive(conversation, "1", text="one")
    turns.receive(conversation, "2", text="two")
    held = turns._Held(conversation.pk, "me", timezone.now() + turns.PATIENCE, asked)
    first = turns._next_waiting(conversation.pk, "me", asked.pk, set())
    assert first is not None
    assert turns._only_waiting(held) == (asked if first == asked else None)
    assert (first == asked) == (earlier not in ("received", "failed"))
    Message.objects.filter(pk=asked.pk).update(state=Message.State.HANDLED)
    assert turns._only_waiting(held) is None


async def test_a_commit_after_a_lost_lease_does_nothing(visitor: Visitor, rasa: FakeRasa) -> None:
    """Whoever was too slow stores nothing beside the one who took over."""
    lost: list[str] = []

    async def lose_it_once(asked: dict[str, Any]) -> None:
        if not lost:
            lost.append(asked["message_id"])
            await lease(visitor, "other", timedelta(seconds=-1))

    rasa.before_answer = lose_it_once
    rasa.says = [an_answer("Once."), a_handoff()]
    answer = await visitor.send("hello")
    assert [reply["text"] for reply in answer["replies"]] == ["Once.", "Please call us."]
    assert len(rasa.asked) == 2
    assert await Reply.objects.acount() == 2


@pytest.mark.django_db(transaction=True)
def test_a_commit_without_the_lease_stores_nothing() -> None:
    """The commit itself checks who holds the conversation: no reply, no handoff, no change of state."""
    conversation = Conversation.objects.create(lease_owner="other")
    message = Message.objects.create(conversation=conversation, external_id="1", text="hello")
    turn = Turn(replies=[a_handoff()], understood=UNDERSTOOD)
    assert turns._commit(message, turn, "me") is None
    assert turns._commit_failure(message, "me") is False
    message.refresh_from_db()
    assert (message.state, message.handled_at) == ("received", None)
    assert (Reply.objects.count(), Handoff.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_gets_the_lease() -> None:
    """A lease is held by one, given back by its holder alone, and free when it runs out."""
    conversation = Conversation.objects.create().pk
    assert turns._claim(conversation, "one") is True
    assert turns._claim(conversation, "other") is False
    turns._release(conversation, "other")
    assert turns._claim(conversation, "other") is False
    turns._release(conversation, "one")
    assert turns._claim(conversation, "other") is True
    Conversation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert turns._claim(conversation, "one") is True


@pytest.mark.django_db(transaction=True)
def test_a_message_is_in_the_inbox_once() -> None:
    """The same id on the same conversation is the first message, whatever the second says."""
    conversation = Conversation.objects.create()
    first, is_new = turns.receive(conversation, "1", text="hello")
    assert is_new is True
    assert turns.receive(conversation, "1", text="something else") == (first, False)
    assert Message.objects.get().text == "hello"


@pytest.mark.django_db(transaction=True)
def test_a_message_to_an_erased_conversation_is_refused() -> None:
    """Erased between the token's check and the inbox: it does not exist any more."""
    conversation = Conversation.objects.create()
    Conversation.objects.all().delete()
    with pytest.raises(Conversation.DoesNotExist):
        turns.receive(conversation, "1", text="hello")


async def test_a_turn_is_finished_when_the_visitor_hangs_up(visitor: Visitor, rasa: FakeRasa) -> None:
    """A closed tab loses no message and leaves no lease behind that the next one would wait for."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold(asked: dict[str, Any]) -> None:
        begun.set()
        await go_on.wait()

    rasa.before_answer = hold
    await hang_up_after(begun, visitor, b'{"client_message_id": "1", "text": "hello"}')
    go_on.set()
    await asyncio.gather(*steps.under_way)
    assert (await Message.objects.aget()).state == "handled"
    assert (await Conversation.objects.aget()).lease_until is None
    assert (await visitor.send("hello", "1"))["replies"][0]["kind"] == "answer"
    assert len(rasa.asked) == 1


async def hang_up_after(moment: asyncio.Event, visitor: Visitor, body: bytes) -> None:
    """Send a message, and close the connection at a moment, as the server tells it to the application."""
    parts = iter([{"type": "http.request", "body": body}])

    async def receive() -> dict[str, Any]:
        for part in parts:
            return part
        await moment.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        pytest.fail(f"sent to nobody: {event['type']}")

    headers = [(b"host", b"testserver"), (b"authorization", f"Bearer {visitor.token}".encode())]
    where = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/api/chat/messages", "query_string": b""}
    await application({**where, "headers": headers}, receive, send)


async def test_what_cant_be_stored_does_not_block_the_conversation(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result that the database refuses counts as an outage; the next message is answered."""
    create = Reply.objects.create

    def refuse(**fields: Any) -> Reply:
        if fields["kind"] == "answer":
            raise DataError("refused")
        return create(**fields)

    with monkeypatch.context() as broken:
        broken.setattr(Reply.objects, "create", refuse)
        assert_notice(await visitor.send("hello", "1"))
    assert (await Message.objects.aget()).state == "failed"
    assert (await visitor.send("again", "2"))["replies"][0]["kind"] == "answer"


async def test_what_could_not_be_stored_leaves_no_trace(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step of a turn fails: the message failed, and is found as that, not by the topic that it was to have."""
    become, calls = turns._become, []

    def refuse(message: Message, **fields: Any) -> None:
        calls.append(fields["kind"])
        become(message, **fields)
        if len(calls) == 1:
            raise DataError("refused")

    monkeypatch.setattr(turns, "_become", refuse)
    assert_notice(await visitor.send("hello", "1"))
    assert calls == ["answer", "notice"]
    message = await Message.objects.aget()
    assert (message.state, message.kind, message.topics) == ("failed", "notice", [])
    await worker.count_turns()
    names = [name async for name in Facet.objects.values_list("name", flat=True)]
    assert "kind:notice" in names
    assert not [name for name in names if name.startswith("topic:")]


async def test_a_handoff_that_goes_on_is_one_handoff(visitor: Visitor, rasa: FakeRasa) -> None:
    """A later turn that names the same handoff moves it on."""
    offered = a_handoff()
    assert offered.handoff is not None
    rasa.says = [offered]
    await visitor.send("one")
    later = offered.handoff.model_copy(update={"status": "cancelled"})
    rasa.says = [offered.model_copy(update={"handoff": later})]
    await visitor.send("two")
    handoff = await Handoff.objects.aget()
    assert (handoff.pk, handoff.status) == (uuid.UUID(later.id), "cancelled")


async def test_many_visitors_at_once_are_all_answered(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """More visitors than a database keeps connections open for: all wait for Rasa together, none for another."""
    count = 12
    together = asyncio.Event()

    async def wait_for_all(asked: dict[str, Any]) -> None:
        if len(rasa.asked) == count:
            together.set()
        await together.wait()

    rasa.before_answer = wait_for_all
    visitors = [await new_visitor() for _ in range(count)]
    answers = await asyncio.gather(*(visitor.send("hello") for visitor in visitors))
    assert sorted(answer["replies"][0]["kind"] for answer in answers) == ["answer"] * count


async def test_a_turn_asks_the_database_little(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement costs web as much as a third of a millisecond: most of what a message costs it."""
    for text in ("hello", "is it safe"):
        await visitor.send(text)
    asked: list[str] = []
    execute = CursorWrapper.execute

    def counted(cursor: CursorWrapper, sql: str, params: Any = None) -> Any:
        asked.append(sql)
        return execute(cursor, sql, params)

    with monkeypatch.context() as counting:
        counting.setattr(CursorWrapper, "execute", counted)
        await visitor.send("hello again")
    # On SQLite three of them begin its transactions.
    assert len(asked) <= 20, "\n".join(asked)


async def test_the_replies_told_are_the_ones_stored(visitor: Visitor, rasa: FakeRasa) -> None:
    """What the visitor reads at once and what is read again later is the same, byte for byte."""
    rasa.says = [an_answer("One."), a_handoff()]
    told = (await visitor.send("hello"))["replies"]
    (message,) = await visitor.log()
    assert message["replies"] == told


async def test_a_pause_while_rasa_works_is_kept_to(visitor: Visitor, rasa: FakeRasa) -> None:
    """Staff take over between the message and its answer: the answer is not given, and the conversation is free."""

    async def take_over(asked: dict[str, Any]) -> None:
        conversation = await Conversation.objects.aget()
        await steps.in_database(pause.pause, conversation, Conversation.PausedBy.CONSOLE)

    rasa.before_answer = take_over
    replies = (await visitor.send("is it safe"))["replies"]
    assert [reply["kind"] for reply in replies] == ["notice"]
    conversation = await Conversation.objects.aget()
    assert (conversation.lease_owner, conversation.lease_until) == ("", None)
    assert (await Message.objects.aget()).state == "left"


@pytest.mark.parametrize("step", ["_become", "_gave_back", "store_replies"])
async def test_a_turn_that_breaks_at_its_end_keeps_no_lease(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The database goes away in the last step: the conversation is given back, so that the message can be taken up."""

    def fail(*arguments: object, **named: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(turns, step, fail)
        assert (await visitor.post(client_message_id="1", text="hello")).status_code == 503
    conversation = await Conversation.objects.aget()
    assert (conversation.lease_owner, conversation.lease_until) == ("", None)
    assert (await Message.objects.aget()).state == "received"
    assert (await visitor.send("hello", "1"))["replies"][0]["kind"] == "answer"

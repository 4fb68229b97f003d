"""The worker: what no one else is at is taken up, once, and in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.web.conftest import NewVisitor
from tests.web.support import FakeRasa, Visitor
from web import turns, worker
from web.conversations.models import Conversation, Message, StaffTask, WorkerBeat
from web.notifications.models import Notification


async def due_now() -> None:
    """Time passes: what failed is due again."""
    await Message.objects.filter(next_attempt_at__isnull=False).aupdate(next_attempt_at=timezone.now())


async def left_behind(visitor: Visitor, text: str) -> Message:
    """A message whose process was killed a while ago."""
    conversation = await Conversation.objects.alatest("started_at")
    message = await Message.objects.acreate(conversation=conversation, external_id=text, text=text)
    await Message.objects.filter(pk=message.pk).aupdate(received_at=timezone.now() - 2 * worker.LEFT_AFTER)
    return message


async def kinds(visitor: Visitor) -> list[list[str]]:
    return [[reply["kind"] for reply in message["replies"]] for message in await visitor.log()]


async def test_a_failed_message_is_answered_after_the_outage(visitor: Visitor, rasa: FakeRasa) -> None:
    """The visitor finds the answer where the notice was."""
    rasa.fault = "down"
    await visitor.send("hello")
    rasa.fault = None
    await due_now()
    await worker.resume_messages()
    assert await kinds(visitor) == [["answer"]]
    assert rasa.texts == ["hello"]


async def test_during_the_outage_nothing_is_tried(visitor: Visitor, rasa: FakeRasa) -> None:
    """Rasa says that it is not well: no message uses up an attempt, and the notice stays."""
    rasa.fault = "error"
    await visitor.send("hello")
    await due_now()
    await worker.resume_messages()
    assert await kinds(visitor) == [["notice"]]
    assert (await Message.objects.aget()).attempts == 1


async def test_a_failed_message_waits_longer_each_time(visitor: Visitor, rasa: FakeRasa) -> None:
    """A message that always fails is tried less and less often."""

    async def choke(asked: dict[str, Any]) -> None:
        raise TimeoutError

    rasa.before_answer = choke
    await visitor.send("hello")
    waits = []
    for _ in range(3):
        message = await Message.objects.aget()
        assert message.next_attempt_at is not None
        assert message.handled_at is not None
        waits.append(message.next_attempt_at - message.handled_at)
        await worker.resume_messages()
        assert (await Message.objects.aget()).attempts == message.attempts  # not due yet
        await due_now()
        await worker.resume_messages()
    assert waits == [turns.FIRST_WAIT, 2 * turns.FIRST_WAIT, 4 * turns.FIRST_WAIT]
    assert await kinds(visitor) == [["notice"]]


async def test_a_message_of_a_killed_process_is_answered(visitor: Visitor, rasa: FakeRasa) -> None:
    """It is in the inbox and no one waits for it any more."""
    await left_behind(visitor, "hello")
    await worker.resume_messages()
    assert await kinds(visitor) == [["answer"]]


async def test_a_killed_processs_lease_is_waited_for(visitor: Visitor, rasa: FakeRasa) -> None:
    """As long as it lasts its holder may be alive."""
    await left_behind(visitor, "hello")
    await Conversation.objects.aupdate(lease_owner="gone", lease_until=timezone.now() + timedelta(seconds=30))
    await worker.resume_messages()
    assert rasa.asked == []
    await Conversation.objects.aupdate(lease_until=timezone.now() - timedelta(seconds=1))
    await worker.resume_messages()
    assert rasa.texts == ["hello"]


async def test_several_conversations_at_once_and_each_in_order(new_visitor: NewVisitor, rasa: FakeRasa) -> None:
    """After an outage many wait; two workers at once handle each message one time."""
    visitors = [await new_visitor() for _ in range(3)]
    rasa.fault = "down"
    for visitor in visitors:
        await visitor.send("one")
        await visitor.send("two")
    rasa.fault = None
    await due_now()
    await asyncio.gather(worker.resume_messages(), worker.resume_messages())
    await worker.resume_messages()
    assert sorted(text or "" for text in rasa.texts) == ["one"] * 3 + ["two"] * 3
    for visitor in visitors:
        assert await kinds(visitor) == [["answer"], ["answer"]]


async def test_too_late_for_an_answer_it_is_a_task_for_staff(visitor: Visitor, rasa: FakeRasa) -> None:
    """Once, with one notification, and not tried again by itself."""
    rasa.fault = "down"
    await visitor.send("hello")
    await Message.objects.aupdate(resume_until=timezone.now())
    await worker.give_up_late_messages()
    await worker.give_up_late_messages()
    task = await StaffTask.objects.select_related("message").aget()
    assert (task.message.text, task.state) == ("hello", "new")
    told = await Notification.objects.aget()
    assert told.kind == "failed_handoff"
    assert str(task.conversation_id) in told.path
    rasa.fault = None
    await worker.resume_messages()
    assert rasa.asked == []


async def test_a_message_no_one_ever_handled_is_a_task_too(visitor: Visitor, rasa: FakeRasa) -> None:
    """Everything was down for long: the visitor who comes back finds the notice."""
    message = await left_behind(visitor, "hello")
    await Message.objects.filter(pk=message.pk).aupdate(resume_until=timezone.now())
    await worker.give_up_late_messages()
    assert await kinds(visitor) == [["notice"]]
    assert await StaffTask.objects.acount() == 1


async def test_sent_again_after_all_it_is_answered_and_the_task_done(visitor: Visitor, rasa: FakeRasa) -> None:
    """The visitor's own second try comes first."""
    rasa.fault = "down"
    await visitor.send("hello", "1")
    await Message.objects.aupdate(resume_until=timezone.now())
    await worker.give_up_late_messages()
    rasa.fault = None
    assert (await visitor.send("hello", "1"))["replies"][0]["kind"] == "answer"
    assert (await StaffTask.objects.aget()).state == "done"


async def test_a_round_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in a round, the next one comes."""
    monkeypatch.setattr(worker, "_PATIENCE_FACTOR", 1)
    stop = asyncio.Event()
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            stop.set()
        raise RuntimeError

    await asyncio.wait_for(worker._every(0.001, work, stop), 10)
    assert rounds == 3


@pytest.mark.usefixtures("database")
async def test_a_worker_that_was_seen_is_alive() -> None:
    """And one that was not seen for a while is not."""
    await worker.beat()
    await worker.beat()
    assert await WorkerBeat.objects.acount() == 1

"""While a person answers, the assistant is silent, emergencies aside; and it comes back by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from shared.reply import Reply as ReplyFormat
from tests.web.support import FakeRasa, Visitor, a_handoff, an_answer
from web import turns
from web.config import config
from web.conversations.lapsed import hand_back_lapsed
from web.conversations.models import Channel, Conversation, Handoff, Message, Reply, StaffTask
from web.conversations.pause import hand_back, is_paused, pause
from web.notifications.models import Notification

EMERGENCY = ReplyFormat(text="Call 911 now.", kind="emergency", care="emergency_call")
CONSOLE = Conversation.PausedBy.CONSOLE


async def paused(by: Conversation.PausedBy = CONSOLE) -> Conversation:
    conversation = await Conversation.objects.aget()
    await sync_to_async(pause)(conversation, by)
    return conversation


async def said(visitor: Visitor, text: str) -> list[str]:
    return [reply["kind"] for reply in (await visitor.send(text))["replies"]]


async def test_on_the_website_a_notice_stands_in_for_the_answer(visitor: Visitor, rasa: FakeRasa) -> None:
    """The whole notice once, then a short one; what Rasa would have said is not told, and hands nothing over."""
    await paused()
    rasa.says = [an_answer(), a_handoff()]
    first, second = [(await visitor.send(text))["replies"] for text in ("one", "two")]
    assert [reply["kind"] for reply in (*first, *second)] == ["notice", "notice"]
    assert len(second[0]["text"]) < len(first[0]["text"])
    assert "emergency" in second[0]["text"]
    assert await Handoff.objects.acount() == 0
    assert [message.state async for message in Message.objects.all()] == ["left", "left"]


@pytest.mark.parametrize("channel", [Channel.MESSENGER, Channel.WHATSAPP])
async def test_elsewhere_nothing_is_said(visitor: Visitor, rasa: FakeRasa, channel: str) -> None:
    """Where the visitor sees the person's own words, the assistant says nothing."""
    conversation = await paused(Conversation.PausedBy.INBOX)
    await Conversation.objects.aupdate(channel=channel)
    await Message.objects.acreate(conversation=conversation, external_id="1", text="hello", channel=channel)
    await turns.resume(conversation.pk)
    assert (await Message.objects.aget()).state == "left"
    assert await Reply.objects.acount() == 0


async def test_an_emergency_is_answered_all_the_same(visitor: Visitor, rasa: FakeRasa) -> None:
    """The advice, and nothing else of the turn."""
    await paused()
    rasa.says = [EMERGENCY, an_answer()]
    assert await said(visitor, "I can't breathe") == ["emergency"]
    assert (await Message.objects.aget()).state == "handled"


async def test_rasa_does_not_believe_that_it_said_what_was_withheld(visitor: Visitor, rasa: FakeRasa) -> None:
    """In a pause it is asked under another name, and it forgets that name too."""
    conversation = await paused()
    await visitor.send("one")
    await sync_to_async(hand_back)(conversation)
    await visitor.send("two")
    names = [asked["conversation"] for asked in rasa.asked]
    assert names == [f"{conversation.pk.hex}-paused", conversation.pk.hex]
    await visitor.erase()
    assert sorted(rasa.forgotten) == sorted(names)


async def test_a_pause_that_begins_while_rasa_works_counts(visitor: Visitor, rasa: FakeRasa) -> None:
    """What counts is the moment the answer would be stored."""

    async def take_over(asked: dict[str, Any]) -> None:
        await paused()

    rasa.before_answer = take_over
    assert await said(visitor, "hello") == ["notice"]
    assert (await Message.objects.aget()).state == "left"


async def test_handed_back_the_assistant_answers_again(visitor: Visitor, rasa: FakeRasa) -> None:
    """From the next message on."""
    conversation = await paused()
    assert is_paused(conversation)
    await sync_to_async(hand_back)(conversation)
    assert not is_paused(conversation)
    assert await said(visitor, "hello") == ["answer"]


async def test_it_comes_back_by_itself(visitor: Visitor, rasa: FakeRasa) -> None:
    """`PAUSE_HOURS` after a person last wrote; each word of theirs makes it longer and keeps its beginning."""
    began = (await paused()).paused_at
    conversation = await paused(Conversation.PausedBy.INBOX)
    assert (conversation.paused_at, conversation.paused_by) == (began, "inbox")
    assert conversation.paused_until is not None
    assert conversation.paused_until > timezone.now() + timedelta(hours=config().pause_hours, minutes=-1)
    await Conversation.objects.aupdate(paused_until=timezone.now())
    assert await said(visitor, "hello") == ["answer"]
    assert (await paused()).paused_at != began


async def test_staff_are_told_of_a_visitor_who_waits(visitor: Visitor, rasa: FakeRasa) -> None:
    """Once, by mail; a person at Meta's own inbox is told there."""
    await paused(Conversation.PausedBy.INBOX)
    await visitor.send("one")
    assert await Notification.objects.acount() == 0
    await paused()
    await visitor.send("two")
    await visitor.send("three")
    assert [told.kind async for told in Notification.objects.all()] == ["waiting"]


async def test_in_an_outage_the_message_is_still_read_for_emergencies(visitor: Visitor, rasa: FakeRasa) -> None:
    """Rasa is away: the visitor knows that a person answers; once it is back, the emergency is seen."""
    await paused()
    rasa.fault = "down"
    assert await said(visitor, "I can't breathe") == ["notice"]
    message = await Message.objects.aget()
    assert (message.state, await StaffTask.objects.acount()) == ("failed", 0)
    rasa.fault = None
    rasa.says = [EMERGENCY]
    await Message.objects.aupdate(next_attempt_at=timezone.now())
    await turns.resume(message.conversation_id)
    assert [[reply["kind"] for reply in each["replies"]] for each in await visitor.log()] == [["emergency"]]


async def lapse() -> None:
    """The pause's time is over: `PAUSE_HOURS` since a person last wrote."""
    conversation = await Conversation.objects.aget()
    assert conversation.paused_until is not None
    step = conversation.paused_until - timezone.now() + timedelta(seconds=1)
    async for message in Message.objects.all():
        await Message.objects.filter(pk=message.pk).aupdate(received_at=message.received_at - step)
    assert conversation.paused_at is not None
    await Conversation.objects.aupdate(
        paused_at=conversation.paused_at - step, paused_until=conversation.paused_until - step
    )


async def test_no_visitor_is_left_with_no_one(visitor: Visitor, rasa: FakeRasa) -> None:
    """No person answered while the pause lasted: the visitor gets a way to the clinic, staff a task. Once."""
    await paused(Conversation.PausedBy.INBOX)
    await visitor.send("one")
    await visitor.send("two")
    await lapse()
    await sync_to_async(hand_back_lapsed)()
    await sync_to_async(hand_back_lapsed)()
    texts = [[reply["text"] for reply in each["replies"]] for each in await visitor.log()]
    assert ["No one at the clinic has answered" in "".join(each) for each in texts] == [False, True]
    assert (await StaffTask.objects.select_related("message").aget()).message.text == "two"
    assert await Notification.objects.filter(kind="failed_handoff").acount() == 1
    assert (await Conversation.objects.aget()).paused_by == ""


async def test_a_visitor_who_was_answered_is_no_task(visitor: Visitor, rasa: FakeRasa) -> None:
    """A person wrote after the visitor did."""
    await paused(Conversation.PausedBy.INBOX)
    await visitor.send("one")
    await paused(Conversation.PausedBy.INBOX)
    await lapse()
    await sync_to_async(hand_back_lapsed)()
    assert await StaffTask.objects.acount() == 0
    assert (await Conversation.objects.aget()).paused_by == ""

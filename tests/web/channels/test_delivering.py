"""Sending: in order, never lost, and never twice where the provider tells us that it has it."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from evaluation.meta import payloads
from evaluation.meta.payloads import Someone
from shared.reply import Reply as ReplyFormat
from tests.web.channels.support import FakeGraph, arrive, ask, deliver, failure, read, states
from tests.web.support import FakeRasa, a_handoff, a_question, an_answer
from web import worker
from web.channels import delivering, intake, outbox
from web.channels.models import Delivery, Hold, Visitor, Webhook
from web.config import config
from web.conversations.models import Conversation, Message, StaffTask
from web.conversations.pause import hand_back, pause
from web.notices import bot_notice
from web.notifications.models import Notification
from web.privacy.erasure import aerase

pytestmark = pytest.mark.django_db(transaction=True)

EMERGENCY = ReplyFormat(text="Call 911 now.", kind="emergency", care="emergency_call")


async def passes(seconds: float) -> None:
    """Time passes for everything that waits."""
    step = timedelta(seconds=seconds)
    async for each in Delivery.objects.all():
        await Delivery.objects.filter(pk=each.pk).aupdate(next_attempt_at=each.next_attempt_at - step)
    async for hold in Hold.objects.all():
        await Hold.objects.filter(pk=hold.pk).aupdate(until=hold.until - step)
    async for visitor in Visitor.objects.exclude(sending_until=None):
        if visitor.sending_until is not None:
            await Visitor.objects.filter(pk=visitor.pk).aupdate(sending_until=visitor.sending_until - step)


async def the_key() -> str:
    """Our own id of the last part."""
    return str((await Delivery.objects.order_by("-pk").afirst()).key)  # type: ignore[union-attr]


async def hello(who: Someone, fake_graph: FakeGraph) -> None:
    """The first words are over."""
    await ask(payloads.text(who, "hello"))
    fake_graph.sent.clear()
    await Delivery.objects.all().adelete()


async def test_a_reply_is_sent_to_whom_it_belongs(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """First that a bot speaks; with our own id; to the business-scoped or page-scoped id."""
    await ask(payloads.text(who, "hello"))
    assert fake_graph.texts[0] == bot_notice()
    assert fake_graph.texts[1].startswith("Answer 1.")
    body = fake_graph.sent[1]
    if who.channel == "whatsapp":
        assert (body["recipient"], body["biz_opaque_callback_data"]) == (who.user, await the_key())
    else:
        assert (body["recipient"]["id"], body["message"]["metadata"]) == (who.user, await the_key())
    assert await states() == ["sent", "sent"]


async def test_what_was_sent_is_followed_to_the_reader(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Delivered, read; never backwards; our id or the provider's is enough."""
    await hello(who, fake_graph)
    await ask(payloads.text(who, "one"))
    key = await the_key()
    await sync_to_async(read)(payloads.returned(who, "id-1", key, "delivered"))
    await sync_to_async(read)(payloads.returned(who, "id-1", key, "sent"))
    assert await states() == ["delivered"]
    if who.channel == "whatsapp":
        await sync_to_async(read)(payloads.returned(who, "id-1", "", "read"))
        assert await states() == ["read"]


@pytest.mark.parametrize(
    "loss",
    [
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
        httpx.Response(502, text="<html>"),
        httpx.Response(200, text=""),
    ],
    ids=["timeout", "cut off", "bad gateway", "empty"],
)
async def test_an_unknown_outcome_is_settled_by_our_own_id(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph, loss: Any
) -> None:
    """It stays open, later parts wait; the id comes back, it is not sent again, and the later ones go."""
    await hello(who, fake_graph)
    fake_graph.next = [loss]
    await ask(payloads.text(who, "one"), payloads.text(who, "two"))
    assert await states() == ["sending", "waiting"]
    first = await Delivery.objects.order_by("pk").afirst()
    assert first is not None
    await passes(delivering.SETTLE.total_seconds() - 5)
    await deliver()
    assert fake_graph.texts == []
    await sync_to_async(read)(payloads.returned(who, "taken-1", str(first.key)))
    await passes(60)
    await deliver()
    assert [text.partition("\n")[0] for text in fake_graph.texts] == ["Answer 3."]
    assert await states() == ["sent", "sent"]


async def test_an_id_that_does_not_come_back_means_sending_again(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph, log: io.StringIO
) -> None:
    """After a minute. Should it have arrived after all, the double is counted and told."""
    await hello(who, fake_graph)
    fake_graph.next = [httpx.ReadTimeout("slow")]
    await ask(payloads.text(who, "one"))
    await passes(delivering.SETTLE.total_seconds() + 1)
    await deliver()
    assert len(fake_graph.texts) == 1
    await sync_to_async(read)(payloads.returned(who, "taken-before", await the_key()))
    delivery = await Delivery.objects.aget()
    assert (delivery.state, len(delivery.provider_hashes)) == ("sent", 2)
    assert "got it 2 times" in log.getvalue()


async def test_what_came_back_in_time_is_read_before_sending_again(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph
) -> None:
    """Our id lies in a webhook that no one had time to read: the part is not sent again, neither before nor after."""
    await hello(who, fake_graph)
    fake_graph.next = [httpx.ReadTimeout("slow")]
    await ask(payloads.text(who, "one"))
    body = json.dumps(payloads.returned(who, "taken-1", await the_key())).encode()
    await sync_to_async(intake.store)(who.channel, body)
    await passes(delivering.SETTLE.total_seconds() + 1)
    await Webhook.objects.all().aupdate(received_at=timezone.now() - timedelta(seconds=30))
    await deliver()
    conversation = await Conversation.objects.aget()
    await delivering.deliver(conversation.pk)
    assert fake_graph.texts == []
    await sync_to_async(intake.read_waiting)()
    await deliver()
    assert fake_graph.texts == []
    assert await states() == ["sent"]


async def test_webhooks_that_no_one_reads_do_not_hold_a_part_for_ever(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph
) -> None:
    """After ten minutes it is sent again."""
    await hello(who, fake_graph)
    fake_graph.next = [httpx.ReadTimeout("slow")]
    await ask(payloads.text(who, "one"))
    await Webhook.objects.acreate(channel=who.channel, body="")
    await Webhook.objects.all().aupdate(received_at=timezone.now() - timedelta(hours=1))
    await passes(delivering.SETTLE.total_seconds() + 1)
    await deliver()
    assert fake_graph.texts == []
    await passes(delivering.LONGEST_BACKLOG.total_seconds())
    await deliver()
    assert len(fake_graph.texts) == 1


async def test_a_process_that_was_killed_while_sending(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Its lease runs out, and what it was sending counts as unknown."""
    await hello(who, fake_graph)
    await arrive(payloads.text(who, "one"))
    conversation = await Conversation.objects.aget()
    assert await sync_to_async(delivering._claim)(conversation.pk, "killed")
    assert await sync_to_async(delivering._take_next)(conversation.pk, "killed") is not None
    await deliver()
    assert fake_graph.texts == []
    await passes(delivering.SETTLE.total_seconds() + 1)
    await deliver()
    assert await states() == ["sent"]


async def test_only_one_sends_to_a_visitor(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Two workers at once: each part once, in order."""
    await hello(who, fake_graph)
    await arrive(*(payloads.text(who, f"{number}") for number in range(4)))
    await asyncio.gather(deliver(), deliver(), deliver())
    assert [text.partition("\n")[0] for text in fake_graph.texts] == [f"Answer {n}." for n in range(2, 6)]


async def test_a_provider_that_is_away_is_tried_again(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Nothing was sent for certain: no minute of waiting, but later each time."""
    await hello(who, fake_graph)
    fake_graph.next = [httpx.ConnectError("refused"), failure(2, status=500), failure(2, status=500)]
    await ask(payloads.text(who, "one"))
    for wait in (2, 4, 8):
        assert await states() == ["waiting"]
        await passes(wait - 1)
        await deliver()
        assert fake_graph.texts == []
        await passes(1)
        await deliver()
    assert await states() == ["sent"]


async def test_a_rate_limit_holds_the_whole_channel(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """For as long as the provider says, and for all its visitors; after that everything goes."""
    await hello(who, fake_graph)
    code = 130429 if who.channel == "whatsapp" else 613
    fake_graph.next = [failure(code, status=429, **{"Retry-After": "30"})]
    await ask(payloads.text(who, "one"))
    other = Someone.number(who.channel, 99)
    await ask(payloads.text(other, "two"))
    await passes(25)
    await deliver()
    assert fake_graph.texts == []
    await passes(6)
    await deliver()
    assert len(fake_graph.texts) == 3
    assert await Hold.objects.acount() == 0


async def test_a_rate_limit_for_one_visitor_holds_no_other(rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """WhatsApp counts messages to the same person too."""
    who, other = Someone.number("whatsapp", 1), Someone.number("whatsapp", 2)
    await hello(who, fake_graph)
    fake_graph.next = [failure(131056)]
    await ask(payloads.text(who, "one"))
    await ask(payloads.text(other, "two"))
    assert len(fake_graph.texts) == 2
    await passes(4)
    await deliver()
    assert len(fake_graph.texts) == 3


@pytest.mark.parametrize("is_told_later", [False, True], ids=["at once", "in a status"])
async def test_a_closed_window_is_a_task_for_staff(rasa: FakeRasa, fake_graph: FakeGraph, is_told_later: bool) -> None:
    """The clinic is told; nothing is tried again."""
    who = Someone.number("whatsapp", 7)
    await hello(who, fake_graph)
    if not is_told_later:
        fake_graph.next = [failure(131047)]
    await ask(payloads.text(who, "one"))
    if is_told_later:
        await sync_to_async(read)(payloads.returned(who, "id-1", await the_key(), "failed", 131047))
    await passes(10_000)
    await deliver()
    assert await states() == ["failed"]
    assert (await StaffTask.objects.select_related("message").aget()).message.text == "one"
    assert await Notification.objects.filter(kind="failed_handoff").acount() == 1


async def test_the_window_is_known_before_it_is_tried(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """An answer that comes a day late is not sent."""
    await hello(who, fake_graph)
    await arrive(payloads.text(who, "one"))
    await Visitor.objects.aupdate(window_until=timezone.now())
    await deliver()
    assert fake_graph.texts == []
    assert await StaffTask.objects.acount() == 1


async def test_a_visitor_who_left_is_no_task(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """No one here could reach them; it is noted with the delivery."""
    await hello(who, fake_graph)
    fake_graph.next = [failure(131026) if who.channel == "whatsapp" else failure(551, 1545041)]
    await ask(payloads.text(who, "one"))
    delivery = await Delivery.objects.aget()
    assert (delivery.state, delivery.problem.split(" (")[0]) == ("failed", "visitor can't be reached")
    assert await StaffTask.objects.acount() == 0


async def test_wrong_settings_hold_the_channel_and_tell_the_clinic(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph
) -> None:
    """Nothing is lost: once they are right, everything goes."""
    await hello(who, fake_graph)
    fake_graph.next = [failure(190, status=401)]
    await ask(payloads.text(who, "one"))
    assert await sync_to_async(outbox.are_failing)()
    assert await Notification.objects.filter(kind="channel").acount() == 1
    await passes(61)
    await deliver()
    assert await states() == ["sent"]
    assert not await sync_to_async(outbox.are_failing)()


async def test_what_is_refused_is_sent_as_plain_text(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """With the address of the form in it; refused again, it is a task."""
    await hello(who, fake_graph)
    refusal = 131009 if who.channel == "whatsapp" else 100
    rasa.says = [a_handoff()]
    fake_graph.next = [failure(refusal)]
    await ask(payloads.text(who, "one"))
    assert "http://localhost:8000/contact/" in fake_graph.texts[0]
    fake_graph.next = [failure(refusal), failure(refusal)]
    await ask(payloads.text(who, "two"))
    assert (await states())[-1] == "failed"
    assert await StaffTask.objects.acount() == 1


async def test_what_keeps_failing_is_parked(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """An hour is too late for an answer; staff see it."""
    await hello(who, fake_graph)
    fake_graph.next = [failure(2, status=500)] * 3
    await ask(payloads.text(who, "one"))
    await Delivery.objects.aupdate(created_at=timezone.now() - outbox.GIVE_UP_AFTER)
    await passes(5)
    await deliver()
    assert await states() == ["failed"]
    assert await StaffTask.objects.acount() == 1


async def test_in_an_emergency_the_advice_comes_first(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """That a bot speaks is told after it."""
    rasa.says = [EMERGENCY]
    await ask(payloads.text(who, "I can't breathe"))
    assert fake_graph.texts == ["Call 911 now.", bot_notice()]


async def test_a_bot_says_so_again(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """After a long gap and after a person answered; not at each message."""
    await hello(who, fake_graph)
    await ask(payloads.text(who, "one"))
    assert bot_notice() not in fake_graph.texts
    await Visitor.objects.aupdate(told_at=timezone.now() - outbox.LONG_GAP - timedelta(minutes=1))
    await ask(payloads.text(who, "two"))
    assert fake_graph.texts.count(bot_notice()) == 1
    conversation = await Conversation.objects.aget()
    await sync_to_async(pause)(conversation, Conversation.PausedBy.CONSOLE)
    await sync_to_async(hand_back)(conversation)
    await ask(payloads.text(who, "three"))
    await ask(payloads.text(who, "four"))
    assert fake_graph.texts.count(bot_notice()) == 2


async def test_a_pause_withholds_what_waits(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """A person took over between the answer and its sending. Emergency advice still goes."""
    await hello(who, fake_graph)
    await arrive(payloads.text(who, "one"))
    rasa.says = [EMERGENCY]
    await arrive(payloads.text(who, "I can't breathe"))
    await sync_to_async(pause)(await Conversation.objects.aget(), Conversation.PausedBy.CONSOLE)
    await deliver()
    assert fake_graph.texts == ["Call 911 now."]
    assert await states() == ["withheld", "sent"]


async def test_staff_may_write_from_here(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Their words go out; the assistant is silent from then on."""
    await hello(who, fake_graph)
    conversation = await Conversation.objects.aget()
    await sync_to_async(outbox.say)(conversation, "Hi, this is Ann.")
    await ask(payloads.text(who, "hello Ann"))
    assert fake_graph.texts == ["Hi, this is Ann."]
    assert await Message.objects.filter(state="left").acount() == 1


async def test_numbers_stand_for_choices(rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Where choices were numbered text, and only until the next reply."""
    who = Someone.number("whatsapp", 7)
    question = a_question()
    many = [question.choices[0].model_copy(update={"id": f"id-{n}", "title": f"T{n}"}) for n in range(12)]
    rasa.says = [question.model_copy(update={"choices": many})]
    await ask(payloads.text(who, "one"))
    rasa.says = [an_answer()]
    await ask(payloads.text(who, " 12. "))
    await ask(payloads.text(who, "3"))
    assert [(asked.get("choice"), asked.get("text")) for asked in rasa.asked[1:]] == [("id-11", None), (None, "3")]


async def test_a_choice_no_one_knows_is_its_words(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """A button of long ago, or an ice breaker: what stands on it is the question."""
    rasa.knows_choices = False
    await ask(payloads.chosen(who, "old", "Does it hurt?"))
    assert [asked.get("text") for asked in rasa.asked] == [None, "Does it hurt?"]
    assert "Answer 1." in fake_graph.texts[1]


async def test_a_photo_never_reaches_the_model(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """Its caption does, and both are answered."""
    await ask(payloads.attached(who, "image"))
    assert rasa.asked == []
    await ask(payloads.attached(who, "image", "does it hurt?"))
    assert rasa.texts == ["does it hurt?"]
    assert sum("can't look at photos" in text for text in fake_graph.texts) == 2


async def test_an_outage_tells_the_visitor_and_answers_later_in_order(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph
) -> None:
    """Notice, short notice, then the answers as they were asked."""
    await hello(who, fake_graph)
    rasa.fault = "down"
    await ask(payloads.text(who, "one"))
    await Message.objects.filter(state="failed").aupdate(next_attempt_at=timezone.now())
    await ask(payloads.text(who, "two"))
    assert ["can't answer right now" in text or "kept this message" in text for text in fake_graph.texts] == [
        True,
        True,
    ]
    rasa.fault = None
    await Message.objects.filter(text="two").aupdate(next_attempt_at=timezone.now())
    await Message.objects.filter(text="one").aupdate(next_attempt_at=timezone.now() + timedelta(hours=1))
    await worker.resume_messages()
    await deliver()
    assert len(fake_graph.texts) == 2  # the first comes first, and is not due yet
    await Message.objects.filter(text="one").aupdate(next_attempt_at=timezone.now())
    await worker.resume_messages()
    await deliver()
    assert rasa.texts == ["hello", "one", "two"]
    assert [text.partition("\n")[0] for text in fake_graph.texts[2:]] == ["Answer 2.", "Answer 3."]


async def test_no_ids_and_no_words_in_the_log(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph, log: io.StringIO
) -> None:
    """Whatever goes wrong."""
    answers: list[Any] = [httpx.ReadTimeout(who.user), failure(190), failure(2, status=500), failure(131026)]
    for number, answer in enumerate(answers):
        fake_graph.next = [answer]
        await ask(payloads.text(who, f"Zanzibar {number}", id_=f"wamid.SECRET{number}"))
        await passes(1000)
    for secret in filter(None, (who.user, who.phone, "Zanzibar", "SECRET", config().whatsapp_token.get_secret_value())):
        assert secret not in log.getvalue()


async def test_erasing_a_conversation_takes_the_visitor_along(
    who: Someone, rasa: FakeRasa, fake_graph: FakeGraph
) -> None:
    """Ids, what was sent, where messages came from: all of it."""
    await ask(payloads.text(who, "hello"))
    await aerase((await Conversation.objects.aget()).pk)
    assert (await Visitor.objects.acount(), await Delivery.objects.acount()) == (0, 0)


async def test_read_signals_fail_without_harm(who: Someone, rasa: FakeRasa, fake_graph: FakeGraph) -> None:
    """They are shown for a new message, and never to a visitor whom a person answers."""
    await sync_to_async(read)(payloads.text(who, "hello"))
    conversation = await Conversation.objects.aget()
    await delivering.show_seen(conversation.pk)
    assert len(fake_graph.signals) == (1 if who.channel == "whatsapp" else 2)
    await sync_to_async(pause)(conversation, Conversation.PausedBy.INBOX)
    await delivering.show_seen(conversation.pk)
    await delivering.show_seen(uuid.uuid4())
    assert len(fake_graph.signals) == (1 if who.channel == "whatsapp" else 2)

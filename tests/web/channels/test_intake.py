"""From a webhook to the inbox: once, in order, and nothing left of what a visitor took back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from evaluation.meta import payloads
from evaluation.meta.payloads import PAGE_ID, Someone
from tests.web.channels.support import a_conversation, arrive, ask, messages, read
from tests.web.support import FakeRasa
from web.channels import identity, intake
from web.channels.events import Person
from web.channels.ids import hashed
from web.channels.models import Delivery, Origin, Redaction, Visitor, Webhook
from web.conversations.models import Conversation, Message
from web.conversations.pause import is_paused

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_is_taken_once(who: Someone) -> None:
    """However often Meta sends it, in one webhook or in several."""
    body = payloads.text(who, "hello")
    read(body, payloads.joined(body, body))
    assert messages() == [("hello", "", "received")]
    assert Webhook.objects.count() == 0


def test_every_entry_of_a_batch_is_read(who: Someone) -> None:
    """Several visitors, several messages each."""
    people = [Someone.number(who.channel, number) for number in range(3)]
    read(payloads.joined(*(payloads.text(each, word) for each in people for word in ("one", "two"))))
    assert sorted(text for text, _, _ in messages()) == ["one"] * 3 + ["two"] * 3
    assert Visitor.objects.count() == 3


def test_messages_that_come_together_are_put_in_order(who: Someone) -> None:
    """By the time they were sent, within what waits to be read; others keep their place."""
    now = payloads.now()
    late, early = payloads.text(who, "second", at=now - 10), payloads.text(who, "first", at=now - 40)
    for body in (late, early):
        intake.store(who.channel, json.dumps(body).encode())
    intake.read_waiting()
    assert [text for text, _, _ in messages()] == ["first", "second"]


@pytest.mark.parametrize("at", [1, 4_000_000_000, 10**18])
def test_a_clock_that_is_wrong_is_not_believed(who: Someone, at: int) -> None:
    """The window is then counted from now."""
    read(payloads.text(who, "hello", at=at))
    until = Visitor.objects.get().window_until
    assert until is not None
    assert abs(until - timezone.now() - intake.WINDOW) < timedelta(minutes=1)


def test_the_window_is_counted_from_when_the_message_was_sent(who: Someone) -> None:
    """A message that reaches us late leaves less time."""
    read(payloads.text(who, "hello", at=payloads.now() - 23 * 3600))
    until = Visitor.objects.get().window_until
    assert until is not None
    assert until - timezone.now() < timedelta(hours=1, minutes=1)


def test_a_webhook_that_cant_be_read_is_set_aside(who: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept for an engineer, and those after it are read."""
    intake.store(who.channel, json.dumps(payloads.text(who, "one")).encode())
    with monkeypatch.context() as broken:
        broken.setattr(intake, "_arrived", lambda *_: 1 / 0)
        intake.read_waiting()
    read(payloads.text(who, "two"))
    assert Webhook.objects.get().problem == "ZeroDivisionError"
    assert [text for text, _, _ in messages()] == ["two"]


def test_a_database_that_fails_loses_nothing(who: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is done again, whole."""

    def fail(*_: object) -> None:
        raise OperationalError

    first, second = payloads.text(who, "one"), payloads.text(who, "two")
    for body in (first, second):
        intake.store(who.channel, json.dumps(body).encode())
    with monkeypatch.context() as broken:
        broken.setattr(intake, "_arrived", fail)
        with pytest.raises(OperationalError):
            intake.read_waiting()
    read()
    assert [text for text, _, _ in messages()] == ["one", "two"]


def test_what_is_for_another_number_or_page_is_left(who: Someone) -> None:
    """One app may serve several."""
    body = json.loads(json.dumps(payloads.text(who, "hello")).replace(PAGE_ID, "1"))
    if who.channel == "whatsapp":
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "1"
    read(body)
    assert messages() == []


def test_ids_are_not_stored_raw(who: Someone) -> None:
    """A hash to look up, and what can't be read without the key."""
    read(payloads.text(who, "hello", id_="wamid.SECRET"))
    visitor, origin, message = Visitor.objects.get(), Origin.objects.get(), Message.objects.get()
    stored = f"{vars(visitor)} {vars(origin)} {vars(message)} {vars(a_conversation(who))}"
    for secret in (who.user, who.phone or who.user, "wamid.SECRET"):
        assert secret not in stored
    assert identity.addresses(visitor) == Person(who.user, who.phone)


async def test_a_deleted_message_leaves_nothing(who: Someone, rasa: FakeRasa) -> None:
    """Neither text nor what was understood; Rasa is to forget it; the visitor is told, once."""
    await arrive(payloads.text(who, "my name is Ann", id_="m1"))
    body = payloads.deleted(who, "m1")
    await arrive(body, body)
    message = await Message.objects.aget()
    assert (message.text, message.attachment, message.understood, message.topics) == ("", "deleted", {}, [])
    assert (await Origin.objects.aget()).token == ""
    assert {each.message_id async for each in Redaction.objects.all()} == {str(message.pk)}
    said = [each.content["text"] async for each in Delivery.objects.all()]
    assert sum("removed it from our records" in text for text in said) == 1


async def test_a_message_deleted_while_it_is_answered_stays_deleted(who: Someone, rasa: FakeRasa) -> None:
    """What Rasa made of it is not stored."""

    async def delete(asked: dict[str, object]) -> None:
        await sync_to_async(read)(payloads.deleted(who, "m1"))

    rasa.before_answer = delete
    await arrive(payloads.text(who, "my name is Ann", id_="m1"))
    message = await Message.objects.aget()
    assert (message.text, message.attachment, message.understood) == ("", "deleted", {})
    assert len([each async for each in Delivery.objects.all()]) == 1


async def test_a_message_that_was_deleted_before_it_came_is_not_taken(who: Someone, rasa: FakeRasa) -> None:
    """Webhooks may come in any order."""
    await arrive(payloads.deleted(who, "m1"), payloads.text(who, "my name is Ann", id_="m1"))
    assert await Message.objects.filter(text="").acount() == await Message.objects.acount() == 1
    assert rasa.asked == []


async def test_a_changed_message_is_answered_and_the_old_one_goes(who: Someone, rasa: FakeRasa) -> None:
    """Each change once."""
    await arrive(payloads.text(who, "my name is Ann", id_="m1"))
    body = payloads.edited(who, "m1", "does it hurt?")
    await arrive(body, body)
    assert rasa.texts == ["my name is Ann", "does it hurt?"]
    assert [text async for text in Message.objects.order_by("pk").values_list("text", flat=True)] == [
        "",
        "does it hurt?",
    ]


async def test_a_message_changed_before_it_was_answered_is_answered_as_it_is_now(who: Someone, rasa: FakeRasa) -> None:
    """The old text is not asked."""
    await arrive(payloads.text(who, "my name is Ann", id_="m1"), payloads.edited(who, "m1", "does it hurt?"))
    assert rasa.texts == ["does it hurt?"]


def test_a_person_who_answers_pauses_the_conversation(who: Someone) -> None:
    """Their words are in the log, once; told days late they say nothing about now."""
    read(payloads.text(who, "hello"))
    body = payloads.echo(who, "Hi, this is Ann.", "e1")
    read(body, body)
    assert is_paused(a_conversation(who))
    delivery = Delivery.objects.get()
    assert (delivery.author, delivery.content) == ("staff", {"text": "Hi, this is Ann."})


def test_an_old_echo_does_not_pause(who: Someone) -> None:
    """It was kept back at Meta for longer than a pause lasts."""
    body = json.loads(
        json.dumps(payloads.echo(who, "Hi")).replace(str(payloads.now())[:9], str(payloads.now() - 90_000)[:9])
    )
    read(payloads.text(who, "hello"), body)
    assert not is_paused(a_conversation(who))


def test_our_own_echo_pauses_nothing() -> None:
    """It carries our metadata, or at least our app's id."""
    who = Someone.number("messenger", 1)
    read(payloads.text(who, "hello"))
    read(payloads.echo(who, "x", "e1", metadata="nonsense", app_id=payloads.APP_ID))
    read(payloads.echo(who, "x", "e2", app_id=payloads.APP_ID))
    assert not is_paused(a_conversation(who))


def test_standby_pauses_until_control_is_back(who: Someone) -> None:
    """A message on the usual way says that the conversation is ours again."""
    aside = payloads.text(who, "hello")
    if who.channel == "whatsapp":
        aside["entry"][0]["changes"][0]["field"] = "standby"
    else:
        aside["entry"][0]["standby"] = aside["entry"][0].pop("messaging")
    read(aside)
    conversation = a_conversation(who)
    assert (is_paused(conversation), conversation.paused_by) == (True, "other")
    read(payloads.text(who, "hello again"))
    assert not is_paused(a_conversation(who))


def test_thread_control_of_messenger() -> None:
    """Taken by another app, and passed back to ours."""
    who = Someone.number("messenger", 1)
    read(payloads.messenger_event(who, take_thread_control={"previous_owner_app_id": payloads.APP_ID}))
    assert is_paused(a_conversation(who))
    read(payloads.messenger_event(who, pass_thread_control={"new_owner_app_id": int(payloads.OTHER_APP)}))
    assert is_paused(a_conversation(who))
    read(payloads.messenger_event(who, pass_thread_control={"new_owner_app_id": int(payloads.APP_ID)}))
    assert not is_paused(a_conversation(who))


async def test_a_person_in_an_app_keeps_their_pause_when_the_visitor_writes(who: Someone, rasa: FakeRasa) -> None:
    """Only standby ends with a message on the usual way."""
    await ask(payloads.text(who, "hello"))
    await ask(payloads.echo(who, "Hi, this is Ann."), payloads.text(who, "hello Ann"))
    assert await Message.objects.filter(state="left").acount() == 1


def by_phone(phone: str, said: str) -> payloads.Body:
    """As it was before there were business-scoped ids."""
    body = payloads.text(Someone("whatsapp", "", phone), said)
    value = body["entry"][0]["changes"][0]["value"]
    value["contacts"][0].pop("user_id")
    value["messages"][0].pop("from_user_id")
    return body


def test_a_number_may_come_and_go() -> None:
    """The business-scoped id comes first."""
    read(
        payloads.text(Someone("whatsapp", "US.1", "13105550001"), "one"),
        payloads.text(Someone("whatsapp", "US.1"), "two"),
    )
    assert Visitor.objects.count() == 1


def test_a_visitor_known_by_number_gets_their_id() -> None:
    """The same visitor, the same conversation."""
    read(by_phone("13105550001", "one"), payloads.text(Someone("whatsapp", "US.1", "13105550001"), "two"))
    assert Visitor.objects.get().user_hash == hashed("user", "US.1")
    assert Message.objects.filter(conversation=Conversation.objects.get()).count() == 2


def test_what_was_said_under_the_number_joins_what_was_said_under_the_id() -> None:
    """Both were met separately; then one message carries both."""
    read(by_phone("13105550001", "one"), payloads.text(Someone("whatsapp", "US.1"), "two"))
    assert Conversation.objects.count() == 2
    read(payloads.text(Someone("whatsapp", "US.1", "13105550001"), "three"))
    assert {each.text for each in Message.objects.filter(conversation=Conversation.objects.get())} == {
        "one",
        "two",
        "three",
    }
    assert Redaction.objects.filter(message_id="").count() == 1


def test_a_number_that_passes_to_another_person_takes_no_conversation_along() -> None:
    """Someone else's words are never shown to, or answered for, the new owner."""
    read(payloads.text(Someone("whatsapp", "US.1", "13105550001"), "one"))
    read(payloads.text(Someone("whatsapp", "US.2", "13105550001"), "two"))
    assert Conversation.objects.count() == 2
    assert Visitor.objects.get(user_hash=hashed("user", "US.1")).phone_hash is None


def test_a_visitor_who_changes_their_number_stays_the_same() -> None:
    """WhatsApp tells it by a message of the system."""
    who = Someone("whatsapp", "US.1", "13105550001")
    read(payloads.text(who, "one"))
    read(payloads.whatsapp_message(who, "system", {"type": "user_changed_number", "wa_id": "13105550002"}))
    read(by_phone("13105550002", "two"))
    assert Conversation.objects.count() == 1

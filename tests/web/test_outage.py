"""No silence: when a part is down, the visitor gets phone, form and the emergency line."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import httpx
import pytest
from django.db import OperationalError

from tests.web.support import FAULTS, FakeRasa, Fault, Visitor, assert_error, assert_notice
from web import turns, waiting
from web.config import Config
from web.conversations.models import Message
from web.website import views


@pytest.fixture(autouse=True)
def _quick(settings_of_web: Config) -> None:
    """Rasa counts as slow after a moment."""
    settings_of_web.rasa_timeout_seconds = 0.05


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_visitor_is_told_how_to_reach_the_clinic(visitor: Visitor, rasa: FakeRasa, fault: Fault) -> None:
    """200 and a notice, and the message is kept as not answered."""
    rasa.fault = fault
    answer = await visitor.send("hello")
    assert_notice(answer)
    message = await Message.objects.aget()
    assert (message.text, message.state, message.kind) == ("hello", "failed", "notice")
    assert (await visitor.log())[0]["replies"] == answer["replies"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_sent_again_after_recovery_it_is_answered(visitor: Visitor, rasa: FakeRasa, fault: Fault) -> None:
    """The same message gets its real answer in place of the notice, and is handled once."""
    rasa.fault = fault
    await visitor.send("hello", "1")
    rasa.fault = None
    first, second = await visitor.send("hello", "1"), await visitor.send("hello", "1")
    assert first["replies"][0]["kind"] == "answer"
    assert second == first
    assert rasa.texts == ["hello"]
    (message,) = await visitor.log()
    assert message["replies"] == first["replies"]
    assert (await Message.objects.aget()).state == "handled"


async def test_sent_again_while_still_down_it_is_one_notice(visitor: Visitor, rasa: FakeRasa) -> None:
    """Trying again changes nothing but the moment."""
    rasa.fault = "down"
    for _ in range(3):
        assert_notice(await visitor.send("hello", "1"))
    assert len((await visitor.log())[0]["replies"]) == 1


async def test_after_recovery_the_failed_message_comes_first(visitor: Visitor, rasa: FakeRasa) -> None:
    """A conversation is answered in order: what failed before the next message is handled before it."""
    rasa.fault = "error"
    await visitor.send("one")
    rasa.fault = None
    assert (await visitor.send("two"))["replies"][0]["text"] == "Answer 2."
    assert rasa.texts == ["one", "two"]
    assert [message["replies"][0]["text"] for message in await visitor.log()] == ["Answer 1.", "Answer 2."]


async def test_a_message_that_always_fails_holds_up_no_other(visitor: Visitor, rasa: FakeRasa) -> None:
    """Later messages are answered, whatever is wrong with it; after a few times it is left to the worker."""

    async def choke(asked: dict[str, Any]) -> None:
        if asked["text"] == "poison":
            raise httpx.ReadError("reset")

    rasa.before_answer = choke
    assert_notice(await visitor.send("poison"))
    # No answer at all may be an outage, so one message is told to wait; then it is the poison alone.
    answers = [await visitor.send(f"message {number}") for number in range(4)]
    assert answers[-1]["replies"][0]["kind"] == "answer"
    assert rasa.texts.count("poison") == waiting.ATTEMPTS_IN_ORDER


async def test_one_notice_an_outage(visitor: Visitor, rasa: FakeRasa) -> None:
    """The second message of an outage is told less, and still where help is."""
    rasa.fault = "down"
    first, second = await visitor.send("one"), await visitor.send("two")
    assert_notice(first)
    assert_notice(second)
    texts = [answer["replies"][0]["text"] for answer in (first, second)]
    assert len(texts[1]) < len(texts[0]) / 2
    rasa.fault = None
    await visitor.send("three")
    rasa.fault = "down"
    assert (await visitor.send("four"))["replies"][0]["text"] == texts[0]


async def test_while_no_one_answers_only_one_message_is_tried(visitor: Visitor, rasa: FakeRasa) -> None:
    """Two messages wait: the visitor does not wait for two time-outs."""
    rasa.fault = "slow"
    await visitor.send("one")
    started = time.monotonic()
    await visitor.send("two")
    assert (await Message.objects.filter(state="failed").acount(), time.monotonic() - started < 5) == (2, True)


async def test_a_result_that_got_lost_is_not_made_twice(visitor: Visitor, rasa: FakeRasa) -> None:
    """Rasa handled the message but its answer came too late: asked again, it gives that very answer."""

    async def too_late(asked: dict[str, Any]) -> None:
        raise TimeoutError

    rasa.before_answer = too_late
    assert_notice(await visitor.send("hello", "1"))
    rasa.before_answer = None
    await visitor.send("hello", "1")
    first, second = rasa.asked
    assert first == second


def away(*args: object, **kwargs: object) -> NoReturn:
    raise OperationalError("connection refused")


async def test_without_a_database_a_message_gets_the_way_to_the_clinic(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with phone, form and the emergency line, whatever step the database fails at."""
    for module, step in ((turns, "receive_and_begin"), (turns, "_claim"), (turns, "_only_waiting"), (turns, "_commit")):
        with monkeypatch.context() as broken:
            broken.setattr(module, step, away)
            response = await visitor.post(client_message_id=step, text="hello")
            assert_error(response, 503, "unavailable")
            assert "call 911" in response.json()["error"]["message"]


async def test_without_a_database_every_call_has_the_same_error(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, rating and erasing too."""
    monkeypatch.setattr(views.Conversation.objects, "get", away)
    for method, path in (("GET", "messages"), ("POST", "messages"), ("POST", "feedback"), ("DELETE", "session")):
        response = await visitor.http.request(method, f"/api/chat/{path}", headers=visitor.headers)
        assert_error(response, 503, "unavailable")


async def test_a_bug_of_ours_is_no_silence(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even what nobody thought of ends with the way to the clinic."""

    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(turns, "receive_and_begin", fail)
    response = await visitor.post(client_message_id="1", text="hello")
    assert_error(response, 500, "error")
    assert "call 911" in response.json()["error"]["message"]

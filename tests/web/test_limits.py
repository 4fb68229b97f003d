"""Rate limits, and whose address counts."""

from __future__ import annotations

import uuid

import httpx
import pytest
from django.core.cache import cache
from django.test import RequestFactory
from redis import ConnectionError as RedisConnectionError

from tests.web.conftest import NewVisitor
from tests.web.support import FakeRasa, Visitor, assert_error
from web import limits
from web.config import Config
from web.conversations.models import Message


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test runs into the next minute."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_000.0)


async def test_a_visitor_who_is_too_fast_is_slowed_down(
    visitor: Visitor, rasa: FakeRasa, settings_of_web: Config
) -> None:
    """One more than allowed in a minute is told to wait, with the way to the clinic, and is not stored."""
    settings_of_web.messages_per_minute_per_session = 3
    for _ in range(3):
        await visitor.send("hello")
    response = await visitor.post(client_message_id="4", text="hello")
    assert_error(response, 429, "too_many")
    assert "call 911" in response.json()["error"]["message"]
    assert await Message.objects.acount() == 3


async def test_one_visitors_limit_is_no_others(new_visitor: NewVisitor, settings_of_web: Config) -> None:
    """Visitors behind one address don't use up each other's messages."""
    settings_of_web.messages_per_minute_per_session = 1
    one, other = await new_visitor(), await new_visitor()
    await one.send("hello")
    await other.send("hello")
    assert_error(await one.post(client_message_id="2", text="hello"), 429, "too_many")


async def test_an_address_has_a_limit_of_its_own(new_visitor: NewVisitor, settings_of_web: Config) -> None:
    """New sessions don't get around it."""
    settings_of_web.messages_per_minute_per_address = 2
    for _ in range(2):
        await (await new_visitor()).send("hello")
    response = await (await new_visitor()).post(client_message_id="1", text="hello")
    assert_error(response, 429, "too_many")


async def test_sessions_have_a_limit(http: httpx.AsyncClient, settings_of_web: Config) -> None:
    """An address opens so many sessions in an hour and no more."""
    settings_of_web.sessions_per_hour_per_address = 2
    for _ in range(2):
        await Visitor(http).start()
    assert_error(await http.post("/api/chat/sessions", json={}), 429, "too_many")


async def test_ratings_have_a_limit(visitor: Visitor, settings_of_web: Config) -> None:
    """Ratings are counted like messages."""
    settings_of_web.messages_per_minute_per_session = 1
    await visitor.rate(str(uuid.uuid4()), True)
    assert_error(await visitor.rate(str(uuid.uuid4()), True), 429, "too_many")


def test_the_next_window_starts_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit is for a time, not for ever."""
    counted = [limits.is_over_limit("test", "me", 1, 60) for _ in range(2)]
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_060.0)
    assert [*counted, limits.is_over_limit("test", "me", 1, 60)] == [False, True, False]


def test_without_redis_nothing_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that can't be kept leaves no visitor without an answer."""

    def away(*args: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(cache, "add", away)
    assert limits.is_over_limit("test", "me", 0, 60) is False


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "203.0.113.7"),
        (0, "198.51.100.1", "203.0.113.7"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.66, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.7"),
        (1, None, "203.0.113.7"),
        (1, " , ", "203.0.113.7"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings_of_web: Config, proxies: int, forwarded: str | None, expected: str
) -> None:
    """What a visitor writes into X-Forwarded-For counts for nothing; what our proxies add does."""
    settings_of_web.trusted_proxies = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="203.0.113.7")
    assert limits.visitor_address(request) == expected

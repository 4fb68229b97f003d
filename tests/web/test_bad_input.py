"""Bad input: a clear error or a sensible reply, a way to the clinic, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.support import FakeRasa, Visitor, assert_error
from web.conversations.models import Message

MESSAGES = "/api/chat/messages"


async def stored_and_answered(visitor: Visitor, rasa: FakeRasa, text: str, expected: str) -> None:
    answer = await visitor.send(text)
    assert len(answer["replies"]) == 1
    assert rasa.texts == [expected]
    assert [message["text"] for message in await visitor.log()] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "😀" * 10_000,
        "🙂🔥🩸",
        "\U0001fae8",  # newer than this Python's Unicode tables
        "حبر آمن؟",
        "\u202eحبر\u202c",
        "/restart",
        "/handoff/booking{}",
        "two\nlines\tand a tab",
        "<script>alert(1)</script>",
        "'; DROP TABLE conversations_message; --",
    ],
    ids=lambda text: ascii(text[:12]),
)
async def test_unusual_text_is_a_message_like_any_other(visitor: Visitor, rasa: FakeRasa, text: str) -> None:
    """It arrives as typed, as text and nothing else, and is answered."""
    await stored_and_answered(visitor, rasa, text, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("is\x00it\x07 safe\x1b[31m", "isit safe[31m"), ("\x00hello\x00", "hello"), ("  hello \r\n", "hello")],
)
async def test_control_characters_are_left_out(visitor: Visitor, rasa: FakeRasa, text: str, expected: str) -> None:
    """No database and no reader wants them; what is around them stays."""
    await stored_and_answered(visitor, rasa, text, expected)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00", "\x07\x1b"])
async def test_an_empty_message_is_refused(visitor: Visitor, rasa: FakeRasa, text: str) -> None:
    """Nothing to read is nothing to answer, and says so."""
    response = await visitor.post(client_message_id="1", text=text)
    assert_error(response, 422, "invalid")
    assert "the text is empty" in response.json()["error"]["message"]
    assert rasa.asked == []


async def test_a_message_that_is_too_long_is_refused(visitor: Visitor, rasa: FakeRasa) -> None:
    """10,001 characters are one too many; the error says how many are allowed."""
    response = await visitor.post(client_message_id="1", text="x" * 10_001)
    assert_error(response, 422, "invalid")
    assert "10000" in response.json()["error"]["message"]
    assert await Message.objects.acount() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b'{"client_message_id": "1", "text": "caf\xe9"}',
        b'{"client_message_id": "1", "text": "\\ud800"}',
        b'{"client_message_id": "1", "text": ',
        b"text=hello",
        b"[" * 5000,
    ],
    ids=["bytes", "latin-1", "half a character", "cut off", "a form", "deep"],
)
async def test_a_body_that_is_no_json_is_refused(visitor: Visitor, body: bytes) -> None:
    """Not UTF-8, cut off or another format: the error says what is expected."""
    response = await visitor.http.post(MESSAGES, content=body, headers=visitor.headers)
    assert_error(response, 400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "hello",
        None,
        {"client_message_id": "1"},
        {"text": "hello"},
        {"client_message_id": "1", "text": None},
        {"client_message_id": "1", "text": 5},
        {"client_message_id": "1", "text": ["hello"]},
        {"client_message_id": 1, "text": "hello"},
        {"client_message_id": "", "text": "hello"},
        {"client_message_id": "x" * 65, "text": "hello"},
        {"client_message_id": "a b", "text": "hello"},
        {"client_message_id": "1\n", "text": "hello"},
        {"client_message_id": "1", "text": "hello", "choice": "c"},
        {"client_message_id": "1", "choice": ""},
        {"client_message_id": "1", "choice": "c" * 201},
        {"client_message_id": "1", "choice": {"id": "c"}},
        {"client_message_id": "1", "text": "hello", "conversation": "another"},
    ],
    ids=lambda body: json.dumps(body)[:60],
)
async def test_wrong_fields_are_refused(visitor: Visitor, rasa: FakeRasa, body: Any) -> None:
    """Missing, of the wrong type, too long, two at once or unknown: nothing is stored."""
    assert_error(await visitor.http.post(MESSAGES, json=body, headers=visitor.headers), 422, "invalid")
    assert await Message.objects.acount() == 0
    assert rasa.asked == []


@pytest.mark.parametrize("body", [{"language": "english please"}, {"language": 1}, {"page": 5}, {"visitor": "me"}])
async def test_wrong_fields_start_no_session(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """A session starts with what DESIGN names, or with nothing."""
    assert_error(await http.post("/api/chat/sessions", json=body), 422, "invalid")


async def test_an_empty_body_starts_a_session(http: httpx.AsyncClient) -> None:
    """All fields are optional, and so is the body."""
    assert (await http.post("/api/chat/sessions")).status_code == 200


async def test_a_body_that_is_too_large_is_refused(visitor: Visitor) -> None:
    """A body with its length in the header is measured."""
    body = json.dumps({"client_message_id": "1", "text": "x", "pad": "x" * 140_000})
    assert_error(await visitor.http.post(MESSAGES, content=body, headers=visitor.headers), 413, "too_large")


async def test_a_body_without_a_length_is_measured_too(visitor: Visitor) -> None:
    """In chunks, a body tells no length; the limit is the same."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"client_message_id": "1", "text": "x", "pad": "'
        for _ in range(14):
            yield b"x" * 10_000

    response = await visitor.http.post(MESSAGES, content=chunks(), headers=visitor.headers)
    assert_error(response, 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/chat/sessions", "POST"),
        ("PUT", MESSAGES, "POST, GET"),
        ("DELETE", MESSAGES, "POST, GET"),
        ("GET", "/api/chat/feedback", "POST"),
        ("POST", "/api/chat/session", "DELETE"),
    ],
)
async def test_a_wrong_method_says_which_are_right(visitor: Visitor, method: str, path: str, allowed: str) -> None:
    """405 with the methods that work, in the header where programs look."""
    response = await visitor.http.request(method, path, headers=visitor.headers)
    assert_error(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/api/chat/message", "/api/", "/api/chat/messages/"])
async def test_an_unknown_address_of_the_api_answers_in_its_shape(http: httpx.AsyncClient, path: str) -> None:
    """A program that calls the API never gets a page."""
    assert_error(await http.get(path), 404, "not_found")

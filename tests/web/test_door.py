"""The short way to the website API gives what Django's own way gives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from django.core.asgi import get_asgi_application

from tests.web.support import Visitor, assert_error
from web import rasa
from web.asgi import application
from web.website.door import Door

#: Named for each request alone.
OWN = {"x-request-id", "vary"}


async def through(app: object, method: str, path: str, **request: object) -> httpx.Response:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, path, **request)  # type: ignore[arg-type]


def headers_of(response: httpx.Response) -> set[tuple[str, str]]:
    return {(name, value) for name, value in response.headers.items() if name not in OWN}


CALLS = [
    ("POST", "/api/chat/messages", {"content": b"{"}),
    ("GET", "/api/chat/messages?after=0", {}),
    ("GET", "/api/chat/messages?after=x", {}),
    ("PATCH", "/api/chat/session", {}),
    ("POST", "/api/chat/feedback", {"json": {"reply_id": "x"}}),
    ("POST", "/api/chat/messages", {"headers": {"Host": "evil.example"}}),
    ("POST", "/api/chat/messages", {"headers": {"Origin": "https://evil.example"}}),
    ("OPTIONS", "/api/chat/messages", {"headers": {"Origin": "https://evil.example"}}),
    ("GET", "/api/chat/nothing", {}),
]


@pytest.mark.parametrize(("method", "path", "request_"), CALLS)
async def test_both_ways_answer_alike(visitor: Visitor, method: str, path: str, request_: dict[str, object]) -> None:
    """Status, body and every header, with a session and without: none of Django's protections is missing."""
    django = get_asgi_application()
    for token in ({}, visitor.headers):
        headers = {**token, **dict(request_.get("headers", {}))}  # type: ignore[call-overload]
        given = {**request_, "headers": headers}
        ours = await through(application, method, path, **given)
        theirs = await through(django, method, path, **given)
        assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
        assert headers_of(theirs) <= headers_of(ours)
        assert ours.headers["X-Request-Id"]


async def test_only_the_api_goes_the_short_way() -> None:
    """Pages, the console and unknown addresses are Django's; so is whatever is no HTTP."""
    seen: list[str] = []

    async def django(scope: dict[str, object], receive: object, send: object) -> None:
        seen.append(str(scope.get("path", scope["type"])))

    door = Door(django)

    async def nothing(*_: object) -> dict[str, object]:
        return {"type": "http.disconnect"}

    for path in ("/", "/console/", "/api/chat/nothing", "/api/chatter", "/healthy"):
        await door({"type": "http", "path": path}, nothing, nothing)  # type: ignore[arg-type]
    await door({"type": "websocket"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["/", "/console/", "/api/chat/nothing", "/api/chatter", "/healthy", "websocket"]


async def test_connections_to_rasa_stay_open_from_the_start_to_the_end() -> None:
    """The server says when; what was opened is closed."""
    told: list[str] = []
    kept: list[bool] = []

    async def receive() -> dict[str, object]:
        kept.append(asyncio.get_running_loop() in rasa._clients)
        return {"type": "lifespan.startup" if len(kept) == 1 else "lifespan.shutdown"}

    async def send(event: Mapping[str, object]) -> None:
        told.append(str(event["type"]))

    async def django(*_: object) -> None:
        raise AssertionError

    await Door(django)({"type": "lifespan"}, receive, send)
    assert (kept, told) == ([False, True], ["lifespan.startup.complete", "lifespan.shutdown.complete"])
    assert asyncio.get_running_loop() not in rasa._clients


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "web", "testserver"])
async def test_whoever_watches_asks_by_address(visitor: Visitor, host: str) -> None:
    """A probe knows no host name of ours; all else is refused under a foreign one."""
    assert (await visitor.http.get("/health/live", headers={"Host": host})).status_code == 200
    is_ours = host == "testserver"
    assert (await visitor.http.get("/", headers={"Host": host})).status_code == (200 if is_ours else 400)


async def test_a_body_in_chunks_is_read_whole(visitor: Visitor) -> None:
    """A body has no length of its own when it comes in chunks."""

    async def chunks():  # type: ignore[no-untyped-def]
        for part in (b'{"client_message_id": "1", ', b'"text": ', b'"hello"}'):
            yield part

    response = await visitor.http.post("/api/chat/messages", content=chunks(), headers=visitor.headers)
    assert response.json()["replies"][0]["kind"] == "answer"


async def test_an_address_that_is_none_is_not_found(visitor: Visitor) -> None:
    """The error has the API's shape and the way to the clinic."""
    assert_error(await visitor.http.get("/api/chat/nothing"), 404, "not_found")

"""The private Rasa server, as web sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import ValidationError

from shared import trace
from shared.reply import StoredRequest, Turn
from web.config import config
from web.metrics import RASA_SECONDS

HEALTH_TIMEOUT_SECONDS = 2


class RasaUnavailable(Exception):
    """Rasa gave no usable answer. `reason` is a word for the log; it holds nothing a visitor wrote."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def is_of_every_message(self) -> bool:
        """Whether the next message would fare no better: no one answers at all."""
        return self.reason in ("slow", "down")

    @property
    def is_away(self) -> bool:
        """Whether it was not there, so that nothing is said of this message."""
        return self.reason in ("down", "status 503")


class ChoiceRefused(Exception):
    """Rasa does not know this choice in this conversation."""


@dataclass(frozen=True)
class _Answer:
    status: int
    content: bytes


class _NobodyListens(Exception):
    """No connection could be made: nothing was asked."""


#: The client of each event loop that keeps one: its connections to Rasa stay open between turns.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = weakref.WeakKeyDictionary()


def _client() -> aiohttp.ClientSession:
    # A proxy of the environment is for calls to others.
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[None]:
    """Calls of this event loop share their connections meanwhile; elsewhere each call opens one and closes it."""
    loop = asyncio.get_running_loop()
    async with _client() as client:
        _clients[loop] = client
        try:
            yield
        finally:
            _clients.pop(loop, None)


async def _exchange(method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> _Answer:
    """One request and its answer, which is in time as a whole; redirects are not followed.

    Raises:
        _NobodyListens: there was no one to ask.
        RasaUnavailable: it did not answer, or with something that is no HTTP.
    """
    kept = _clients.get(asyncio.get_running_loop())
    client = kept or _client()
    try:
        # A lease counts on a limit for all of a call.
        async with asyncio.timeout(seconds):
            asking = client.request(method, url, data=body or None, headers=headers, allow_redirects=False)
            async with asking as response:
                return _Answer(response.status, await response.read())
    except aiohttp.ClientConnectorError as error:
        raise _NobodyListens from error
    except TimeoutError as error:
        raise RasaUnavailable("slow") from error
    except aiohttp.ClientError as error:
        raise RasaUnavailable("down") from error
    finally:
        if kept is None:
            await client.close()


async def _request(method: str, path: str, asked: dict[str, Any] | None = None) -> _Answer:
    """Ask the next Rasa server; where no one listens, the one after it. What one said, any of them can tell again."""
    headers = {
        "Authorization": f"Bearer {config().gateway_secret.get_secret_value()}",
        "Content-Type": "application/json",
        **trace.headers(),
    }
    body = json.dumps(asked, separators=(",", ":")).encode() if asked is not None else b""
    urls = config().rasa_urls
    first = next(_turn_of) % len(urls)
    try:
        # For all that are asked.
        async with asyncio.timeout(config().rasa_timeout_seconds):
            for url in [*urls[first:], *urls[:first]]:
                with contextlib.suppress(_NobodyListens):
                    return await _exchange(method, f"{url}{path}", body, headers, config().rasa_timeout_seconds)
    except TimeoutError as error:
        raise RasaUnavailable("slow") from error
    raise RasaUnavailable("down")


#: Counts the calls, so that they go round.
_turn_of = itertools.count()


async def take_turn(
    *,
    conversation: str,
    message_id: str,
    text: str,
    choice: str,
    channel: str,
    language: str,
    stored: StoredRequest | None = None,
) -> Turn:
    """One message through Rasa; the same `message_id` may be asked again and is handled once.

    `stored` is the conversation's latest call-back request: only web knows what is committed.

    Raises:
        RasaUnavailable: it is down, slow, erring, or said nothing at all.
        ChoiceRefused: the choice was not offered in this conversation.
    """
    body = {
        "conversation": conversation,
        "message_id": message_id,
        "channel": channel,
        "language": language or None,
        **({"choice": choice} if choice else {"text": text}),
        **({"stored": stored.model_dump()} if stored else {}),
    }
    with RASA_SECONDS.time():
        response = await _request("POST", "/webhooks/gateway/turn", body)
    if response.status == 422 and b"choice_not_offered" in response.content:
        raise ChoiceRefused
    if response.status != 200:
        raise RasaUnavailable(f"status {response.status}")
    try:
        turn = Turn.model_validate_json(response.content)
    except ValidationError as error:
        raise RasaUnavailable("unreadable") from error
    if not turn.replies:
        raise RasaUnavailable("silent")
    return turn


async def forget(conversation: str) -> None:
    """Make Rasa forget a conversation.

    Raises:
        RasaUnavailable: it could not be told.
    """
    response = await _request("DELETE", f"/webhooks/gateway/conversations/{conversation}")
    if response.status != 200:
        raise RasaUnavailable(f"status {response.status}")


async def forget_message(conversation: str, message: str) -> None:
    """Make Rasa forget what one message said.

    Raises:
        RasaUnavailable: it could not be told.
    """
    response = await _request("DELETE", f"/webhooks/gateway/conversations/{conversation}/messages/{message}")
    if response.status != 200:
        raise RasaUnavailable(f"status {response.status}")


async def is_ready() -> bool:
    """Whether any Rasa server answers and has a model."""
    health = [is_well(f"{url}/webhooks/gateway/health") for url in config().rasa_urls]
    return any(await asyncio.gather(*health))


async def is_well(url: str) -> bool:
    """Whether a part answers its health address with 200, in time."""
    try:
        return (await _exchange("GET", url, b"", {}, HEALTH_TIMEOUT_SECONDS)).status == 200
    except (_NobodyListens, RasaUnavailable):
        return False

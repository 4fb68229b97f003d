"""The private Rasa server, as web sees it."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from typing import Any

import httpx
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


#: One client for each event loop: connections to Rasa stay open between turns.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()


def _client() -> httpx.AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = httpx.AsyncClient(
            timeout=config().rasa_timeout_seconds,
            trust_env=False,
        )
    return _clients[loop]


async def _request(method: str, path: str, json: dict[str, Any] | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {config().gateway_secret.get_secret_value()}", **trace.headers()}
    try:
        # httpx limits each step of a request; a lease counts on a limit for all of it.
        async with asyncio.timeout(config().rasa_timeout_seconds):
            return await _of_one_that_is_there(method, path, json=json, headers=headers)
    except (httpx.TimeoutException, TimeoutError) as error:
        raise RasaUnavailable("slow") from error
    except httpx.HTTPError as error:
        raise RasaUnavailable("down") from error


async def _of_one_that_is_there(method: str, path: str, **more: Any) -> httpx.Response:
    """Ask the next Rasa server; where no one listens, the one after it. What one said, any of them can tell again."""
    urls = config().rasa_urls
    first = next(_turn_of) % len(urls)
    for url in [*urls[first:], *urls[:first]][:-1]:
        try:
            return await _client().request(method, f"{url}{path}", **more)
        except httpx.ConnectError:
            continue
    return await _client().request(method, f"{urls[first - 1]}{path}", **more)


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
    if response.status_code == 422 and "choice_not_offered" in response.text:
        raise ChoiceRefused
    if response.status_code != 200:
        raise RasaUnavailable(f"status {response.status_code}")
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
    if response.status_code != 200:
        raise RasaUnavailable(f"status {response.status_code}")


async def forget_message(conversation: str, message: str) -> None:
    """Make Rasa forget what one message said.

    Raises:
        RasaUnavailable: it could not be told.
    """
    response = await _request("DELETE", f"/webhooks/gateway/conversations/{conversation}/messages/{message}")
    if response.status_code != 200:
        raise RasaUnavailable(f"status {response.status_code}")


async def is_ready() -> bool:
    """Whether any Rasa server answers and has a model."""
    health = [is_well(f"{url}/webhooks/gateway/health") for url in config().rasa_urls]
    return any(await asyncio.gather(*health))


async def is_well(url: str) -> bool:
    """Whether a part answers its health address with 200, in time."""
    try:
        return (await _client().get(url, timeout=HEALTH_TIMEOUT_SECONDS)).status_code == 200
    except httpx.HTTPError:
        return False

"""The load: clients that ask one question after the other, in a process of its own.

    python -m evaluation.load.generator TASK.json RESULT.json

The same for the product's website API and for Rasa's REST channel; a client begins a new conversation after so many
messages. Traffic goes to this machine only, and its number is bounded.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import aiohttp

Door = Literal["website", "rest"]
_HERE = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True)
class Task:
    """What to do: `messages` in all, taken from `texts` in turn, by `clients` at the same time."""

    door: Door
    urls: list[str]
    texts: list[str]
    clients: int
    messages: int
    conversation_length: int = 10


@dataclass(frozen=True)
class Outcome:
    """How long all of it took, and each message, in milliseconds; how many were not answered as they should be."""

    seconds: float
    milliseconds: list[float]
    failed: int


class _Conversation(Protocol):
    async def start(self) -> None: ...

    async def say(self, text: str) -> bool: ...


class _Website:
    """A visitor at the website API."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url, self._headers = http, url, {"Authorization": ""}

    async def start(self) -> None:
        async with self._http.post(f"{self._url}/api/chat/sessions", json={}) as response:
            self._headers["Authorization"] = f"Bearer {(await response.json())['token']}"

    async def say(self, text: str) -> bool:
        body = {"client_message_id": uuid.uuid4().hex, "text": text}
        async with self._http.post(f"{self._url}/api/chat/messages", json=body, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json()
            kinds = [reply["kind"] for reply in answer.get("replies", [])]
            return response.status == 200 and bool(kinds) and "notice" not in kinds


class _Rest:
    """A sender at Rasa's REST channel."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url, self._sender = http, f"{url}/webhooks/rest/webhook", ""

    async def start(self) -> None:
        self._sender = uuid.uuid4().hex

    async def say(self, text: str) -> bool:
        async with self._http.post(self._url, json={"sender": self._sender, "message": text}) as response:
            return response.status == 200 and bool(await response.json())


_DOORS: dict[Door, type[_Website] | type[_Rest]] = {"website": _Website, "rest": _Rest}


async def run(task: Task) -> Outcome:
    """Ask, and time each answer.

    Raises:
        ValueError: an address is not of this machine.
    """
    for url in task.urls:
        if urlsplit(url).hostname not in _HERE:
            raise ValueError(f"{url} is not on this machine")
    spent: list[float] = []
    failed = 0
    waiting = iter(range(task.messages))

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:

        async def client(number: int) -> None:
            nonlocal failed
            conversation: _Conversation = _DOORS[task.door](http, task.urls[number % len(task.urls)])
            for count, index in enumerate(waiting):
                if count % task.conversation_length == 0:
                    await conversation.start()
                started = time.perf_counter()
                is_answered = await conversation.say(task.texts[index % len(task.texts)])
                spent.append((time.perf_counter() - started) * 1000)
                failed += not is_answered

        started = time.perf_counter()
        await asyncio.gather(*(client(number) for number in range(task.clients)))
        seconds = time.perf_counter() - started
    return Outcome(seconds, spent, failed)


def main() -> None:
    task, result = Path(sys.argv[1]), Path(sys.argv[2])
    outcome = asyncio.run(run(Task(**json.loads(task.read_text(encoding="utf-8")))))
    result.write_text(json.dumps(asdict(outcome)), encoding="utf-8")


if __name__ == "__main__":
    main()

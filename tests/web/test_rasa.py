"""The real client to Rasa, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import pytest

from evaluation.ports import free_port
from shared.reply import Turn
from tests.web.support import UNDERSTOOD, an_answer, exchange_with
from web import rasa
from web.config import Config, config

ASKED = {"conversation": "c", "message_id": "1", "text": "hello", "choice": "", "channel": "website", "language": ""}


pytestmark = pytest.mark.usefixtures("settings_of_web")


class Server:
    """An HTTP server that answers each request with the same bytes, or drips."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.requests: list[str] = []
        self.connections = 0
        self.at_work: set[asyncio.Task[None] | None] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.at_work.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head.decode())
                length = next(
                    (int(line[15:]) for line in head.splitlines() if line.lower().startswith(b"content-l")), 0
                )
                await reader.readexactly(length)
                if self.answer is None:
                    # Something comes all the time, so that no single step is slow; the whole is.
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                    for _ in range(200):
                        if writer.is_closing():
                            return
                        writer.write(b" ")
                        await writer.drain()
                        await asyncio.sleep(0.01)
                    return
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def http_of(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def served(server: Server, work: Callable[[], object]) -> None:
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    config().rasa_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        result = work()
        assert asyncio.iscoroutine(result)
        try:
            async with rasa.connected():
                await result
        finally:
            await asyncio.gather(*(task for task in server.at_work if task is not None))


async def test_turns_share_one_connection_and_carry_the_secret() -> None:
    """The connection stays open between turns; each request has the secret of the two processes."""
    turn = Turn(replies=[an_answer()], understood=UNDERSTOOD)
    server = Server(http_of(turn.model_dump_json().encode()))

    async def work() -> None:
        for _ in range(2):
            assert await rasa.take_turn(**ASKED) == turn

    await served(server, work)
    assert server.connections == 1
    assert [request.splitlines()[0] for request in server.requests] == ["POST /webhooks/gateway/turn HTTP/1.1"] * 2
    secret = f"Authorization: Bearer {config().gateway_secret.get_secret_value()}"
    assert all(secret in request for request in server.requests)


async def test_without_a_promise_to_close_it_no_connection_stays() -> None:
    """A command asks once, in an event loop of its own, and leaves nothing open."""
    server = Server(http_of(b"{}"))

    async def work() -> None:
        rasa._clients.clear()
        for _ in range(2):
            await rasa.forget("c")

    await served(server, work)
    assert server.connections == 2


async def test_a_server_that_drips_is_slow() -> None:
    """The limit is for the whole call: a lease must outlast it."""
    config().rasa_timeout_seconds = 0.1

    async def work() -> None:
        with pytest.raises(rasa.RasaUnavailable, match="slow"):
            await rasa.take_turn(**ASKED)

    await served(Server(None), work)


async def test_a_closed_port_is_down() -> None:
    """Connection refused, as when Rasa is not running."""
    config().rasa_url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(rasa.RasaUnavailable, match="down"):
        await rasa.take_turn(**ASKED)
    assert await rasa.is_well(f"{config().rasa_url}/webhooks/gateway/health") is False


async def test_an_answer_that_is_no_http_is_down() -> None:
    """Something else listens there."""

    async def work() -> None:
        with pytest.raises(rasa.RasaUnavailable, match="down"):
            await rasa.take_turn(**ASKED)

    await served(Server(b"220 mail.example ESMTP\r\n\r\n"), work)


async def test_several_servers_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch, settings_of_web: Config) -> None:
    """One that is away is passed over; when all are, that is an outage. A slow one is not: it may have begun."""
    settings_of_web.rasa_url = "http://one:5005, http://two:5005"
    asked: list[str] = []
    away: set[str] = set()

    async def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host in away:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"deleted": True})

    monkeypatch.setattr(rasa, "_exchange", exchange_with(serve))
    for _ in range(4):
        await rasa.forget("a")
    assert sorted(asked) == ["one", "one", "two", "two"]
    assert asked[0] != asked[1]
    away.add("one")
    for _ in range(4):
        await rasa.forget("a")
    assert asked.count("two") == 6
    assert await rasa.is_ready()
    away.add("two")
    with pytest.raises(rasa.RasaUnavailable, match="down"):
        await rasa.forget("a")
    assert not await rasa.is_ready()

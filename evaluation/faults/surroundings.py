"""Faults around the product: its clock, Redis, and callers who take up room."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.faults.product import Product, wait_until
from evaluation.faults.visitor import Visitor
from evaluation.ports import free_port

#: Makes a program believe in another time; of Debian's package `faketime`.
_FAKETIME = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
CONNECTIONS = 1000
SLOW_CALLERS = 200
_HOUR = 3600


def faketime() -> Path | None:
    """The library; None where it is not installed."""
    for pattern in _FAKETIME:
        found = sorted(Path("/").glob(pattern.removeprefix("/")))
        if found:
            return found[0]
    return None


@contextmanager
def _idle(product: Product, number: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections to web, each with the beginning of a request, if any."""
    host, port = "127.0.0.1", int(product.environment["WEB_PORT"])
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection((host, port), timeout=10)) for _ in range(number)]
        for each in opened:
            each.sendall(first)
        yield opened


def many_connections(product: Product, visitor: Visitor, name: str) -> str:
    """A thousand connections that say nothing, while a visitor leaves their details."""
    with _idle(product, CONNECTIONS):
        visitor.say(name)
        visitor.say(visitor.phone)
    return f"answered at once, {CONNECTIONS} connections open"


def slow_callers(product: Product, visitor: Visitor, name: str) -> str:
    """Two hundred callers who send a message byte by byte and read nothing, while a visitor leaves their details."""
    first = b"POST /api/chat/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    with _idle(product, SLOW_CALLERS, first) as callers:
        for byte in (b" ", b" "):
            for caller in callers:
                caller.sendall(byte)
            time.sleep(0.2)
        visitor.say(name)
        visitor.say(visitor.phone)
    return f"answered at once, {SLOW_CALLERS} slow callers"


def clock_jumps(product: Product, visitor: Visitor, name: str) -> str:
    """Web's and the worker's clock goes an hour on in the middle of a conversation, and then an hour back."""
    library = faketime()
    if library is None:
        return "not tried: faketime is not installed"
    file = product.folder / "clock"
    file.write_text("+0", encoding="utf-8")
    settings = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with _other(product, "web", "worker", **settings):
        file.write_text(f"+{_HOUR}", encoding="utf-8")
        visitor.say(name)
        file.write_text(f"-{_HOUR}", encoding="utf-8")
        visitor.say(visitor.phone)
        file.write_text("+0", encoding="utf-8")
    return "answered at once"


def redis_restarts(product: Product, visitor: Visitor, name: str) -> str:
    """Redis, which shares the counts of the limits, is killed in the middle of a conversation and comes back."""
    program = shutil.which("redis-server")
    if program is None:
        return "not tried: Redis is not installed"
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(product.folder)]

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: _listens(port), 10, "Redis")
        return process

    redis = start()
    try:
        with _other(product, "web", REDIS_URL=f"redis://127.0.0.1:{port}/0"):
            redis.kill()
            redis.wait()
            visitor.say(name)
            redis = start()
            visitor.say(visitor.phone)
    finally:
        redis.kill()
        redis.wait()
    return "answered at once; nothing is limited meanwhile"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def _other(product: Product, *names: str, **settings: str) -> Iterator[None]:
    """Processes with other settings, and afterwards as they were."""
    for name in names:
        product.stop(name)
    product.start(*names, **settings)
    product.wait_for("database", "rasa", "worker")
    try:
        yield
    finally:
        for name in names:
            product.stop(name)
        product.start(*names)
        product.wait_for("database", "rasa", "worker")

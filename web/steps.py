"""How asynchronous work meets the database: a step at a time in a thread, and begun work is finished."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, ParamSpec, TypeVar

from django.db import Error as DatabaseFailure
from django.db import connection, connections

from shared import trace

Parameters = ParamSpec("Parameters")
Parameter = TypeVar("Parameter")
Result = TypeVar("Result")

#: SQLite writes one transaction at a time; more threads would wait for its lock instead of in a queue, and those wait
#: in the order they came. A locked database keeps one of them for the length of its time-out.
_SQLITE_THREADS = 2
#: As many as the pool has connections.
_OTHER_THREADS = 10


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that stay, and with them SQLite's open file: opening it costs as much as a step."""
    number = _SQLITE_THREADS if connection.vendor == "sqlite" else _OTHER_THREADS
    return ThreadPoolExecutor(number, thread_name_prefix="database")


async def in_database(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a step in a thread. No pooled connection is held between steps: many visitors wait for Rasa."""

    def step() -> Result:
        try:
            return work(*args, **kwargs)
        except DatabaseFailure:
            # It may be the connection that is broken; the next step gets a new one.
            connections.close_all()
            raise
        finally:
            give_back()

    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads(), context.run, step)


async def apart(work: Callable[[], Result]) -> Result:
    """Run something slow in a thread and with a connection of its own: it may wait for other servers."""

    def step() -> Result:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(step)


def give_back() -> None:
    """Return the connection to the pool. SQLite has none: a connection is a file, and opening it costs more."""
    if connection.vendor != "sqlite":
        connections.close_all()


#: Turns under way; the event loop alone would not keep them.
under_way: set[asyncio.Task[Any]] = set()


async def to_the_end(work: Callable[[Parameter], Awaitable[Result]], argument: Parameter) -> Result:
    """Do it even when the visitor hangs up: work dropped in the middle would keep the lease until that runs out."""

    async def begun() -> Result:
        return await work(argument)

    task = asyncio.create_task(begun(), context=trace.alone())
    under_way.add(task)
    task.add_done_callback(under_way.discard)
    return await asyncio.shield(task)

"""How asynchronous work meets the database: a step at a time in a thread, and begun work is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connection, connections

from shared import trace

Parameters = ParamSpec("Parameters")
Parameter = TypeVar("Parameter")
Result = TypeVar("Result")


async def in_database(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a step in a thread. No pooled connection is held between steps: many visitors wait for Rasa."""

    def step() -> Result:
        try:
            return work(*args, **kwargs)
        finally:
            give_back()

    return await sync_to_async(step)()


def give_back() -> None:
    """Return the connection to the pool. SQLite has none: a connection is a file, and opening it costs more."""
    if connection.vendor != "sqlite":
        connections.close_all()


#: Turns under way; the event loop alone would not keep them.
under_way: set[asyncio.Task[Any]] = set()


async def to_the_end(work: Callable[[Parameter], Awaitable[Result]], argument: Parameter) -> Result:
    """Do it even when the visitor hangs up: work dropped in the middle would keep the lease until that runs out."""

    async def in_a_thread_of_its_own() -> Result:
        async with ThreadSensitiveContext():
            try:
                return await work(argument)
            finally:
                await sync_to_async(connections.close_all)()

    await sync_to_async(give_back)()
    task = asyncio.create_task(in_a_thread_of_its_own(), context=trace.alone())
    under_way.add(task)
    task.add_done_callback(under_way.discard)
    return await asyncio.shield(task)

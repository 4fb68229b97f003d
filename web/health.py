"""Whether this process lives, and whether every part it needs is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis import RedisError

from web import rasa, worker
from web.channels import outbox as channels_outbox
from web.config import config
from web.notifications import outbox
from web.steps import in_database


@never_cache
async def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
async def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part that an answer needs is there, else 503; `parts` says which is down.

    Without the worker or Redis, or with notifications that fail, visitors are still answered: 200, and "degraded".
    """
    actions_url = config().action_server_url.removesuffix("/webhook") + "/health"
    rasa_is_well, actions, database, worker_is_well, notifications, channels, counts = await asyncio.gather(
        rasa.is_ready(),
        rasa.is_well(actions_url),
        in_database(_database_is_well),
        in_database(_unless_database_fails, worker.is_alive),
        in_database(_unless_database_fails, lambda: not outbox.are_failing()),
        in_database(_unless_database_fails, lambda: not channels_outbox.are_failing()),
        in_database(_redis_is_well),
    )
    needed = {"database": database, "rasa": rasa_is_well, "actions": actions}
    parts = {name: "ok" if is_well else "down" for name, is_well in needed.items()}
    parts["worker"] = "ok" if worker_is_well else "down"
    parts["notifications"] = "ok" if notifications else "failing"
    if config().has_messenger or config().has_whatsapp:
        parts["channels"] = "ok" if channels else "failing"
    if config().redis_url:
        parts["redis"] = "ok" if counts else "down"
    is_whole = set(parts.values()) == {"ok"}
    body = {"status": "ok" if is_whole else "degraded", "parts": parts}
    return JsonResponse(body, status=200 if all(needed.values()) else 503)


def _unless_database_fails(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except DatabaseError:
        return False


def _redis_is_well() -> bool:
    """Whether what is shared can be counted; without Redis each process counts for itself."""
    try:
        cache.get("health")
    except RedisError:
        return False
    return True


def _database_is_well() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM conversations_conversation LIMIT 1")
    except DatabaseError:
        return False
    return True

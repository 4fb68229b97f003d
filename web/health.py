"""Whether this process lives, and whether every part it needs is there."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from web import rasa
from web.config import config


@never_cache
async def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
async def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503; `parts` says which is down."""
    names = ("database", "rasa", "actions")
    actions_url = config().action_server_url.removesuffix("/webhook") + "/health"
    well = await asyncio.gather(
        sync_to_async(_database_is_well)(),
        rasa.is_well(f"{config().rasa_url}/webhooks/gateway/health"),
        rasa.is_well(actions_url),
    )
    parts = {name: "ok" if is_well else "down" for name, is_well in zip(names, well, strict=True)}
    return JsonResponse({"status": "ok" if all(well) else "degraded", "parts": parts}, status=200 if all(well) else 503)


def _database_is_well() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM conversations_conversation LIMIT 1")
    except DatabaseError:
        return False
    return True

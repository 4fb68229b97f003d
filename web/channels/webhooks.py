"""Where Meta calls: verified, checked, kept with one durable write, and acknowledged. Nothing else is done here."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from web.channels import intake, messenger, whatsapp
from web.config import config
from web.conversations.models import Channel
from web.limits import is_over_limit, visitor_address
from web.steps import in_database

logger = logging.getLogger(__name__)

#: Meta sends up to 3 MB.
MAX_BODY = 4 * 1024 * 1024
_SIGNATURE = "sha256="
#: After so many from one address, each of its wrong signatures is answered without a line in the log.
_UNSIGNED_PER_MINUTE = 60

View = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


def _answer(status: int, text: str = "") -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _verify(request: HttpRequest) -> HttpResponse:
    """Meta asks whether this address is ours; the challenge goes back to whoever knows the verify token."""
    given = request.GET.get("hub.verify_token", "").encode()
    expected = config().meta_verify_token.get_secret_value().encode()
    if request.GET.get("hub.mode") == "subscribe" and hmac.compare_digest(given, expected):
        return _answer(200, request.GET.get("hub.challenge", "")[:200])
    return _answer(403)


def is_signed(body: bytes, signature: str) -> bool:
    """Whether the app's secret signed these very bytes."""
    secret = config().meta_app_secret.get_secret_value().encode()
    expected = _SIGNATURE + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def _is_readable(body: bytes, object_: str) -> bool:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and read.get("object") == object_ and isinstance(read.get("entry"), list)


async def _receive(request: HttpRequest, channel: str, object_: str) -> HttpResponse:
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _answer(413)
    if not is_signed(body, request.headers.get("X-Hub-Signature-256", "")):
        if await in_database(is_over_limit, "unsigned", visitor_address(request), _UNSIGNED_PER_MINUTE, 60):
            return _answer(429)
        logger.error("A webhook of %s was refused: its signature is missing or wrong", channel)
        return _answer(401)
    if not _is_readable(body, object_):
        logger.error("A webhook of %s was refused: it is not what Meta sends", channel)
        return _answer(400)
    if await in_database(is_over_limit, "channel", channel, config().messages_per_minute_per_channel, 60):
        # Meta sends it again, and later.
        return _answer(503)
    try:
        await in_database(intake.store, channel, body)
    except DatabaseError as error:
        # Meta sends it again.
        logger.error("A webhook of %s can't be kept (%s)", channel, type(error).__name__)
        return _answer(503)
    return _answer(200)


def _door(channel: str, object_: str, is_on: Callable[[], bool]) -> View:
    @csrf_exempt
    @never_cache
    async def view(request: HttpRequest) -> HttpResponse:
        if not is_on():
            return _answer(404)
        if request.method == "GET":
            return _verify(request)
        if request.method == "POST":
            return await _receive(request, channel, object_)
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})

    return view


whatsapp_door = _door(Channel.WHATSAPP, whatsapp.OBJECT, lambda: config().has_whatsapp)
messenger_door = _door(Channel.MESSENGER, messenger.OBJECT, lambda: config().has_messenger)

"""The short way to the website API and to the health: what every message passes, and nothing else.

Django's own way reads each request through a dozen layers, several of them in a thread of their own: sessions, logins,
forms, a body on disk. The API has none of these; a token is its session, and what protects it stands here: the size of
a body, the host, the origins, the headers of every answer. Whatever is no call of the API goes Django's way.

The health addresses are asked by address, from inside, by whatever watches the process: any host will do for them.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, ResolverMatch, resolve

from web import pages, rasa
from web.middleware import ContentSecurityPolicy, Observed

_PREFIX, _HEALTH = "/api/chat/", "/health"
_Event = Mapping[str, Any]
_Receive = Callable[[], Awaitable[_Event]]
_Send = Callable[[_Event], Awaitable[None]]
_Application = Callable[[dict[str, Any], _Receive, _Send], Awaitable[None]]
_View = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Door:
    """Answers calls of the API; the rest goes on to Django."""

    def __init__(self, django: _Application) -> None:
        self._django = django
        self._security = SecurityMiddleware(_nobody)
        self._frames = XFrameOptionsMiddleware(_nobody)
        # Each of these is asynchronous when what it wraps is.
        inner = cast(_View, CorsMiddleware(self._call))
        self._answer = cast(_View, Observed(ContentSecurityPolicy(inner)))

    async def __call__(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        match = _call_of(scope)
        if match is None:
            await self._django(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        request = ASGIRequest(scope, io.BytesIO(body))
        request.resolver_match = match
        answering = asyncio.ensure_future(self._answer(request))
        hanging_up = asyncio.ensure_future(_hung_up(receive))
        await asyncio.wait((answering, hanging_up), return_when=asyncio.FIRST_COMPLETED)
        for task in (answering, hanging_up):
            if not task.done():
                task.cancel()
        if not answering.cancelled() and answering.done():
            await _send(answering.result(), send)

    async def _call(self, request: HttpRequest) -> HttpResponse:
        match = request.resolver_match
        response: HttpResponse | None = self._security.process_request(request)
        if response is None and match is not None:
            try:
                if not request.path.startswith(_HEALTH):
                    request.get_host()
            except SuspiciousOperation as error:
                response = pages.bad_request(request, error)
            else:
                response = await match.func(request, *match.args, **match.kwargs)
        if response is None:
            response = pages.not_found(request, Resolver404())
        self._frames.process_response(request, response)
        return self._security.process_response(request, response)


async def _live(receive: _Receive, send: _Send) -> None:
    """From the server's start to its end connections to Rasa stay open."""
    await receive()
    async with rasa.connected():
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _nobody(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("Only what this layer does before and after is used.")


def _call_of(scope: dict[str, Any]) -> ResolverMatch | None:
    if scope["type"] != "http" or not scope["path"].startswith((_PREFIX, _HEALTH)):
        return None
    try:
        return resolve(scope["path"])
    except Resolver404:
        return None


async def _body(receive: _Receive) -> bytes | None:
    """What was sent, up to a byte more than is allowed: the view says so. None when the caller hung up."""
    parts: list[bytes] = []
    left = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    while left > 0:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        parts.append(event.get("body", b"")[:left])
        left -= len(parts[-1])
        if not event.get("more_body", False):
            break
    return b"".join(parts)


async def _hung_up(receive: _Receive) -> None:
    """Wait until the caller hangs up; what is left of a body that was too large is not kept."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(response: HttpResponse, send: _Send) -> None:
    headers = [(name.encode("ascii").lower(), value.encode("latin1")) for name, value in response.items()]
    if not response.has_header("Content-Length"):
        headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": response.content, "more_body": False})

"""What every response carries."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from shared import trace
from web import metrics
from web.config import config

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What no page of ours asks a browser for.
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
logger = logging.getLogger("web.requests")
_Sync = Callable[[HttpRequest], HttpResponse]
_Async = Callable[[HttpRequest], Awaitable[HttpResponse]]


@sync_and_async_middleware
def ContentSecurityPolicy(get_response: _Sync | _Async) -> _Sync | _Async:  # noqa: N802 (used like a class)
    """Only this site's own files run or load; nothing inline, nothing from elsewhere."""
    if iscoroutinefunction(get_response):
        get_response_async = cast(_Async, get_response)

        async def middleware_async(request: HttpRequest) -> HttpResponse:
            return _with_policy(await get_response_async(request))

        return middleware_async

    get_response_sync = cast(_Sync, get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        return _with_policy(get_response_sync(request))

    return middleware


def _with_policy(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    return response


@sync_and_async_middleware
def Observed(get_response: _Sync | _Async) -> _Sync | _Async:  # noqa: N802 (used like a class)
    """Each request has a name, which the log, the other processes and the caller see; it is counted and timed."""
    if iscoroutinefunction(get_response):
        get_response_async = cast(_Async, get_response)

        async def middleware_async(request: HttpRequest) -> HttpResponse:
            started = _begin(request)
            return _end(request, await get_response_async(request), started)

        return middleware_async

    get_response_sync = cast(_Sync, get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        started = _begin(request)
        return _end(request, get_response_sync(request), started)

    return middleware


def _begin(request: HttpRequest) -> float:
    # A name from outside is taken from our own proxy alone: anyone else could make two requests look like one.
    trace.begin(request.headers.get(trace.REQUEST_HEADER, "") if config().trusted_proxies else "")
    return time.perf_counter()


def _end(request: HttpRequest, response: HttpResponse, started: float) -> HttpResponse:
    seconds = time.perf_counter() - started
    # The address may hold signed ids; its pattern does not. Methods are few, unless someone makes them up.
    route = request.resolver_match.route if request.resolver_match else "none"
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(route, method, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    fields = {"route": route, "method": method, "status": response.status_code, "ms": round(seconds * 1000)}
    logger.info("A request was answered", extra={"fields": fields})
    response.headers[trace.REQUEST_HEADER] = trace.request_id.get()
    trace.end()
    return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

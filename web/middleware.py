"""What every response carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
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
    return response

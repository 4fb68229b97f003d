"""When a login is over: after a time in which nobody did anything, and in any case after some hours."""

from __future__ import annotations

import time

from django.contrib.auth import logout
from django.http import HttpRequest

from web.config import config

_BEGAN, _SEEN = "console_began", "console_seen"
#: How exact the time of the last action is; the session is written no more often.
_GRAIN_SECONDS = 60


def begin(request: HttpRequest) -> None:
    """Someone has just logged in."""
    request.session[_BEGAN] = request.session[_SEEN] = int(time.time())


def is_over(request: HttpRequest, *, is_background: bool) -> bool:
    """Whether this login has ended, in which case it is closed; if not, someone is there now.

    Args:
        request: of someone who is logged in.
        is_background: it was sent by a page and not by a person, so that it keeps no login alive.
    """
    now = int(time.time())
    began, seen = request.session.get(_BEGAN), request.session.get(_SEEN)
    if (
        not (isinstance(began, int) and isinstance(seen, int))
        or now - began > config().staff_session_hours * 3600
        or now - seen > config().staff_idle_minutes * 60
    ):
        logout(request)
        return True
    if not is_background and now - seen >= _GRAIN_SECONDS:
        request.session[_SEEN] = now
    return False

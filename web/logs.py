"""Log lines that hold nothing a visitor wrote."""

from __future__ import annotations

import copy
import logging
import traceback
from types import TracebackType

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class NoVisitorText(logging.Formatter):
    """Says what failed and where in the code.

    The message of an exception may quote a row of the database or a request, so only its type is written. Django's
    own lines on a request quote its address, which holds signed ids, and its headers.
    """

    def format(self, record: logging.LogRecord) -> str:
        own = copy.copy(record)
        own.exc_text = None  # another handler may have left its form of the exception here
        if own.name.startswith(("django.request", "django.security")):
            own.msg, own.args = "A request ended with status %s", (getattr(record, "status_code", "unknown"),)
        return super().format(own)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 (logging names it)
        parts: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None and len(parts) < 10:
            parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
            error = error.__cause__ or error.__context__
        return "\ncaused by\n".join(parts)


def is_no_readiness_check(record: logging.LogRecord) -> bool:
    """Whether a line is about anything but `/health/ready`: its 503 is an answer, asked for every second or so."""
    request = getattr(record, "request", None)
    return getattr(request, "path", None) != "/health/ready"

"""Log lines that hold nothing a visitor wrote: one JSON object a line in production, plain text in development.

Every process logs through these. A line has time, level, logger, message, and the request and the conversation it is
about (`shared/trace.py`). Fields beside the message are given as `extra={"fields": {...}}`.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

from shared import trace

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
#: What would end a line or move a terminal's cursor.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class NoVisitorText(logging.Formatter):
    """Says what failed and where in the code, on one line; a traceback follows on lines of its own.

    The message of an exception may quote a row of the database or a request, so only its type is written. Django's
    own lines on a request quote its address, which holds signed ids, and its headers; those of Sanic and the action
    server may quote the request itself.
    """

    def format(self, record: logging.LogRecord) -> str:
        own = self._cleaned(record)
        line = f"{own.levelname} {own.name}: {_one_line(own.getMessage())}"
        if known := {**_fields(record), **_about()}:
            line += f" ({', '.join(f'{name} {_one_line(str(value))}' for name, value in known.items())})"
        if own.exc_info:
            line += f"\n{self.formatException(own.exc_info)}"
        return line

    def _cleaned(self, record: logging.LogRecord) -> logging.LogRecord:
        own = copy.copy(record)
        own.exc_text = None  # another handler may have left its form of the exception here
        if own.name.startswith(("django.request", "django.security")):
            own.msg, own.args = "A request ended with status %s", (getattr(record, "status_code", "unknown"),)
        elif own.name.startswith(("sanic", "rasa_sdk")) and own.levelno >= logging.ERROR:
            own.msg, own.args = "A request failed", ()
        return own

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 (logging names it)
        parts: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None and len(parts) < 10:
            parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
            error = error.__cause__ or error.__context__
        return "\ncaused by\n".join(parts)


class Json(NoVisitorText):
    """The same as one JSON object a line, for a log collector."""

    def format(self, record: logging.LogRecord) -> str:
        own = self._cleaned(record)
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(own.created, UTC).isoformat(timespec="milliseconds"),
            "level": own.levelname,
            "logger": own.name,
            "message": own.getMessage(),
            **_fields(record),
            **_about(),
        }
        if own.exc_info:
            line["exception"] = self.formatException(own.exc_info)
        return json.dumps(line, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = getattr(record, "fields", None)
    return dict(fields) if isinstance(fields, dict) else {}


def _about() -> dict[str, str]:
    known = {"request": trace.request_id.get(), "conversation": trace.conversation_id.get()}
    return {name: value for name, value in known.items() if value}


def formatter_name(*, production: bool) -> str:
    """The class that writes the lines, as `logging.config` names it."""
    return "shared.logs.Json" if production else "shared.logs.NoVisitorText"


def configure(*, production: bool, level: int = logging.INFO) -> None:
    """Have this process log to its standard error in the project's form, and libraries only their warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if production else NoVisitorText())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for own in ("assistant", "actions", "shared"):
        logging.getLogger(own).setLevel(level)

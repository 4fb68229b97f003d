"""What of Django's own lines is worth a line; how lines look is in `shared/logs.py`."""

from __future__ import annotations

import logging


def is_no_readiness_check(record: logging.LogRecord) -> bool:
    """Whether a line is about anything but the health addresses: their 503 is an answer."""
    request = getattr(record, "request", None)
    return not str(getattr(request, "path", "")).startswith("/health")

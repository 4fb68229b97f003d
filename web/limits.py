"""Rate limits, counted in the cache: in memory by default, shared over Redis."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache
from django.http import HttpRequest
from redis import RedisError

from web.config import config
from web.metrics import LIMITED

logger = logging.getLogger(__name__)


def is_over_limit(what: str, who: str, limit: int, seconds: int) -> bool:
    """Count one more `what` by `who`; whether there are more than `limit` in this window of `seconds`.

    No one is over a limit while Redis is away: a visitor in need comes before a count.
    """
    window = int(time.time() // seconds)
    key = f"limit:{what}:{who}:{window}"
    try:
        cache.add(key, 0, seconds * 2)
        is_over = bool(cache.incr(key) > limit)
    except RedisError as error:
        logger.error("Redis is unavailable (%s), so nothing is limited", type(error).__name__)
        return False
    except ValueError:
        # The window's counter was evicted between the two calls: its count starts again.
        return False
    if is_over:
        LIMITED.labels(what).inc()
    return is_over


def visitor_address(request: HttpRequest) -> str:
    """The address a request came from: the one before our own proxies, of which `TRUSTED_PROXIES` says how many."""
    proxies = config().trusted_proxies
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return str(request.META.get("REMOTE_ADDR") or "unknown")

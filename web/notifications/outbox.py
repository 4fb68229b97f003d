"""Notifications are stored with what they are about, in one commit, and sent by the worker until they arrive."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import uuid
from datetime import timedelta

import httpx
from django.core.mail import send_mail
from django.db.models import Q
from django.utils import timezone

from web.config import config
from web.notifications.models import Notification

logger = logging.getLogger(__name__)

#: The same kind about the same thing is told once in this time: more would be noise in an emergency.
QUIET = timedelta(minutes=30)
#: Who has claimed a notification has this long to send it.
_CLAIM = timedelta(seconds=60)
_TIMEOUT_SECONDS = 10
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)

_SUBJECTS = {
    Notification.Kind.NEW_REQUEST: "A visitor asks to be contacted",
    Notification.Kind.OVERDUE: "A visitor still waits to be contacted",
    Notification.Kind.EMERGENCY: "A visitor was given emergency advice",
    Notification.Kind.FAILED_HANDOFF: "A visitor got no answer",
    Notification.Kind.WAITING: "A visitor waits for a person",
    Notification.Kind.CHANNEL: "Messenger or WhatsApp needs its settings put right",
}


def notify(kind: Notification.Kind, path: str) -> None:
    """Store a notification for each way that is set up. Call it in the transaction that stores what it is about.

    Args:
        kind: what happened.
        path: the page for staff, such as `/console/requests/7`.
    """
    since = timezone.now() - QUIET
    if Notification.objects.filter(kind=kind, path=path, created_at__gte=since).exists():
        return
    ways = []
    if config().notify_emails:
        ways.append(Notification.Way.EMAIL)
    if config().notify_webhook_url:
        ways.append(Notification.Way.WEBHOOK)
    Notification.objects.bulk_create([Notification(kind=kind, way=way, path=path) for way in ways])


def send_due() -> int:
    """Send every notification whose time has come; how many were tried."""
    now = timezone.now()
    due = list(Notification.objects.filter(sent_at=None, next_attempt_at__lte=now).values_list("pk", flat=True)[:50])
    return sum(_send(pk) for pk in due)


def _send(pk: uuid.UUID) -> bool:
    now = timezone.now()
    waiting = Notification.objects.filter(pk=pk, sent_at=None, next_attempt_at__lte=now)
    # Whoever moves the time first sends it; should that process end before it did, it is due again then.
    if not waiting.update(next_attempt_at=now + _CLAIM):
        return False
    notification = Notification.objects.get(pk=pk)
    try:
        _deliver(notification)
    except Exception as error:  # noqa: BLE001 (any failure of another's server is stored, shown and tried again)
        _failed(notification, error)
    else:
        Notification.objects.filter(pk=pk).update(sent_at=timezone.now(), next_attempt_at=None, last_error="")
    return True


def _failed(notification: Notification, error: Exception) -> None:
    attempts = notification.attempts + 1
    wait = min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
    is_over = timezone.now() + wait > notification.created_at + GIVE_UP_AFTER
    Notification.objects.filter(pk=notification.pk).update(
        attempts=attempts,
        next_attempt_at=None if is_over else timezone.now() + wait,
        last_error=_word_for(error)[:80],
    )
    logger.error("Notification %s by %s failed (%s)", notification.pk, notification.way, _word_for(error))


def _word_for(error: Exception) -> str:
    """What went wrong, without the addresses that messages of mail servers hold."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__


def link_of(notification: Notification) -> str:
    """The address for staff."""
    return f"{config().public_url}{notification.path}"


def _deliver(notification: Notification) -> None:
    if notification.way == Notification.Way.EMAIL:
        _mail(notification)
    else:
        _post(notification)


def _mail(notification: Notification) -> None:
    kind = Notification.Kind(notification.kind)
    body = (
        f"{_SUBJECTS[kind]}, {notification.created_at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"To see it, log in: {link_of(notification)}\n\n"
        "This message holds nothing of what the visitor wrote or left."
    )
    send_mail(_SUBJECTS[kind], body, config().email_from, config().notify_emails)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256, in hexadecimal, over timestamp, a dot and the raw body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def _post(notification: Notification) -> None:
    body = json.dumps(
        {
            "id": str(notification.pk),
            "kind": notification.kind,
            "at": notification.created_at.isoformat(),
            "link": link_of(notification),
        }
    ).encode()
    timestamp = str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Signature": signature(config().notify_webhook_secret.get_secret_value(), timestamp, body),
    }
    response = httpx.post(
        config().notify_webhook_url, content=body, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False
    )
    response.raise_for_status()


def are_failing() -> bool:
    """Whether a notification of the last day did not get through at its last attempt."""
    since = timezone.now() - GIVE_UP_AFTER
    return Notification.objects.filter(Q(attempts__gt=0), sent_at=None, created_at__gte=since).exists()

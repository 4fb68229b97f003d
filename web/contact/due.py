"""When a request should have been seen to, and telling the clinic once when it was not."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shared.clinic import clinic
from web.config import config
from web.contact.models import ContactRequest
from web.notifications.models import Notification
from web.notifications.outbox import notify

_AT_ONCE = 100


def due_after(moment: datetime) -> datetime:
    """When a request that is left at this moment, or tried in vain, is due; in opening hours if they are known."""
    counted = clinic().after_open_time(moment, timedelta(hours=config().request_open_hours))
    return counted or moment + timedelta(hours=config().request_hours)


def open_requests() -> QuerySet[ContactRequest]:
    """All that still have to be seen to; what a robot may have sent is apart."""
    states = [ContactRequest.State.NEW, ContactRequest.State.IN_PROGRESS]
    return ContactRequest.objects.filter(state__in=states, is_suspect=False)


def overdue() -> QuerySet[ContactRequest]:
    """Those that should have been seen to by now."""
    return open_requests().filter(due_at__lte=timezone.now())


def tell_of_overdue() -> int:
    """Tell the clinic of each request that has become overdue, once; how many there were."""
    told = 0
    for request in overdue().filter(overdue_told_at=None).order_by("due_at")[:_AT_ONCE]:
        with transaction.atomic():
            untold = ContactRequest.objects.filter(pk=request.pk, overdue_told_at=None)
            if untold.update(overdue_told_at=timezone.now()):
                notify(Notification.Kind.OVERDUE, request.staff_path)
                told += 1
    return told

"""What did not get through: parts of replies, notifications, webhooks, whole channels; and sending again."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from web.channels.models import Delivery, Hold, Webhook
from web.console.access import Permission, StaffRequest, needs
from web.conversations.models import WorkerBeat
from web.notifications.models import Notification
from web.privacy.record import Event, record
from web.review import ranking
from web.worker import SILENT_AFTER

_MOST = 50


@needs(Permission.OPERATIONS)
@require_safe
def operations(request: StaffRequest) -> HttpResponse:
    """All of it, the latest first; no word of a visitor's."""
    beat = WorkerBeat.objects.first()
    failed = Delivery.objects.filter(state=Delivery.State.FAILED).select_related("conversation")
    shown = {
        "beat": beat,
        "is_silent": beat is None or beat.at < timezone.now() - SILENT_AFTER,
        "holds": Hold.objects.filter(until__gt=timezone.now()),
        "deliveries": failed.order_by("-pk")[:_MOST],
        "notifications": Notification.objects.filter(sent_at=None, attempts__gt=0)[:_MOST],
        "webhooks": Webhook.objects.exclude(problem="").order_by("-pk")[:_MOST],
    }
    return render(request, "console/operations.html", shown)


@needs(Permission.OPERATIONS)
@require_POST
def send_again(request: StaffRequest) -> HttpResponse:
    """Send the chosen parts and notifications again: they are due now, and have their full time from now."""
    now = timezone.now()
    deliveries = Delivery.objects.filter(pk__in=_numbers(request, "delivery"), state=Delivery.State.FAILED)
    chosen = [pk for pk in request.POST.getlist("notification")[:_MOST] if len(pk) == 36 and pk.count("-") == 4]
    with transaction.atomic():
        conversations = set(deliveries.values_list("conversation_id", flat=True))
        due = {"next_attempt_at": now, "created_at": now, "attempts": 0, "problem": ""}
        again = deliveries.update(state=Delivery.State.WAITING, **due)
        for conversation in conversations:
            ranking.refresh(conversation)
        told = Notification.objects.filter(pk__in=_uuids(chosen), sent_at=None).update(next_attempt_at=now)
        if again or told:
            record(request.user, Event.SETTING, "deliveries", did=f"{again} parts, {told} notifications again")
    if again or told:
        messages.success(request, f"The worker sends {again + told} again in a moment, where the channel allows it.")
    else:
        messages.error(request, "Choose what to send again.")
    return redirect("console:operations")


def needs_someone() -> int:
    """How many things wait for someone to put settings right."""
    return Hold.objects.filter(is_configuration=True).count() + Webhook.objects.exclude(problem="").count()


def _numbers(request: StaffRequest, name: str) -> list[int]:
    return [int(pk) for pk in request.POST.getlist(name)[:_MOST] if pk.isdecimal() and len(pk) < 19]


def _uuids(texts: list[str]) -> list[str]:
    return [text for text in texts if all(character in "0123456789abcdef-" for character in text)]

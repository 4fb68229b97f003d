"""What web and its worker count."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import DatabaseError, connections
from django.db.models import Q
from django.utils import timezone
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.metrics import TURN_BUCKETS
from shared.reply import Turn
from web.channels.models import Delivery, Hold, Webhook
from web.conversations.models import Message, StaffTask, WorkerBeat
from web.notifications.models import Notification

REQUESTS = Counter("smp_requests", "Requests answered.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram("smp_request_seconds", "How long they took.", ["route"], buckets=TURN_BUCKETS)
TURNS = Counter("smp_turns", "Messages handled; kind is that of the turn, or 'left' to a person.", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "smp_turn_seconds", "From a message's commit to that of its replies.", ["channel"], buckets=TURN_BUCKETS
)
ABSTENTIONS = Counter("smp_abstentions", "Messages that were not understood surely enough to answer.", ["channel"])
EMERGENCIES = Counter("smp_emergencies", "Messages answered with emergency advice.", ["channel", "care"])
RASA_FAILURES = Counter("smp_rasa_failures", "Messages that Rasa gave no usable answer to.", ["reason"])
RASA_SECONDS = Histogram("smp_rasa_seconds", "How long Rasa took for a message.", buckets=TURN_BUCKETS)
LIMITED = Counter("smp_limited", "Requests refused for being too many.", ["what"])

logger = logging.getLogger("web.requests")

#: What Rasa calls a message that no intent is sure of.
_ABSTAINED = "nlu_fallback"


def count_turn(message: Message, turn: Turn, *, is_left: bool) -> None:
    """Count a message that was handled just now."""
    channel = str(message.channel)
    TURNS.labels(channel, "left" if is_left else turn.kind or "none").inc()
    seconds = max(0.0, (timezone.now() - message.received_at).total_seconds())
    TURN_SECONDS.labels(channel).observe(seconds)
    fields = {"message": message.pk, "channel": channel, "kind": turn.kind or "none", "ms": round(seconds * 1000)}
    logger.info("A message was handled", extra={"fields": fields})
    if turn.understood.intent == _ABSTAINED:
        ABSTENTIONS.labels(channel).inc()
    for care in {reply.care for reply in turn.replies if reply.kind == "emergency" and reply.care}:
        EMERGENCIES.labels(channel, care).inc()


def _oldest_waiting() -> float:
    first = Message.objects.filter(state=Message.State.RECEIVED).order_by("pk").first()
    return max(0.0, (timezone.now() - first.received_at).total_seconds()) if first else 0.0


def _beat_age() -> float:
    beat = WorkerBeat.objects.first()
    return max(0.0, (timezone.now() - beat.at).total_seconds()) if beat else float("inf")


def _late_deliveries() -> float:
    before = timezone.now() - timedelta(minutes=5)
    return Delivery.objects.filter(state=Delivery.State.WAITING, created_at__lt=before).count()


def _failed_deliveries() -> float:
    since = timezone.now() - timedelta(hours=1)
    return Delivery.objects.filter(state=Delivery.State.FAILED, created_at__gte=since).count()


_FAILED = Q(state=Message.State.FAILED, next_attempt_at__isnull=False)
#: Name, what it says, and how it is read.
GAUGES: tuple[tuple[str, str, Callable[[], float]], ...] = (
    (
        "smp_inbox_waiting",
        "Messages nobody has handled yet.",
        lambda: Message.objects.filter(state=Message.State.RECEIVED).count(),
    ),
    (
        "smp_inbox_failed",
        "Messages that failed and are tried again.",
        lambda: Message.objects.filter(_FAILED).count(),
    ),
    ("smp_inbox_oldest_seconds", "How long the longest waiting message has waited.", _oldest_waiting),
    (
        "smp_staff_tasks_open",
        "Messages a person has to answer.",
        lambda: StaffTask.objects.exclude(state="done").count(),
    ),
    ("smp_webhooks_waiting", "Webhooks not read yet.", lambda: Webhook.objects.filter(problem="").count()),
    ("smp_webhooks_unreadable", "Webhooks that can't be read.", lambda: Webhook.objects.exclude(problem="").count()),
    ("smp_deliveries_late", "Parts of replies that wait for more than five minutes to be sent.", _late_deliveries),
    ("smp_deliveries_failed", "Parts of the last hour's replies that could not be sent.", _failed_deliveries),
    (
        "smp_channels_held",
        "Channels on which nothing is sent for now.",
        lambda: Hold.objects.filter(until__gt=timezone.now()).count(),
    ),
    (
        "smp_notifications_failing",
        "Notifications of the clinic that failed and are tried again.",
        lambda: Notification.objects.filter(sent_at=None, attempts__gt=0, next_attempt_at__isnull=False).count(),
    ),
    ("smp_worker_beat_age_seconds", "Since any worker last gave a sign of life.", _beat_age),
)


class FromDatabase(Collector):
    """What all processes share, read when it is asked for. A database that is away is a number too."""

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        is_there = True
        try:
            for name, what, read in GAUGES:
                yield GaugeMetricFamily(name, what, value=read())
        except DatabaseError:
            is_there = False
        finally:
            connections.close_all()
        yield GaugeMetricFamily("smp_database_up", "Whether the database answers.", value=float(is_there))


def register_database() -> None:
    """Have this process tell what the database says, beside what it counts."""
    REGISTRY.register(FromDatabase())

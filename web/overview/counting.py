"""Counting, by the worker: today and yesterday again and again, older days once; pages read only the counts."""

from __future__ import annotations

import bisect
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from shared.clinic import clinic
from web.channels.models import Delivery
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Feedback, Handoff, Message
from web.overview.models import CountedDay, Measure, Tally
from web.review.models import Risk
from web.review.ranking import risk_of

#: Upper ends of the ranges of time to a reply, in seconds; the last one has none.
SECONDS = (0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 600)
#: An answer, or what a visitor says of it, may come so long after the day is over.
_SETTLES_AFTER = timedelta(hours=26)
_STREAMED = 2000
_Counts = Counter[tuple[str, str, str]]


def zone() -> ZoneInfo:
    """Days are the clinic's."""
    return ZoneInfo(clinic().time_zone or "UTC")


def today() -> date:
    """The day it is at the clinic."""
    return timezone.now().astimezone(zone()).date()


def count_due(most: int = 20) -> int:
    """Count today, yesterday until it is settled, and some older days that were not counted yet; how many days."""
    now_day = today()
    first = _first_day()
    if first is None:
        return 0
    settled = set(CountedDay.objects.filter(is_final=True, day__gte=first).values_list("day", flat=True))
    days = [now_day - timedelta(days=ago) for ago in range((now_day - first).days + 1)]
    due = [day for day in days if day not in settled][:most]
    for day in due:
        count_day(day)
    return len(due)


def _first_day() -> date | None:
    begun = Conversation.objects.aggregate(first=Min("started_at"))["first"]
    left = ContactRequest.objects.aggregate(first=Min("created_at"))["first"]
    moments = [moment for moment in (begun, left) if moment is not None]
    return min(moments).astimezone(zone()).date() if moments else None


def count_day(day: date) -> None:
    """Count one day anew."""
    start = datetime.combine(day, time(), zone())
    end = datetime.combine(day + timedelta(days=1), time(), zone())
    now = timezone.now()
    counts = _counts(start, end)
    rows = [
        Tally(day=day, measure=measure, channel=channel, key=key[:80], count=count)
        for (measure, channel, key), count in counts.items()
    ]
    with transaction.atomic():
        # Whoever counts the same day waits here.
        CountedDay.objects.update_or_create(
            day=day, defaults={"counted_at": now, "is_final": now - end > _SETTLES_AFTER}
        )
        Tally.objects.filter(day=day, measure__in=Measure.values).delete()
        Tally.objects.bulk_create(rows, batch_size=500)


def _counts(start: datetime, end: datetime) -> _Counts:
    counts: _Counts = Counter()
    begun = Conversation.objects.filter(started_at__gte=start, started_at__lt=end, last_message_at__isnull=False)
    for channel in begun.order_by().values_list("channel", flat=True):
        counts[Measure.VISITORS, channel, ""] += 1
    messages = Message.objects.filter(received_at__gte=start, received_at__lt=end).order_by()
    for message in messages.iterator(chunk_size=_STREAMED):
        _count_message(counts, message)
    handoffs = Handoff.objects.filter(message__received_at__gte=start, message__received_at__lt=end).order_by()
    for channel, reason in handoffs.values_list("conversation__channel", "reason"):
        counts[Measure.HANDOFF, channel, reason] += 1
    given = Feedback.objects.filter(given_at__gte=start, given_at__lt=end)
    for channel, helpful, topic in given.values_list("reply__message__channel", "helpful", "reply__topic"):
        counts[Measure.HELPFUL if helpful else Measure.UNHELPFUL, channel, topic] += 1
    left = ContactRequest.objects.filter(created_at__gte=start, created_at__lt=end, is_suspect=False).order_by()
    for source in left.values_list("source", flat=True):
        counts[Measure.REQUESTS, source, source] += 1
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, created_at__gte=start, created_at__lt=end)
    for channel in failed.order_by().values_list("conversation__channel", flat=True):
        counts[Measure.UNDELIVERED, channel, ""] += 1
    return counts


def _count_message(counts: _Counts, message: Message) -> None:
    channel = message.channel
    counts[Measure.MESSAGES, channel, ""] += 1
    counts[Measure.HOUR, channel, f"{message.received_at.astimezone(zone()).hour:02}"] += 1
    counts[Measure.KIND, channel, _kind(message)] += 1
    risk = risk_of(message)
    if risk & Risk.ABSTAINED:
        counts[Measure.UNANSWERED, channel, _topic_of((message.understood or {}).get("ranking") or [])] += 1
    for topic in message.topics:
        counts[Measure.TOPIC, channel, topic] += 1
        if risk & (Risk.UNSURE | Risk.NEAR_MISS):
            counts[Measure.UNSURE, channel, topic] += 1
    if message.state == Message.State.HANDLED and message.handled_at is not None:
        took = (message.handled_at - message.received_at).total_seconds()
        counts[Measure.SECONDS, channel, bucket_of(took)] += 1


def _kind(message: Message) -> str:
    if message.state == Message.State.LEFT:
        return "person"
    return message.kind or "waiting"


def _topic_of(ranking: list[dict[str, Any]]) -> str:
    """The topic that was likeliest, `safety/mri` as `mri`; empty where something else was."""
    label = str(ranking[0].get("label", "")) if ranking else ""
    group, _, topic = label.partition("/")
    return {"safety": topic, "emergency": f"emergency_{topic}"}.get(group, "")


def bucket_of(seconds: float) -> str:
    """The range that a time belongs to: its upper end, or "more"."""
    place = bisect.bisect_left(SECONDS, seconds)
    return f"{SECONDS[place]:g}" if place < len(SECONDS) else "more"

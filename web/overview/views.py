"""The overview: a period and a channel, and their figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from shared.content import topics
from web.console.access import Permission, StaffRequest, needs
from web.contact.models import REASONS, ContactRequest
from web.conversations.models import Channel
from web.overview import charts
from web.overview.charts import Series, number_text
from web.overview.counting import SECONDS, today
from web.overview.figures import OUTCOMES, Period, Sums, compared, outcomes_over_time, ranked, sums
from web.overview.models import CountedDay, Measure

SPANS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months"}
LONGEST_DAYS = 5 * 366
_NOTHING = "none"
#: Figures older than this are said to be old.
STALE = timedelta(minutes=10)


@dataclass(frozen=True)
class Card:
    """One number, and the one of the period before."""

    title: str
    value: str
    before: str
    is_alarm: bool = False


@dataclass(frozen=True)
class Panel:
    """A chart and its table."""

    name: str
    title: str
    chart: SafeString
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Sequence[str] = ()
    note: str = ""


@needs(Permission.OVERVIEW)
@require_safe
def overview(request: StaffRequest) -> HttpResponse:
    """What happened in a period, beside the one before."""
    period, span, problem = _period(request)
    channel = request.GET.get("channel", "")
    channel = channel if channel in Channel.values else ""
    found, before = sums(period, channel), compared(period.before, channel)
    latest = CountedDay.objects.order_by("-counted_at").first()
    context = {
        "period": period,
        "span": span,
        "spans": SPANS,
        "problem": problem,
        "channel": channel,
        "channels": Channel.choices,
        "cards": _cards(found, before),
        "panels": _panels(found, period, channel),
        "counted_at": latest.counted_at if latest else None,
        "is_stale": latest is None or timezone.now() - latest.counted_at > STALE,
        "is_empty": not found.total(Measure.MESSAGES),
    }
    return render(request, "overview/overview.html", context, status=400 if problem else 200)


def _period(request: StaffRequest) -> tuple[Period, str, str]:
    """The days asked for, the span they are or "", and what is wrong with the question."""
    last = today()
    span = request.GET.get("days", "")
    if request.GET.get("from") or request.GET.get("to"):
        try:
            first = date.fromisoformat(request.GET.get("from", ""))
            until = date.fromisoformat(request.GET.get("to", "")) if request.GET.get("to") else last
        except ValueError:
            return Period(last - timedelta(days=29), last), "30", "A day is written as 2026-11-25."
        if first > until or (until - first).days > LONGEST_DAYS:
            problem = "The first day has to come before the last one, at most five years before."
            return Period(last - timedelta(days=29), last), "30", problem
        return Period(first, until), "", ""
    span = span if span in SPANS else "30"
    return Period(last - timedelta(days=int(span) - 1), last), span, ""


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else _NOTHING


def _seconds(value: float | None) -> str:
    if value is None:
        return _NOTHING
    return f"{value:.1f} s" if value < 60 else f"{value / 60:.0f} min"


def _cards(found: Sums, before: Sums) -> list[Card]:
    def counted(title: str, measure: Measure) -> Card:
        return Card(title, number_text(found.total(measure)), number_text(before.total(measure)))

    def outcome(title: str, name: str, *, is_alarm: bool = False) -> Card:
        parts = [
            f"{number_text(one.outcome(name))} ({_share(one.outcome(name), one.total(Measure.KIND))})"
            for one in (found, before)
        ]
        return Card(title, parts[0], parts[1], is_alarm=is_alarm and found.outcome(name) > 0)

    def rate(one: Sums) -> str:
        return f"{one.helpful_rate:.0%}" if one.helpful_rate is not None else _NOTHING

    return [
        counted("Visitors", Measure.VISITORS),
        counted("Messages", Measure.MESSAGES),
        outcome("Answered", "Answered"),
        outcome("Handed over", "Handed over"),
        outcome("Not understood, asked back", "Asked back"),
        outcome("Emergency advice", "Emergency advice", is_alarm=True),
        Card("Found helpful", rate(found), rate(before)),
        Card("Half are answered within", _seconds(found.seconds(0.5)), _seconds(before.seconds(0.5))),
        Card("95 of 100 within", _seconds(found.seconds(0.95)), _seconds(before.seconds(0.95))),
        counted("Requests to be contacted", Measure.REQUESTS),
        counted("Not delivered", Measure.UNDELIVERED),
    ]


def _panels(found: Sums, period: Period, channel: str) -> list[Panel]:
    steps = period.steps()
    form = "M Y" if period.step == "month" else "j M"
    labels = [date_format(step, form) for step in steps]
    head = {"day": "Day", "week": "Week from", "month": "Month"}[period.step]
    panels = [_messages(found, period, labels, head), _visitors(found, steps, labels, head)]
    if found.helpful_rate is not None:
        panels.append(_helpful(found, steps, labels, head))
    panels.append(_ranked("topics", "What visitors ask about", "Topic", found, Measure.TOPIC, _topic_title))
    panels.append(
        _ranked(
            "unanswered",
            "What was not understood",
            "Likeliest topic",
            found,
            Measure.UNANSWERED,
            _topic_title,
            "The topic that came nearest. Mark such messages in their conversations, and the assistant learns them.",
        )
    )
    panels.append(_ranked("reasons", "Why visitors were handed over", "Reason", found, Measure.HANDOFF, _reason_title))
    panels.append(_times(found))
    if not channel:
        panels.append(_channels(found))
    panels.append(_hours(found))
    panels.append(_ranked("requests", "Requests to be contacted", "Left in", found, Measure.REQUESTS, _source_title))
    return [panel for panel in panels if panel.rows]


def _messages(found: Sums, period: Period, labels: list[str], head: str) -> Panel:
    table = outcomes_over_time(found, period)
    series = [Series(name, [counts[name] for _, counts in table]) for name in OUTCOMES]
    chart = charts.bars("Messages over time, by what the visitor got", labels, series)
    rows = [
        [label, *(number_text(counts[name]) for name in OUTCOMES), number_text(counts.total())]
        for label, (_, counts) in zip(labels, table, strict=True)
    ]
    heads = [head, *OUTCOMES, "All"]
    return Panel("messages", "Messages, by what visitors got", chart, heads, rows, list(OUTCOMES))


def _visitors(found: Sums, steps: list[date], labels: list[str], head: str) -> Panel:
    values = [found.over_time[Measure.VISITORS][step].total() for step in steps]
    chart = charts.bars("Conversations begun, over time", labels, [Series("Visitors", values)])
    rows = [[label, number_text(value)] for label, value in zip(labels, values, strict=True)]
    return Panel("visitors", "Visitors", chart, [head, "Visitors"], rows)


def _helpful(found: Sums, steps: list[date], labels: list[str], head: str) -> Panel:
    judged = [[found.over_time[one][step].total() for step in steps] for one in (Measure.HELPFUL, Measure.UNHELPFUL)]
    names = ["Helpful", "Not helpful"]
    series = [Series(name, values) for name, values in zip(names, judged, strict=True)]
    chart = charts.bars("Replies that visitors judged, over time", labels, series)
    rows = [
        [label, number_text(good), number_text(bad), _share(good, good + bad)]
        for label, good, bad in zip(labels, *judged, strict=True)
    ]
    return Panel("helpful", "Found helpful", chart, [head, *names, "Share"], rows, names)


def _ranked(
    name: str, title: str, head: str, found: Sums, measure: Measure, titled: Callable[[str], str], note: str = ""
) -> Panel:
    pairs = ranked(found.totals[measure], titled)
    total = found.total(measure)
    rows = [[label, number_text(count), _share(count, total)] for label, count in pairs]
    chart = charts.rows(title, [(label, float(count)) for label, count in pairs])
    return Panel(name, title, chart, [head, "Times", "Share"], rows, note=note)


def _times(found: Sums) -> Panel:
    buckets = found.totals[Measure.SECONDS]
    keys = [*(f"{high:g}" for high in SECONDS), "more"]
    names = [f"≤ {key} s" for key in keys[:-1]] + ["longer"]
    values = [buckets[key] for key in keys]
    total = sum(values)
    chart = charts.bars("Messages by the time to the reply", names, [Series("Messages", values)])
    rows = [[name, number_text(value), _share(value, total)] for name, value in zip(names, values, strict=True)]
    return Panel("times", "Time to the reply", chart, ["Within", "Messages", "Share"], rows if total else [])


def _channels(found: Sums) -> Panel:
    names = dict(Channel.choices)
    pairs = [(names.get(channel, channel), count) for channel, count in found.channels.most_common()]
    total = sum(count for _, count in pairs)
    rows = [[name, number_text(count), _share(count, total)] for name, count in pairs]
    chart = charts.rows("Visitors by channel", [(name, float(count)) for name, count in pairs])
    return Panel("channels", "Channels", chart, ["Channel", "Visitors", "Share"], rows)


def _hours(found: Sums) -> Panel:
    values = [found.totals[Measure.HOUR][f"{hour:02}"] for hour in range(24)]
    labels = [f"{hour:02}" for hour in range(24)]
    chart = charts.bars("Messages by hour of the day", labels, [Series("Messages", values)])
    rows = [[f"{label}:00", number_text(value)] for label, value in zip(labels, values, strict=True)]
    return Panel("hours", "When they write", chart, ["From", "Messages"], rows if any(values) else [])


def _topic_title(topic: str) -> str:
    known = topics().get(topic)
    return known.about.short_title if known else topic


def _reason_title(reason: str) -> str:
    return REASONS.get(reason, reason)


def _source_title(source: str) -> str:
    return dict(ContactRequest.Source.choices).get(source, source)

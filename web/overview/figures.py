"""The figures of a period, from the counts: sums, shares and times, for any span of days and any channel."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from web.overview.counting import SECONDS
from web.overview.models import Measure, Tally

#: What a visitor got, by the kind of the turn. Whatever else there is counts as "other".
OUTCOMES: dict[str, tuple[str, ...]] = {
    "Answered": ("answer",),
    "Handed over": ("handoff", "form"),
    "Asked back": ("clarify",),
    "Emergency advice": ("emergency",),
    "Other": ("smalltalk", "out_of_scope", "refuse", "person", "notice", "waiting"),
}
_OUTCOME_OF = {kind: outcome for outcome, kinds in OUTCOMES.items() for kind in kinds}
_MOST_BARS = 31


@dataclass(frozen=True)
class Period:
    """Some whole days, the first and the last among them."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def step(self) -> str:
        """What one bar of a chart is: a day, a week or a month."""
        return "day" if self.days <= _MOST_BARS else "week" if self.days <= 7 * _MOST_BARS else "month"

    def steps(self) -> list[date]:
        """The first day of each bar."""
        starts = dict.fromkeys(self.step_of(self.first + timedelta(days=ago)) for ago in range(self.days))
        return list(starts)

    def step_of(self, day: date) -> date:
        """The first day of the bar that a day is in."""
        match self.step:
            case "week":
                return day - timedelta(days=day.weekday())
            case "month":
                return day.replace(day=1)
            case _:
                return day


@dataclass(frozen=True)
class Sums:
    """The counts of a period by measure and key, and those over time that are shown so."""

    totals: dict[str, Counter[str]]
    channels: Counter[str]
    over_time: dict[str, dict[date, Counter[str]]]

    def total(self, measure: Measure) -> int:
        return sum(self.totals[measure].values())

    def outcome(self, name: str) -> int:
        """How many messages got it."""
        return sum(self.totals[Measure.KIND][kind] for kind in OUTCOMES[name])

    @property
    def helpful_rate(self) -> float | None:
        """Share of the replies that a visitor judged and found helpful, 0 to 1; None when no one judged."""
        good, bad = self.total(Measure.HELPFUL), self.total(Measure.UNHELPFUL)
        return good / (good + bad) if good + bad else None

    def seconds(self, share: float) -> float | None:
        """The time within which this share of messages was answered, read off the ranges; None without messages."""
        return quantile(self.totals[Measure.SECONDS], share)


def quantile(buckets: Counter[str], share: float) -> float | None:
    """The value below which this share lies, as if each range were filled evenly; the last range has no upper end."""
    total = sum(buckets.values())
    if not total:
        return None
    wanted, seen, low = share * total, 0.0, 0.0
    for high in SECONDS:
        here = buckets[f"{high:g}"]
        if here and seen + here >= wanted:
            return low + (high - low) * (wanted - seen) / here
        seen, low = seen + here, high
    return low


_OVER_TIME = (Measure.VISITORS, Measure.KIND, Measure.HELPFUL, Measure.UNHELPFUL)


_STEPS = {"day": F("day"), "week": TruncWeek("day"), "month": TruncMonth("day")}
_COMPARED = (
    Measure.VISITORS, Measure.MESSAGES, Measure.KIND, Measure.HELPFUL, Measure.UNHELPFUL, Measure.SECONDS,
    Measure.REQUESTS, Measure.UNDELIVERED,
)  # fmt: skip


def sums(period: Period, channel: str = "") -> Sums:
    """The counts of a period, of one channel or of all. Two queries, whatever the number of messages."""
    counted = _counted(period, channel, Measure.values)
    channels: Counter[str] = Counter()
    over_time: dict[str, dict[date, Counter[str]]] = {measure: defaultdict(Counter) for measure in _OVER_TIME}
    stepped = counted.filter(measure__in=_OVER_TIME).annotate(step=_STEPS[period.step])
    for measure, step, of_channel, key, count in stepped.values_list("measure", "step", "channel", "key").annotate(
        Sum("count")
    ):
        over_time[measure][step][key] += count
        if measure == Measure.VISITORS:
            channels[of_channel] += count
    return Sums(_totals(counted), channels, over_time)


def compared(period: Period, channel: str = "") -> Sums:
    """What of a period is set beside a later one: sums of a few measures, nothing over time. One query."""
    return Sums(_totals(_counted(period, channel, _COMPARED)), Counter(), {})


def _counted(period: Period, channel: str, measures: Iterable[str]) -> QuerySet[Tally]:
    counted = Tally.objects.filter(measure__in=list(measures), day__gte=period.first, day__lte=period.last)
    return counted.filter(channel=channel) if channel else counted


def _totals(counted: QuerySet[Tally]) -> dict[str, Counter[str]]:
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for measure, key, count in counted.values_list("measure", "key").annotate(Sum("count")):
        totals[measure][key] += count
    return totals


def outcomes_over_time(found: Sums, period: Period) -> list[tuple[date, Counter[str]]]:
    """For each bar how many messages got what."""
    rows = []
    for start in period.steps():
        counts: Counter[str] = Counter()
        for kind, count in found.over_time[Measure.KIND][start].items():
            counts[_OUTCOME_OF.get(kind, "Other")] += count
        rows.append((start, counts))
    return rows


def topic_counts(since: date, measures: Iterable[Measure]) -> dict[str, Counter[str]]:
    """Counts by measure and topic since a day, over all channels; for the content pages."""
    counted = Tally.objects.filter(measure__in=list(measures), day__gte=since)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for measure, key, count in counted.values_list("measure", "key").annotate(Sum("count")):
        found[measure][key] += count
    return found


def ranked(counts: Counter[str], title: Callable[[str], str], most: int = 12) -> list[tuple[str, int]]:
    """The most frequent keys, by their titles; those without a key are left out."""
    named = [(title(key), count) for key, count in counts.items() if key and count]
    return sorted(named, key=lambda pair: (-pair[1], pair[0]))[:most]

"""Sums, shares and times of a period."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from web.overview.charts import Series, bars, nice_top, number_text, rows
from web.overview.figures import Period, outcomes_over_time, quantile, ranked, sums
from web.overview.models import Measure, Tally

DAY = date(2026, 11, 10)


def _tally(measure: Measure, key: str, count: int, day: date = DAY, channel: str = "website") -> None:
    Tally.objects.create(day=day, measure=measure, channel=channel, key=key, count=count)


@pytest.mark.parametrize(
    ("days", "step", "bars_"), [(1, "day", 1), (31, "day", 31), (32, "week", 5), (365, "month", 13)]
)
def test_a_long_period_has_wider_bars(days: int, step: str, bars_: int) -> None:
    """Never so many that none can be told from the next; no day is left out."""
    period = Period(DAY - timedelta(days=days - 1), DAY)
    assert (period.step, period.days) == (step, days)
    assert abs(len(period.steps()) - bars_) <= 1
    assert {period.step_of(period.first + timedelta(days=one)) for one in range(days)} == set(period.steps())


def test_the_period_before_ends_where_this_one_begins() -> None:
    """And has as many days."""
    before = Period(DAY - timedelta(days=6), DAY).before
    assert (before.days, before.last) == (7, DAY - timedelta(days=7))


@pytest.mark.django_db
def test_sums_are_of_the_period_and_the_channel() -> None:
    """What lies outside is not in them."""
    _tally(Measure.KIND, "answer", 3)
    _tally(Measure.KIND, "form", 2, DAY - timedelta(days=1), "whatsapp")
    _tally(Measure.KIND, "answer", 50, DAY - timedelta(days=2))
    _tally(Measure.KIND, "answer", 70, DAY + timedelta(days=1))
    period = Period(DAY - timedelta(days=1), DAY)
    found = sums(period)
    assert (found.outcome("Answered"), found.outcome("Handed over"), found.total(Measure.KIND)) == (3, 2, 5)
    assert sums(period, "whatsapp").total(Measure.KIND) == 2
    assert [dict(counts) for _, counts in outcomes_over_time(found, period)] == [{"Handed over": 2}, {"Answered": 3}]


@pytest.mark.django_db
def test_the_helpful_rate_is_of_those_who_judged() -> None:
    """None where no one did."""
    period = Period(DAY, DAY)
    assert sums(period).helpful_rate is None
    _tally(Measure.HELPFUL, "mri", 3)
    _tally(Measure.UNHELPFUL, "mri", 1)
    assert sums(period).helpful_rate == pytest.approx(0.75)


def test_times_are_read_off_the_ranges() -> None:
    """Half of ten in the range from 0.5 to 1 lie below 0.75; the open last range gives its lower end."""
    assert quantile(Counter({"1": 10}), 0.5) == pytest.approx(0.75)
    assert quantile(Counter({"0.25": 90, "10": 10}), 0.95) == pytest.approx(7.5)
    assert quantile(Counter({"more": 3}), 0.5) == 600
    assert quantile(Counter(), 0.5) is None


def test_the_most_frequent_come_first() -> None:
    """By their titles; what has no key is left out."""
    counts = Counter({"b": 2, "a": 2, "c": 5, "": 9})
    assert ranked(counts, str.upper, most=2) == [("C", 5), ("A", 2)]


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (4, 4), (5, 5), (6, 10), (11, 20), (99, 100), (101, 200), (350, 400), (1_000_000, 1e6)]
)
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    """Not below the highest bar."""
    assert nice_top(value) == top


def test_a_stack_is_as_high_as_its_sum() -> None:
    """Heights are in proportion, and every bar can be asked for its number."""
    drawn = bars("Two days", ["Mon", "Tue"], [Series("a", [1, 0]), Series("b", [3, 2])])
    assert drawn.count("<rect") == 3
    assert "<title>Mon, b: 3</title>" in drawn
    first, second, third = (float(height) for height in re.findall(r'<rect[^>]* height="([\d.]+)"', drawn))
    assert second == pytest.approx(3 * first, rel=0.01)
    assert third == pytest.approx(2 * first, rel=0.01)
    assert 'aria-label="Two days"' in drawn


def test_names_in_a_chart_are_text() -> None:
    """Markup in a label stays a label; nothing is styled inline, which the page's policy forbids."""
    drawn = rows("<b>", [("<script>", 2), ("x", 0)]) + bars("<b>", ["<i>"], [Series("<u>", [1])])
    assert "<script>" not in drawn
    assert "<i>" not in drawn
    assert "style=" not in drawn


def test_an_empty_chart_is_drawn_too() -> None:
    """With its axis and nothing on it."""
    assert "<rect" not in bars("Nothing", [], []) + rows("Nothing", [])


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12, "12"), (1234, "1\u202f234"), (2.345, "2.35"), (12345.6, "12\u202f346")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    """Thin blanks between thousands; no needless digits."""
    assert number_text(value) == text

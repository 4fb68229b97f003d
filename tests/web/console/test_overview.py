"""The overview page: figures of a period, with a table for every chart."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.web.console.conftest import LoggedIn
from web.console.access import Role
from web.overview.counting import today
from web.overview.models import CountedDay, Measure, Tally

pytestmark = pytest.mark.django_db

ADDRESS = "/console/overview/"


@pytest.fixture
def manager(logged_in: LoggedIn) -> Client:
    return logged_in(Role.MANAGER)


@pytest.fixture
def _counted() -> None:
    for ago, count in ((0, 3), (40, 5)):
        day = today() - timedelta(days=ago)
        CountedDay.objects.create(day=day, counted_at=timezone.now())
        for measure, key in (
            (Measure.VISITORS, ""), (Measure.MESSAGES, ""), (Measure.KIND, "answer"), (Measure.TOPIC, "mri"),
            (Measure.TOPIC, "gone<b>"), (Measure.HELPFUL, "mri"), (Measure.UNANSWERED, "pain"),
            (Measure.HANDOFF, "prices"),
            (Measure.SECONDS, "0.5"), (Measure.HOUR, "09"), (Measure.REQUESTS, "website"), (Measure.KIND, "emergency"),
        ):  # fmt: skip
            Tally.objects.create(day=day, measure=measure, channel="website", key=key, count=count)


def _page(client: Client, status: int = 200, **query: str) -> str:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.usefixtures("_counted")
def test_every_chart_has_its_table(manager: Client) -> None:
    """With as many numbers, for who does not see the picture."""
    page = _page(manager)
    panels = re.findall(r"<section class=\"card panel\".*?</section>", page, re.DOTALL)
    assert len(panels) == 10
    assert all(panel.count("<svg") == 1 and panel.count("<table>") == 1 for panel in panels)
    assert all('role="img" aria-label="' in panel for panel in panels)
    assert "MRI scans" in page
    assert "gone&lt;b&gt;" in page


@pytest.mark.usefixtures("_counted")
def test_the_period_decides_what_is_counted(manager: Client) -> None:
    """Thirty days at first; ninety hold the older day too, and a channel without visitors holds nothing."""
    assert "<strong>3</strong>" in _page(manager)
    assert "<strong>8</strong>" in _page(manager, days="90")
    day = (today() - timedelta(days=40)).isoformat()
    assert "<strong>5</strong>" in _page(manager, **{"from": day, "to": day})
    assert "No messages in this period." in _page(manager, channel="whatsapp")


@pytest.mark.usefixtures("_counted")
@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "2026-11-10", "to": "2026-11-09"},
        {"from": "1900-01-01"},
        {"to": "2026-11-09"},
        {"from": "2026-13-45"},
    ],
)
def test_a_period_that_makes_no_sense_is_said_to_be_so(manager: Client, query: dict[str, str]) -> None:
    """With the usual one beneath."""
    page = _page(manager, 400, **query)
    assert 'role="alert"' in page
    assert "<svg" in page


@pytest.mark.parametrize("query", [{"days": "x"}, {"days": "999999999"}, {"channel": "carrier pigeon"}])
def test_other_wrong_values_are_as_if_not_given(manager: Client, query: dict[str, str]) -> None:
    """Nothing breaks."""
    _page(manager, **query)


def test_old_figures_are_said_to_be_old(manager: Client) -> None:
    """When the worker has not counted, or not lately."""
    assert "has counted nothing yet" in _page(manager)
    counted = CountedDay.objects.create(day=today(), counted_at=timezone.now())
    assert "These figures are not of now" not in _page(manager)
    CountedDay.objects.filter(pk=counted.pk).update(counted_at=timezone.now() - timedelta(hours=2))
    assert "has not counted since" in _page(manager)


@pytest.mark.usefixtures("_counted")
def test_the_number_of_queries_does_not_grow(manager: Client, django_assert_max_num_queries: object) -> None:
    """However much was counted: sums of this period and the one before, and what every page asks."""
    for ago in range(1, 29):
        day = today() - timedelta(days=ago)
        Tally.objects.create(day=day, measure=Measure.KIND, channel="website", key="answer", count=1)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        _page(manager)

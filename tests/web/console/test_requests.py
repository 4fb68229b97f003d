"""Requests in the console: who waits, how to reach them, and what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.web.console.conftest import LoggedIn
from web.console.access import Role
from web.contact.models import ContactRequest, Step
from web.conversations.models import Conversation
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db

LIST = "/console/requests/"
PERSONAL = ("Jordan", "Marker", "(310) 555-0199", "jordan@example.org")


@pytest.fixture
def reviewer(logged_in: LoggedIn) -> Client:
    return logged_in(Role.REVIEWER, name="rob")


def _request(hours: float = 1, **changes: object) -> ContactRequest:
    left = {
        "name": "Jordan Marker", "phone": "(310) 555-0199", "email": "jordan@example.org", "reason": "booking",
        "due_at": timezone.now() + timedelta(hours=hours),
    }  # fmt: skip
    return ContactRequest.objects.create(**{**left, **changes})


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _step(client: Client, request: ContactRequest, **fields: str) -> int:
    return client.post(f"{request.staff_path}/step", fields).status_code


def test_the_longest_overdue_comes_first(reviewer: Client) -> None:
    """And it is loud: a line above the list, a mark on the row, a number in the menu."""
    late, later, soon = _request(-1), _request(-30), _request(2)
    page = _page(reviewer, LIST)
    places = [page.index(f'href="{each.staff_path}"') for each in (later, late, soon)]
    assert places == sorted(places)
    assert "<strong>2 overdue.</strong>" in page
    assert page.count("Overdue for") == 2
    assert '<span class="count">2</span>' in page


def test_nothing_overdue_is_no_alarm(reviewer: Client) -> None:
    """Neither above the list nor in the menu."""
    _request(2)
    page = _page(reviewer, LIST)
    assert "overdue" not in page.lower()
    assert 'class="count"' not in page


def test_each_request_is_in_one_list(reviewer: Client) -> None:
    """Open, closed, or perhaps a robot's; and one's own."""
    kinds = {
        "open": _request(),
        "done": _request(state="done", outcome="reached"),
        "robots": _request(is_suspect=True),
    }
    for tab in ("open", "done", "robots", "mine"):
        page = _page(reviewer, f"{LIST}?show={tab}")
        shown = {name for name, request in kinds.items() if f'href="{request.staff_path}"' in page}
        assert shown == {tab} - {"mine"}


def test_a_long_queue_is_read_page_by_page(reviewer: Client) -> None:
    """Nothing is lost between the pages; a wrong start is the beginning."""
    everyone = {_request(hours).staff_path for hours in range(1, 62)}
    first, second = _page(reviewer, LIST), _page(reviewer, f"{LIST}?from=50")
    assert {path for path in everyone if f'href="{path}"' in first + second} == everyone
    assert sum(f'href="{path}"' in first for path in everyone) == 50
    assert _page(reviewer, f"{LIST}?from=-3").count('class="title"') == 50


def test_name_and_number_are_shown_to_whoever_takes_it(reviewer: Client, logged_in: LoggedIn) -> None:
    """To nobody else, in no list; and the record says who saw them, without them."""
    request = _request(message="My name is Jordan Marker, call 310 555 0199", best_time="mornings")
    before = _page(reviewer, LIST) + _page(reviewer, request.staff_path)
    assert not [part for part in PERSONAL if part in before]
    assert reviewer.post(f"{request.staff_path}/take").status_code == 302
    mine = _page(reviewer, request.staff_path)
    assert [part for part in PERSONAL if part in mine] == list(PERSONAL)
    other = _page(logged_in(Role.MANAGER, name="mary"), request.staff_path)
    assert not [part for part in PERSONAL if part in other]
    assert "rob has taken this request" in other
    entries = list(Entry.objects.filter(subject=f"request {request.pk}").order_by("number"))
    assert [(entry.event, entry.actor_name) for entry in entries] == [
        ("view", "rob"), ("reveal", "rob"), ("view", "rob"), ("view", "mary"),
    ]  # fmt: skip
    assert "Jordan" not in str([entry.details for entry in entries])


def test_whoever_closes_a_free_request_has_taken_it(reviewer: Client) -> None:
    """The record says so, since name and number are shown then."""
    request = _request()
    assert _step(reviewer, request, what="tried") == 302
    assert "Jordan" in _page(reviewer, request.staff_path)
    entries = Entry.objects.filter(subject=f"request {request.pk}").order_by("number").values_list("event", flat=True)
    assert list(entries) == ["mark", "reveal", "view"]


def test_taking_what_someone_has_says_who(reviewer: Client, logged_in: LoggedIn) -> None:
    """And reveals nothing, in the record either."""
    request = _request()
    logged_in(Role.MANAGER, name="mary").post(f"{request.staff_path}/take")
    page = reviewer.post(f"{request.staff_path}/take", follow=True).content.decode()
    assert "mary has taken this request" in page
    assert "Jordan" not in page
    assert Entry.objects.filter(event="reveal").count() == 1


def test_closing_needs_an_outcome(reviewer: Client) -> None:
    """What was written stays in the field."""
    request = _request()
    reviewer.post(f"{request.staff_path}/take")
    answer = reviewer.post(f"{request.staff_path}/step", {"what": "close", "note": "They were glad."})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Choose what came of it" in page
    assert "They were glad." in page
    assert _step(reviewer, request, what="close", outcome="booked", note="They were glad.") == 302
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("done", "booked")
    assert "They were glad." in _page(reviewer, request.staff_path)


@pytest.mark.parametrize("fields", [{"what": "explode"}, {}, {"what": "close", "outcome": "explode"}, {"what": "note"}])
def test_what_makes_no_sense_changes_nothing(reviewer: Client, fields: dict[str, str]) -> None:
    """A clear refusal, no step."""
    request = _request()
    assert _step(reviewer, request, **fields) == 400
    assert not Step.objects.exists()


def test_the_way_of_a_request(reviewer: Client) -> None:
    """Taken, tried, given back, taken, closed, opened again: all of it is on its page."""
    request = _request()
    reviewer.post(f"{request.staff_path}/take")
    for fields in (
        {"what": "tried", "note": "No answer."},
        {"what": "give_back"},
        {"what": "close", "outcome": "reached"},
        {"what": "reopen"},
        {"what": "note", "note": "Call after six."},
    ):
        assert _step(reviewer, request, **fields) == 302
    page = _page(reviewer, request.staff_path)
    for said in (
        "took it",
        "tried, and will try again",
        "gave it back",
        "closed it: spoke with them",
        "opened it again",
    ):
        assert said in page
    assert [step.kind for step in Step.objects.all()] == ["taken", "tried", "given_back", "closed", "reopened", "noted"]


def test_a_closed_request_no_longer_shows_how_to_reach_them(reviewer: Client) -> None:
    """Not even to the one who closed it."""
    request = _request()
    reviewer.post(f"{request.staff_path}/take")
    _step(reviewer, request, what="close", outcome="reached")
    page = _page(reviewer, request.staff_path)
    assert not [part for part in PERSONAL if part in page]


def test_markup_in_what_a_visitor_left_stays_text(reviewer: Client) -> None:
    """In every field."""
    markup = "<script>alert(1)</script>"
    request = _request(name=markup, message=markup, best_time=markup, phone=markup, reason="")
    reviewer.post(f"{request.staff_path}/take")
    assert markup not in _page(reviewer, LIST) + _page(reviewer, request.staff_path)


def test_the_conversation_is_one_tap_away(reviewer: Client) -> None:
    """From a request that came from one."""
    conversation = Conversation.objects.create()
    request = _request(conversation=conversation, source="website")
    assert f"/console/conversations/{conversation.pk}" in _page(reviewer, request.staff_path)

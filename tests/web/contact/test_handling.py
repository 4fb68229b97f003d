"""What staff do about a request: one person at a time, each step kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from web.contact.handling import NotPossible, close, give_back, make_note, reopen, take, tried
from web.contact.models import ContactRequest, Step

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_() -> ContactRequest:
    return ContactRequest.objects.create(name="Jordan", due_at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def mary() -> User:
    return User.objects.create_user("mary", first_name="Mary", last_name="Manager")


@pytest.fixture
def rob() -> User:
    return User.objects.create_user("rob")


def _steps() -> list[tuple[str, str]]:
    return [(step.kind, step.by.username if step.by else "") for step in Step.objects.select_related("by")]


def _due(request: ContactRequest) -> datetime:
    request.refresh_from_db()
    assert request.due_at is not None
    return request.due_at


def test_one_person_takes_it(request_: ContactRequest, mary: User, rob: User) -> None:
    """The second is told who has it; taking one's own again changes nothing."""
    take(request_, mary)
    take(request_, mary)
    with pytest.raises(NotPossible, match="Mary Manager"):
        take(request_, rob)
    request_.refresh_from_db()
    assert (request_.state, request_.taken_by) == ("in_progress", mary)
    assert _steps() == [("taken", "mary")]


def test_someone_elses_request_is_not_closed_by_the_way(request_: ContactRequest, mary: User, rob: User) -> None:
    """Nor tried."""
    take(request_, mary)
    with pytest.raises(NotPossible, match="Mary Manager"):
        close(request_, rob, "reached")
    with pytest.raises(NotPossible, match="Mary Manager"):
        tried(request_, rob)
    request_.refresh_from_db()
    assert request_.state == "in_progress"


def test_a_colleague_gives_it_back_for_someone_who_is_away(request_: ContactRequest, mary: User, rob: User) -> None:
    """Then anyone may take it."""
    take(request_, mary)
    give_back(request_, rob, "Mary is ill.")
    take(request_, rob)
    assert _steps() == [("taken", "mary"), ("given_back", "rob"), ("taken", "rob")]
    give_back(request_, rob)
    with pytest.raises(NotPossible):
        give_back(request_, rob)


def test_who_could_not_be_reached_is_due_again_later(request_: ContactRequest, mary: User) -> None:
    """It stays open, is one's own, and is told of anew when that time passes too."""
    ContactRequest.objects.update(overdue_told_at=timezone.now())
    tried(request_, mary, "No answer.")
    assert _due(request_) > timezone.now()
    assert (request_.state, request_.taken_by, request_.overdue_told_at) == ("in_progress", mary, None)


def test_closing_says_what_came_of_it(request_: ContactRequest, mary: User) -> None:
    """A closed request is not overdue, and is not closed twice."""
    assert request_.is_overdue
    close(request_, mary, "booked", "Friday at ten.")
    request_.refresh_from_db()
    assert (request_.state, request_.outcome, request_.taken_by, request_.is_overdue) == ("done", "booked", mary, False)
    for act in (lambda: close(request_, mary, "reached"), lambda: take(request_, mary), lambda: tried(request_, mary)):
        with pytest.raises(NotPossible, match="closed"):
            act()
    step = Step.objects.get()
    assert (step.outcome, step.note) == ("booked", "Friday at ten.")


def test_an_outcome_must_be_one_of_the_list(request_: ContactRequest, mary: User) -> None:
    """Anything else changes nothing."""
    with pytest.raises(ValueError, match="no idea"):
        close(request_, mary, "no idea")
    assert not Step.objects.exists()


def test_a_closed_request_can_be_opened_again(request_: ContactRequest, mary: User) -> None:
    """For whoever comes next, due anew, without an outcome."""
    with pytest.raises(NotPossible, match="open"):
        reopen(request_, mary)
    close(request_, mary, "reached")
    reopen(request_, mary, "They called again.")
    assert _due(request_) > timezone.now()
    assert (request_.state, request_.outcome, request_.taken_by, request_.closed_at) == ("new", "", None, None)


def test_a_note_changes_nothing_else(request_: ContactRequest, mary: User, rob: User) -> None:
    """Colleagues may leave one on any request."""
    take(request_, mary)
    make_note(request_, rob, "  Prefers mornings.  ")
    assert Step.objects.latest("pk").note == "Prefers mornings."
    request_.refresh_from_db()
    assert request_.taken_by == mary

"""What staff do about a request: take it, try, close it. Each leaves a step; two people can't take the same one."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from web.contact.due import due_after
from web.contact.models import ContactRequest, Step

_State, _Kind = ContactRequest.State, Step.Kind


class NotPossible(Exception):
    """Someone else was faster; the message says what is the case now."""


def take(request: ContactRequest, by: User) -> None:
    """Make it one's own.

    Raises:
        NotPossible: someone else has it, or it is closed.
    """
    with transaction.atomic():
        current = _locked(request)
        if current.state == _State.DONE:
            raise NotPossible("This request is closed. Open it again first.")
        if current.taken_by_id == by.pk:
            return
        if current.taken_by is not None:
            raise NotPossible(f"{name_of(current.taken_by)} has taken this request.")
        _set(current, state=_State.IN_PROGRESS, taken_by=by, taken_at=timezone.now())
        _note(current, _Kind.TAKEN, by)


def give_back(request: ContactRequest, by: User, note: str = "") -> None:
    """Leave it to whoever comes next.

    Raises:
        NotPossible: it is closed, or no one has it.
    """
    with transaction.atomic():
        current = _locked(request)
        if current.state != _State.IN_PROGRESS:
            raise NotPossible("No one has taken this request.")
        _set(current, state=_State.NEW, taken_by=None, taken_at=None)
        _note(current, _Kind.GIVEN_BACK, by, note)


def tried(request: ContactRequest, by: User, note: str = "") -> None:
    """Say that they could not be reached this time: it stays open, and is due again later.

    Raises:
        NotPossible: it is closed, or someone else has it.
    """
    with transaction.atomic():
        current = _mine(request, by)
        _set(current, due_at=due_after(timezone.now()), overdue_told_at=None)
        _note(current, _Kind.TRIED, by, note)


def make_note(request: ContactRequest, by: User, note: str) -> None:
    """Leave words for the others."""
    _note(request, _Kind.NOTED, by, note)


def close(request: ContactRequest, by: User, outcome: str, note: str = "") -> None:
    """Say what came of it.

    Raises:
        NotPossible: it is closed already, or someone else has it.
        ValueError: there is no such outcome.
    """
    outcome = ContactRequest.Outcome(outcome)
    with transaction.atomic():
        current = _mine(request, by)
        _set(current, state=_State.DONE, outcome=outcome, closed_at=timezone.now())
        _note(current, _Kind.CLOSED, by, note, outcome)


def reopen(request: ContactRequest, by: User, note: str = "") -> None:
    """Open a closed request again, for whoever comes next; it is due anew.

    Raises:
        NotPossible: it is open.
    """
    with transaction.atomic():
        current = _locked(request)
        if current.state != _State.DONE:
            raise NotPossible("This request is open.")
        now = timezone.now()
        _set(
            current, state=_State.NEW, outcome="", closed_at=None, taken_by=None, taken_at=None, due_at=due_after(now),
            overdue_told_at=None,
        )  # fmt: skip
        _note(current, _Kind.REOPENED, by, note)


def name_of(user: User | None) -> str:
    """How a colleague is named."""
    return (user.get_full_name() or user.get_username()) if user else "Someone who left"


def _locked(request: ContactRequest) -> ContactRequest:
    return ContactRequest.objects.select_for_update(of=("self",)).select_related("taken_by").get(pk=request.pk)


def _mine(request: ContactRequest, by: User) -> ContactRequest:
    """The request for someone who is about to act on it: taken by the way, when it is free."""
    current = _locked(request)
    if current.state == _State.DONE:
        raise NotPossible("This request is closed. Open it again first.")
    if current.taken_by is not None and current.taken_by_id != by.pk:
        raise NotPossible(f"{name_of(current.taken_by)} has taken this request.")
    if current.taken_by is None:
        _set(current, state=_State.IN_PROGRESS, taken_by=by, taken_at=timezone.now())
    return current


def _set(request: ContactRequest, **values: object) -> None:
    ContactRequest.objects.filter(pk=request.pk).update(**values)


def _note(request: ContactRequest, kind: str, by: User, note: str = "", outcome: str = "") -> None:
    Step.objects.create(request=request, kind=kind, by=by, note=note.strip()[:2000], outcome=outcome)

"""Requests in the console: the queue, one request, and what staff do about it.

Name and number are shown to whoever has taken the request, since that person is about to call; the record says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from web.console.access import Permission, StaffRequest, needs
from web.contact import handling
from web.contact.due import open_requests, overdue
from web.contact.models import ContactRequest
from web.privacy.masking import masked
from web.privacy.record import Event, record

PAGE = 50


@dataclass(frozen=True)
class Tab:
    """One way to look at the queue."""

    name: str
    title: str
    empty: str


TABS = (
    Tab("open", "Open", "No one waits to hear from you."),
    Tab("mine", "Mine", "You have taken no request."),
    Tab("done", "Closed", "Nothing was closed yet."),
    Tab("robots", "Maybe robots", "Nothing that looks like a robot's."),
)


def _found(tab: str, request: StaffRequest) -> QuerySet[ContactRequest]:
    first_due = F("due_at").asc(nulls_last=True)
    state = ContactRequest.State
    match tab:
        case "mine":
            return open_requests().filter(taken_by=request.user).order_by(first_due, "pk")
        case "done":
            return ContactRequest.objects.filter(state=state.DONE).order_by("-pk")
        case "robots":
            return ContactRequest.objects.filter(is_suspect=True).exclude(state=state.DONE).order_by("-pk")
        case _:
            return open_requests().order_by(first_due, "pk")


@needs(Permission.REQUESTS)
@require_safe
def requests(request: StaffRequest) -> HttpResponse:
    """Who waits to hear from the clinic, the longest overdue first."""
    tab = next((one for one in TABS if one.name == request.GET.get("show")), TABS[0])
    start = _whole_number(request.GET.get("from"))
    found = list(_found(tab.name, request).select_related("taken_by")[start : start + PAGE + 1])
    context = {
        "tabs": TABS,
        "tab": tab,
        "requests": found[:PAGE],
        "next": start + PAGE if len(found) > PAGE else None,
        "before": max(start - PAGE, 0) if start else None,
        "overdue": overdue().count(),
        "now": timezone.now(),
    }
    return render(request, "requests/list.html", context)


def _whole_number(text: str | None) -> int:
    return min(int(text), 1_000_000) if text and text.isdecimal() and len(text) < 9 else 0


class StepForm(forms.Form):
    """What was done about a request: which button was pressed, what came of it, and words for the colleagues."""

    what = forms.ChoiceField(choices=[(one, one) for one in ("close", "tried", "give_back", "note", "reopen")])
    outcome = forms.ChoiceField(
        choices=[("", "Choose one"), *ContactRequest.Outcome.choices], required=False, label="What came of it?"
    )
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note for your colleagues",
        help_text="No health details, please.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("what") == "close" and not cleaned.get("outcome"):
            self.add_error("outcome", "Choose what came of it, then close.")
        if cleaned.get("what") == "note" and not cleaned.get("note"):
            self.add_error("note", "Write the note first.")
        return cleaned


@needs(Permission.REQUESTS)
@require_safe
def request_page(request: StaffRequest, pk: int) -> HttpResponse:
    """One request: what it is about, how to reach the visitor once one has taken it, and all that was done."""
    found = get_object_or_404(ContactRequest.objects.select_related("taken_by"), pk=pk)
    return _page(request, found, StepForm())


@needs(Permission.REQUESTS)
@require_POST
def take_it(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a request, which shows how to reach the visitor."""
    found = get_object_or_404(ContactRequest, pk=pk)
    try:
        with transaction.atomic():
            handling.take(found, request.user)
            record(request.user, Event.REVEAL, f"request {found.pk}", reason="took the request")
    except handling.NotPossible as error:
        messages.error(request, str(error))
    return redirect("requests:request", pk=pk)


@needs(Permission.REQUESTS)
@require_POST
def step(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep what was done. What is missing is said at its field, and nothing written is lost."""
    found = get_object_or_404(ContactRequest.objects.select_related("taken_by"), pk=pk)
    form = StepForm(request.POST)
    if not form.is_valid():
        if "what" in form.errors:
            return HttpResponse("There is no such button.", status=400, content_type="text/plain")
        return _page(request, found, form, status=400)
    what, note = form.cleaned_data["what"], form.cleaned_data["note"]
    acts: dict[str, tuple[Callable[[], None], str]] = {
        "close": (
            lambda: handling.close(found, request.user, form.cleaned_data["outcome"], note),
            "Closed. Thank you.",
        ),
        "tried": (lambda: handling.tried(found, request.user, note), "Noted. It is due again later."),
        "give_back": (lambda: handling.give_back(found, request.user, note), "It waits for whoever comes next."),
        "note": (lambda: handling.make_note(found, request.user, note), "Noted."),
        "reopen": (lambda: handling.reopen(found, request.user, note), "It is open again."),
    }
    act, done = acts[what]
    try:
        with transaction.atomic():
            act()
            record(request.user, Event.MARK, f"request {found.pk}", did=what)
            if what in ("close", "tried") and found.taken_by_id is None:
                record(request.user, Event.REVEAL, f"request {found.pk}", reason="took the request")
    except handling.NotPossible as error:
        messages.error(request, str(error))
        return redirect("requests:request", pk=pk)
    messages.success(request, done)
    return redirect("requests:list" if what in ("close", "tried", "give_back") else found.staff_path)


def _page(request: StaffRequest, found: ContactRequest, form: StepForm, status: int = 200) -> HttpResponse:
    is_mine = found.taken_by_id == request.user.pk and found.state == ContactRequest.State.IN_PROGRESS
    record(request.user, Event.VIEW, f"request {found.pk}", contact_details="shown" if is_mine else "masked")
    context = {
        "asked": found,
        "is_mine": is_mine,
        "is_open": found.state != ContactRequest.State.DONE,
        "said": found.message if is_mine else masked(found.message),
        "best_time": found.best_time if is_mine else masked(found.best_time),
        "steps": [
            {"step": one, "by": handling.name_of(one.by), "note": one.note if is_mine else masked(one.note)}
            for one in found.steps.select_related("by")
        ],
        "taker": handling.name_of(found.taken_by) if found.taken_by_id else "",
        "form": form,
        "now": timezone.now(),
    }
    return render(request, "requests/request.html", context, status=status)

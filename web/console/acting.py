"""What staff do with a tap or a key: state, assignee, tags, notes, marks, saved views; and taking it back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from web.console.access import Permission, StaffRequest, needs
from web.console.conversations import LISTS
from web.console.filters import name_of, query_of
from web.console.login import own_address
from web.review import actions
from web.review.intents import title_of
from web.review.models import Review, SavedView, Tag

_UNDO = "console_undo"


@needs(Permission.REVIEW)
@require_POST
def act(request: StaffRequest) -> HttpResponse:
    """Do one thing to the conversations of the form: `do` names it, as in state:reviewed or assign:me."""
    what, _, value = request.POST.get("do", "").partition(":")
    conversations = _ids(request.POST.getlist("conversation"))
    try:
        if not conversations:
            raise actions.NotPossible("Choose at least one conversation.")
        done, words = _act(request, what, value, conversations)
    except actions.NotPossible as error:
        messages.error(request, str(error))
        return _back(request)
    return _done(request, done, words if len(conversations) == 1 else f"{words} ({len(done)})")


def _act(request: StaffRequest, what: str, value: str, conversations: list[uuid.UUID]) -> tuple[actions.Undo, str]:
    who = request.user
    match what:
        case "state":
            done = actions.set_state(who, conversations, value)
            return done, f"State: {Review.State(value).label}"
        case "assign":
            given = value or request.POST.get("assignee", "")
            to = who if given == "me" else _person(given)
            return actions.assign(who, conversations, to), f"Assigned to {name_of(to) if to else 'no one'}"
        case "tag":
            name = value or request.POST.get("tag", "")
            return actions.tag(who, conversations, name), f"Tagged {name}"
        case "untag":
            tag = Tag.objects.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
            if tag is None:
                raise actions.NotPossible("There is no such tag.")
            return actions.untag(who, conversations, tag.pk), f"Tag {tag.name} taken off"
        case "note":
            return actions.note(who, conversations[0], request.POST.get("note", "")), "Note added"
    raise actions.NotPossible("This can't be done.")


def _person(given: str) -> User | None:
    if given in ("", "none"):
        return None
    person = User.objects.filter(pk=given, is_active=True).first() if given.isdecimal() and len(given) < 18 else None
    if person is None:
        raise actions.NotPossible("There is no such person.")
    return person


@needs(Permission.REVIEW)
@require_POST
def mark(request: StaffRequest) -> HttpResponse:
    """Mark the messages of the form as the intent it names; "-" is no topic yet, "none" takes marks away."""
    chosen = [int(pk) for pk in request.POST.getlist("message") if pk.isdecimal() and len(pk) < 19]
    intent = request.POST.get("intent") or request.POST.get("other", "")
    try:
        if not chosen:
            raise actions.NotPossible("Choose at least one message.")
        if not intent:
            raise actions.NotPossible("Choose what it should have been.")
        if intent == "none":
            done, words = actions.unmark(request.user, chosen), "Mark taken away"
        else:
            done = actions.mark(request.user, chosen, "" if intent == "-" else intent)
            words = f"Marked: {'no topic yet' if intent == '-' else title_of(intent)}"
    except actions.NotPossible as error:
        messages.error(request, str(error))
        return _back(request)
    return _done(request, done, words if len(chosen) == 1 else f"{words} ({len(done)} messages)")


@needs(Permission.REVIEW)
@require_POST
def undo(request: StaffRequest) -> HttpResponse:
    """Take the last action back."""
    last: actions.Undo = request.session.pop(_UNDO, [])
    count = actions.take_back(request.user, last) if last else 0
    messages.success(request, "Taken back." if count else "There is nothing to take back.")
    return _back(request)


@needs(Permission.READ)
@require_POST
def save_view(request: StaffRequest) -> HttpResponse:
    """Keep a list's filters under a name; the same name again replaces them."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    of = request.POST.get("list", "")
    query = f"{of}?{query_of(QueryDict(request.POST.get('in', '')))}"
    if not name or of not in LISTS or len(query) > 500:
        messages.error(request, "Give the view a name.")
        return _back(request)
    try:
        with transaction.atomic():
            kept = {"query": query, "is_shared": request.POST.get("shared") == "on"}
            SavedView.objects.update_or_create(owner=request.user, name=name, defaults=kept)
    except IntegrityError:
        messages.error(request, "A view of this name was just saved.")
    else:
        messages.success(request, f"Saved: {name}")
    return _back(request)


@needs(Permission.READ)
@require_POST
def delete_view(request: StaffRequest, pk: int) -> HttpResponse:
    """Remove a view of one's own."""
    if SavedView.objects.filter(pk=pk, owner=request.user).delete()[0]:
        messages.success(request, "View removed.")
    return _back(request)


def _ids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts[: actions.MOST]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def _done(request: StaffRequest, done: actions.Undo, words: str) -> HttpResponse:
    if done:
        request.session[_UNDO] = done
        messages.success(request, words, extra_tags="undo")
    else:
        messages.success(request, "Nothing to change.")
    return _back(request)


def _back(request: StaffRequest) -> HttpResponse:
    # A button may lead elsewhere than its form: on to the next conversation.
    target = request.GET.get("next") or request.POST.get("next", "")
    return redirect(own_address(request, target) or "console:home")

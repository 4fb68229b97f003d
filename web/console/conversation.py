"""One conversation: what was said and understood, and taking over from the assistant."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from web.channels import outbox
from web.channels.rendering import CAPABILITIES
from web.console.access import Permission, StaffRequest, needs
from web.console.conversations import LISTS, moment, wanted_of
from web.console.filters import colleagues, name_of
from web.console.login import own_address
from web.console.transcript import turns_of
from web.contact.models import ContactRequest
from web.conversations import pause
from web.conversations.models import Conversation
from web.privacy.record import Event, record
from web.review import ranking
from web.review.finding import Cursor, neighbours
from web.review.intents import grouped
from web.review.models import Review, Tag

_LONGEST_TEXT = 4000


@needs(Permission.READ)
@require_safe
def conversation(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """What was said, as the visitor saw it, with what was understood; and what staff make of it."""
    now = moment()
    found = get_object_or_404(Conversation, pk=pk)
    record(request.user, Event.VIEW, f"conversation {found.pk}")
    before = request.GET.get("before", "")
    turns, earlier = turns_of(found, int(before) if before.isdecimal() and len(before) < 19 else None)
    ranking.count_before_lists()
    review = Review.objects.filter(pk=found.pk).select_related("assignee", "reviewed_by").first()
    shown = {
        "conversation": found,
        "review": review,
        "turns": turns,
        "earlier": earlier,
        "notes": found.notes.select_related("by"),
        "tags": list(review.tags.all()) if review else [],
        "all_tags": Tag.objects.all()[:200],
        "states": Review.State.choices,
        "intents": grouped(),
        "colleagues": [(one.pk, name_of(one)) for one in colleagues()],
        "requests": ContactRequest.objects.filter(conversation=found),
        "is_paused": pause.is_paused(found),
        "can_write": found.channel in CAPABILITIES,
        "longest": _LONGEST_TEXT,
        "now": now,
        **_place(request, found),
    }
    return render(request, "console/conversation.html", shown)


def _place(request: HttpRequest, found: Conversation) -> dict[str, object]:
    """The list the person came from, and the conversations before and after in it."""
    name, query = request.GET.get("list", ""), request.GET.get("in", "")
    at = Cursor.read(request.GET.get("at", ""))
    if name not in LISTS:
        return {"list_url": reverse("console:conversations"), "list_title": "Conversations"}
    link = f"{reverse(f'console:{name}')}{f'?{query}' if query else ''}"
    place: dict[str, object] = {"list_url": link, "list_title": LISTS[name][0]}
    _, wanted = wanted_of(name, QueryDict(query))
    # A list of messages that a search found has no neighbours that stay.
    if at is not None and not wanted.words:
        earlier, later = neighbours(wanted, at)
        place["previous"], place["next"] = (_link(one, name, query) for one in (earlier, later))
    return place


def _link(cursor: Cursor | None, name: str, query: str) -> str:
    if cursor is None:
        return ""
    address = reverse("console:conversation", args=[cursor.conversation])
    return f"{address}?{urlencode({'list': name, 'in': query, 'at': str(cursor)})}"


@needs(Permission.TAKE_OVER)
@require_POST
def take_over(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """Pause the assistant, hand back to it, or write to the visitor, which pauses it too."""
    found = get_object_or_404(Conversation, pk=pk)
    what = request.POST.get("do", "")
    text = request.POST.get("text", "").strip()
    with transaction.atomic():
        if what == "pause":
            pause.pause(found, Conversation.PausedBy.CONSOLE)
            words = "The assistant is silent here now, emergencies aside. Answer the visitor, then hand back."
        elif what == "hand_back":
            pause.hand_back(found)
            words = "The assistant answers again, from the next message on."
        elif what == "say" and found.channel in CAPABILITIES and 0 < len(text) <= _LONGEST_TEXT:
            outbox.say(found, text)
            words = "Your words are on their way. The assistant is silent here until you hand back."
        else:
            messages.error(
                request, f"Write 1 to {_LONGEST_TEXT} characters." if what == "say" else "Choose what to do."
            )
            return _back(request, found)
        record(request.user, Event.SETTING, f"conversation {found.pk}", did=what)
    messages.success(request, words)
    return _back(request, found)


def _back(request: StaffRequest, found: Conversation) -> HttpResponse:
    address = own_address(request, request.POST.get("next", ""))
    return redirect(address or reverse("console:conversation", args=[found.pk]))

"""Lists of conversations: the queue, ranked by risk, and all of them, newest first."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from web.console.access import Permission, StaffRequest, needs
from web.console.filters import FilterForm, query_of
from web.privacy.record import Event, record
from web.review import ranking
from web.review.finding import Cursor, Wanted, how_many, page_of
from web.review.models import Review, SavedView

#: The lists: name, heading, ordered by risk, and what is always asked for.
LISTS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "queue": ("Queue", True, ("queue",)),
    "conversations": ("Conversations", False, ()),
}
_MOST_COUNTED = 1000
#: A list says that it changed, not how much; more than this is "many".
_MOST_CHANGED = 100


@needs(Permission.READ)
@require_safe
def queue(request: StaffRequest) -> HttpResponse:
    """What needs a look, the riskiest first."""
    return _list(request, "queue")


@needs(Permission.READ)
@require_safe
def conversations(request: StaffRequest) -> HttpResponse:
    """Every conversation, the latest first."""
    return _list(request, "conversations")


def wanted_of(name: str, data: QueryDict) -> tuple[FilterForm, Wanted]:
    """The form of a list, and what it asks for."""
    _, by_risk, always = LISTS[name]
    form = FilterForm(data)
    return form, form.wanted(by_risk=by_risk, always=always)


def queue_length() -> int:
    """How many conversations need a look, up to a number that says "many"."""
    return how_many("queue", _MOST_COUNTED)


def _list(request: StaffRequest, name: str) -> HttpResponse:
    heading, by_risk, _ = LISTS[name]
    now = moment()
    ranking.count_before_lists()
    form, wanted = wanted_of(name, request.GET)
    page = page_of(wanted, Cursor.read(request.GET.get("after", "")))
    query = query_of(request.GET)
    if wanted.words:
        record(request.user, Event.SEARCH, "conversations", words=wanted.words)
    for row in page.rows:
        row.link = urlencode({"list": name, "in": query, "at": str(row.cursor)})  # type: ignore[attr-defined]
    shown = {
        "name": name,
        "heading": heading,
        "by_risk": by_risk,
        "form": form,
        "page": page,
        "query": query,
        "more": "&".join(part for part in (query, f"after={page.after}") if part) if page.after else "",
        "is_first": "after" not in request.GET,
        "now": now,
        "states": Review.State.choices,
        "colleagues": form.colleagues,
        "views": SavedView.objects.filter(owner=request.user) | SavedView.objects.filter(is_shared=True),
    }
    return render(request, "console/conversations.html", shown)


@needs(Permission.READ, is_background=True)
@require_safe
def changes(request: StaffRequest) -> HttpResponse:
    """How many conversations changed since a moment; a page asks now and then, and fetches itself anew if any did."""
    since = request.GET.get("since", "")
    now = moment()
    if not since.isdecimal() or len(since) > 14:
        return JsonResponse({"error": "since: milliseconds since 1970"}, status=400)
    ranking.count_before_lists()
    changed = Review.objects.filter(changed_at__gt=datetime.fromtimestamp(int(since) / 1000, UTC))
    conversation = request.GET.get("conversation", "")
    if conversation:
        changed = changed.filter(pk=uuid.UUID(conversation)) if _is_id(conversation) else changed.none()
    return JsonResponse({"now": now, "changed": changed.order_by()[:_MOST_CHANGED].count(), "queue": queue_length()})


def _is_id(text: str) -> bool:
    return len(text) == 36 and Cursor.read(f"0.{text.replace('-', '')}") is not None


def moment() -> int:
    """Now, in milliseconds since 1970; what a page asks for changes since."""
    return round(time.time() * 1000)

"""Single messages, to mark many at once: those not understood first."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from web.console.access import Permission, StaffRequest, needs
from web.console.transcript import candidates_of
from web.conversations.models import Message
from web.privacy.masking import masked
from web.privacy.record import Event, record
from web.review.intents import grouped, title_of
from web.review.ranking import SURE
from web.review.search import matching

PAGE = 50
#: Messages with the words that are looked at for one page; those of the kind that is shown are on it.
LOOKED_AT = 1000
#: What can be shown: name, label, and the kind of its messages.
SHOWN = {
    "not_understood": ("Not understood", "clarify"),
    "handed_over": ("Handed over", "handoff"),
    "unsure": ("Answered, but unsure", "answer"),
    "answered": ("Answered", "answer"),
    "emergency": ("Emergency", "emergency"),
    "out_of_scope": ("Not about SMP", "out_of_scope"),
    "refused": ("Refused", "refuse"),
    "small_talk": ("Small talk", "smalltalk"),
}


@needs(Permission.REVIEW)
@require_safe
def messages(request: StaffRequest) -> HttpResponse:
    """Messages of one kind, newest first, each with what it was taken for, to mark together."""
    show = request.GET.get("show", "not_understood")
    show = show if show in SHOWN else "not_understood"
    words = request.GET.get("q", "").strip()[:200]
    with_marks = request.GET.get("marked") == "yes"
    before = request.GET.get("before", "")
    found = _found(show, with_marks=with_marks)
    if before.isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    following = None
    if words:
        record(request.user, Event.SEARCH, "messages", words=words)
        looked_at = _with_words(words, before)
        found = found.filter(pk__in=looked_at)
        following = looked_at[-1] if len(looked_at) == LOOKED_AT else None
    page = list(found.select_related("mark")[: PAGE + 1])
    if len(page) > PAGE:
        following = page[PAGE - 1].pk
    rows = [
        {
            "message": message,
            "text": masked(message.text) or message.choice,
            "candidates": candidates_of(message)[:3],
            "mark": title_of(message.mark.intent) if hasattr(message, "mark") else "",
        }
        for message in page[:PAGE]
    ]
    asked = QueryDict(mutable=True)
    asked.update({"show": show, **({"q": words} if words else {}), **({"marked": "yes"} if with_marks else {})})
    shown = {
        "rows": rows,
        "show": show,
        "choices": [(name, label) for name, (label, _) in SHOWN.items()],
        "words": words,
        "with_marks": with_marks,
        "intents": grouped(),
        "more": f"{asked.urlencode()}&before={following}" if following else "",
    }
    return render(request, "console/messages.html", shown)


@needs(Permission.REVIEW)
@require_safe
def message(request: StaffRequest, pk: int) -> HttpResponse:
    """One message, and everything it could have been; where there is no script, this is how others are chosen."""
    found = get_object_or_404(Message, pk=pk)
    record(request.user, Event.VIEW, f"message {found.pk}")
    shown = {"message": found, "text": masked(found.text) or found.choice, "intents": grouped()}
    return render(request, "console/message.html", shown)


def _with_words(words: str, before: str) -> list[int]:
    """The latest messages with the words, of whatever kind; so few that a page is quick, however common they are."""
    found = matching(words)
    if before.isdecimal() and len(before) < 19:
        found = found.filter(message_id__lt=int(before))
    return list(found.order_by("-message_id").values_list("message_id", flat=True)[:LOOKED_AT])


def _found(show: str, *, with_marks: bool) -> QuerySet[Message]:
    found = Message.objects.filter(kind=SHOWN[show][1]).exclude(Q(text="") & Q(choice=""))
    if show == "unsure":
        found = found.filter(confidence__lt=SURE)
    found = found.filter(mark__isnull=not with_marks)
    return found.order_by("-pk")

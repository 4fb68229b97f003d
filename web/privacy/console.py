"""Privacy in the console: what was recorded, what goes when, erasing a visitor, and seeing what is masked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.clinic import clinic
from shared.contact_details import NotAPhoneNumber, read_phone
from web import rasa, turns
from web.channels.ids import hashed
from web.channels.models import Visitor
from web.config import config
from web.console.access import Permission, StaffRequest, needs
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure
from web.privacy import erasure, retention
from web.privacy.models import Entry, Event
from web.privacy.record import first_break, head, record

PAGE = 100
#: Messages shown of a conversation whose personal data is shown.
_MOST = 500
_LEAST_REASON = 10


@needs(Permission.RECORD)
@require_safe
def record_page(request: StaffRequest) -> HttpResponse:
    """Who did what, the latest first; of one person, one kind, one thing."""
    entries = Entry.objects.all()
    wanted = {name: request.GET.get(name, "").strip()[:200] for name in ("who", "event", "about")}
    if wanted["who"]:
        entries = entries.filter(actor_name=wanted["who"])
    if wanted["event"] in Event.values:
        entries = entries.filter(event=wanted["event"])
    if wanted["about"]:
        entries = entries.filter(subject__startswith=wanted["about"])
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(number__lt=int(before))
    found = list(entries[: PAGE + 1])
    broken = first_break() if request.GET.get("check") else None
    number, digest = head()
    context = {
        "entries": found[:PAGE],
        "more": found[PAGE - 1].number if len(found) > PAGE else None,
        "wanted": wanted,
        "events": Event.choices,
        "is_checked": bool(request.GET.get("check")),
        "broken": broken,
        "number": number,
        "digest": digest,
    }
    return render(request, "privacy/record.html", context)


@needs(Permission.PRIVACY)
@require_safe
def retention_page(request: StaffRequest) -> HttpResponse:
    """How long things are kept, what goes next, and what was deleted lately."""
    context = {
        "config": config(),
        "coming": retention.coming(),
        "gone": Entry.objects.filter(event=Event.EXPIRE)[:20],
        "changes": Entry.objects.filter(event=Event.SETTING, subject="retention")[:10],
    }
    return render(request, "privacy/retention.html", context)


class WhomForm(forms.Form):
    """Whom to look for."""

    whom = forms.CharField(
        max_length=200,
        label="Phone, e-mail or name as left with a request, a WhatsApp number, or a conversation's id",
    )


@dataclass(frozen=True)
class Match:
    """Something of a visitor that can be erased: a conversation, or a request without one."""

    kind: str
    key: str
    words: str


@needs(Permission.ERASE)
@require_http_methods(["GET", "HEAD", "POST"])
def erasures(request: StaffRequest) -> HttpResponse:
    """Look for a visitor who asked to be forgotten; and the receipts of those who were."""
    form = WhomForm(request.POST if request.method == "POST" else None)
    found: list[Match] | None = None
    if request.method == "POST" and form.is_valid():
        found = matches(form.cleaned_data["whom"].strip())
        # The words themselves are personal data, so they are not recorded.
        record(request.user, Event.SEARCH, "visitor to erase", found=str(len(found)))
    context = {"form": form, "found": found, "receipts": Erasure.objects.all()[:50]}
    return render(request, "privacy/erasures.html", context)


def matches(whom: str) -> list[Match]:
    """Everything of a visitor that a phone number, e-mail address, name or id leads to."""
    conversations: dict[uuid.UUID, str] = {}
    requests: dict[int, str] = {}
    try:
        pk = uuid.UUID(whom)
    except ValueError:
        pk = None
    if pk and Conversation.objects.filter(pk=pk).exists():
        conversations[pk] = "this conversation"
    digits = "".join(character for character in whom if character.isdigit())
    if len(digits) >= 7:
        numbers = {hashed("phone", number) for number in _numbers(whom, digits)}
        for visitor in Visitor.objects.filter(phone_hash__in=numbers):
            conversations[visitor.conversation_id] = "wrote from this number"
    for request in ContactRequest.objects.select_related("handoff").iterator(chunk_size=500):
        if _is_theirs(request, whom, digits):
            owner = request.conversation_id or (request.handoff.conversation_id if request.handoff else None)
            if owner:
                conversations.setdefault(owner, "left this with a request")
            else:
                requests[request.pk] = "came with the contact form"
    return [
        *(Match("conversation", str(key), words) for key, words in conversations.items()),
        *(Match("request", str(key), words) for key, words in requests.items()),
    ]


def _numbers(whom: str, digits: str) -> Iterable[str]:
    """A number as WhatsApp writes it: digits with the country code."""
    yield digits
    try:
        text = read_phone(whom, clinic().country).text
    except NotAPhoneNumber:
        return
    plain = "".join(character for character in text if character.isdigit())
    yield plain
    if clinic().country == "US" and len(plain) == 10:
        yield f"1{plain}"


def _is_theirs(request: ContactRequest, whom: str, digits: str) -> bool:
    phone = "".join(character for character in request.phone if character.isdigit())
    same_phone = len(digits) >= 7 and bool(phone) and (phone.endswith(digits[-10:]) or digits.endswith(phone[-10:]))
    same_words = whom.casefold() in (request.email.casefold(), " ".join(request.name.split()).casefold())
    return same_phone or same_words


@needs(Permission.ERASE)
@require_http_methods(["GET", "HEAD", "POST"])
def erase_conversation(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask once more, then erase a conversation everywhere."""
    found = get_object_or_404(Conversation, pk=pk)
    if request.method != "POST":
        return render(request, "privacy/erase.html", {"what": f"conversation {found.short_id}", "conversation": found})
    try:
        receipt = erasure.erase(found.pk, Erasure.Via.CONSOLE, request.user)
    except (rasa.RasaUnavailable, turns.Busy):
        receipt = erasure.ask(found.pk, Erasure.Via.CONSOLE, request.user)
        messages.warning(request, "The assistant can't be reached right now. The worker erases it as soon as it can.")
    else:
        messages.success(request, "It was erased everywhere. This is the receipt.")
    return redirect("privacy:receipt", pk=receipt.pk)


@needs(Permission.ERASE)
@require_http_methods(["GET", "HEAD", "POST"])
def erase_request(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask once more, then erase a request; with its conversation, if it has one."""
    found = get_object_or_404(ContactRequest.objects.select_related("handoff"), pk=pk)
    owner = found.conversation_id or (found.handoff.conversation_id if found.handoff else None)
    if owner:
        return redirect("privacy:erase_conversation", pk=owner)
    if request.method != "POST":
        return render(request, "privacy/erase.html", {"what": f"request {found.pk}"})
    receipt = erasure.erase_request(found, request.user)
    messages.success(request, "It was erased. This is the receipt.")
    return redirect("privacy:receipt", pk=receipt.pk)


@needs(Permission.ERASE)
@require_safe
def receipt(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """A receipt, to tell the visitor."""
    found = get_object_or_404(Erasure, pk=pk)
    return render(request, "privacy/receipt.html", {"receipt": found, "words": erasure.receipt_text(found)})


class ReasonForm(forms.Form):
    """Why personal data has to be seen."""

    reason = forms.CharField(
        min_length=_LEAST_REASON,
        max_length=300,
        label="Why do you need to see it?",
        help_text="In a few words, without names. The record keeps it with your name.",
    )


@needs(Permission.REVEAL)
@require_POST
def reveal(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """A conversation with nothing masked, once a reason is given; shown in this answer alone."""
    return _reveal(request, get_object_or_404(Conversation, pk=pk), ReasonForm(request.POST))


@needs(Permission.REVEAL)
@require_safe
def ask_reason(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the reason."""
    found = get_object_or_404(Conversation, pk=pk)
    return render(request, "privacy/reveal.html", {"conversation": found, "form": ReasonForm()})


def _reveal(request: StaffRequest, found: Conversation, form: ReasonForm) -> HttpResponse:
    if not form.is_valid():
        return render(request, "privacy/reveal.html", {"conversation": found, "form": form}, status=400)
    record(request.user, Event.REVEAL, f"conversation {found.pk}", reason=form.cleaned_data["reason"])
    said = list(found.messages.prefetch_related("replies").order_by("-pk")[:_MOST])[::-1]
    turns_ = [
        {
            "message": message,
            "said": message.text or f"[{message.choice or message.attachment}]",
            "replies": [str(reply.body.get("text", "")) for reply in message.replies.all()],
        }
        for message in said
    ]
    context = {"conversation": found, "turns": turns_, "reason": form.cleaned_data["reason"]}
    return render(request, "privacy/revealed.html", context)

"""Content in the console: how the topics stand, one topic with its signature, and proposals of new wordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.content import Topic, Wording, dialogue, topics
from web.console.access import Permission, StaffRequest, needs
from web.content.models import Proposal, Signature
from web.content.proposals import (
    NotAcceptable,
    PatchError,
    close,
    is_stale,
    note_merged,
    patch,
    problems_of,
    propose,
    word_diff,
)
from web.content.signing import WordingChanged, sign, withdraw
from web.content.standing import DAYS, Standing, standing_of, standings
from web.privacy.record import Event, record

_MOST_CLOSED = 50


@dataclass(frozen=True)
class Tab:
    """One way to look at the topics."""

    name: str
    title: str
    empty: str
    wanted: Callable[[Standing], bool]
    order: Callable[[Standing], Any]


TABS = (
    Tab("all", "All", "There are no topics.", lambda one: True, lambda one: one.topic.about.title.lower()),
    Tab(
        "overdue", "Review overdue", "No review is overdue.",
        lambda one: one.is_overdue, lambda one: one.topic.about.review_by,
    ),
    Tab(
        "unsigned", "Not signed", "Every answer is signed.",
        lambda one: one.signature is None, lambda one: (one.voided is None, -one.asked),
    ),
    Tab("asked", "Asked most", "Nothing was asked yet.", lambda one: one.asked > 0, lambda one: -one.asked),
    Tab(
        "doubted", "Doubted most", "Nothing was in doubt.",
        lambda one: one.doubted > 0, lambda one: (-one.doubted, -one.doubt),
    ),
    Tab(
        "worst", "Rated worst", "Nothing was found unhelpful.",
        lambda one: one.unhelpful > 0, lambda one: (-one.badness, -one.unhelpful),
    ),
)  # fmt: skip


@needs(Permission.CONTENT)
@require_safe
def content(request: StaffRequest) -> HttpResponse:
    """The topics, by what should be looked at."""
    tab = next((one for one in TABS if one.name == request.GET.get("show")), TABS[0])
    everything = standings()
    words = request.GET.get("q", "").strip().lower()[:100]
    found = [
        one
        for one in sorted(filter(tab.wanted, everything), key=tab.order)
        if words in f"{one.topic.id} {one.topic.about.title} {one.topic.wording.text}".lower()
    ]
    context = {
        "tabs": [(one, sum(map(one.wanted, everything))) for one in TABS],
        "tab": tab,
        "found": found,
        "words": words,
        "days": DAYS,
        "waiting": Proposal.objects.filter(state=Proposal.State.OPEN).count(),
    }
    return render(request, "content/content.html", context)


class SignForm(forms.Form):
    """What a clinician fills in to sign."""

    digest = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(
        label="Your name, as visitors read it", max_length=100, help_text="With your title, such as Dr. Ann Example."
    )
    is_read = forms.BooleanField(
        label="I have read this wording and its sources, and stand behind them.",
        error_messages={"required": "Read the wording and its sources, then tick this."},
    )

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        problems = problems_of(f"Reviewed by {name}.", "")
        if problems:
            raise forms.ValidationError("This can't be shown to visitors as a name.")
        return name


class ProposalForm(forms.Form):
    """A new wording, and why."""

    text = forms.CharField(
        label="New wording",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Keep {clinic_phone} and its like: they are filled in when it is said.",
        strip=False,
    )
    why = forms.CharField(
        label="Why (optional)", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


def _topic(name: str) -> Topic:
    topic = topics().get(name)
    if topic is None:
        raise Http404
    return topic


@needs(Permission.CONTENT)
@require_safe
def topic_page(request: StaffRequest, topic: str) -> HttpResponse:
    """One topic: its answer, its sources, how it stands, who signed it, what was proposed."""
    return _topic_page(request, _topic(topic))


def _topic_page(
    request: StaffRequest, topic: Topic, *, sign_form: SignForm | None = None,
    proposal_form: ProposalForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    standing = standing_of(topic)
    context = {
        "standing": standing,
        "topic": topic,
        "days": DAYS,
        "changed": word_diff(standing.voided.text, topic.wording.text) if standing.voided else None,
        "signatures": Signature.objects.filter(topic=topic.id).select_related("withdrawn_by")[:20],
        "proposals": [_shown(one, request) for one in Proposal.objects.filter(topic=topic.id).select_related("author")],
        "sign_form": sign_form
        or SignForm(initial={"digest": topic.digest, "name": request.user.get_full_name()}, auto_id="sign_%s"),
        "proposal_form": proposal_form or ProposalForm(initial={"text": topic.wording.text}),
    }
    return render(request, "content/topic.html", context, status=status)


@needs(Permission.SIGN)
@require_POST
def sign_topic(request: StaffRequest, topic: str) -> HttpResponse:
    """Sign the wording that was on the page."""
    signed = _topic(topic)
    form = SignForm(request.POST, auto_id="sign_%s")
    if not form.is_valid():
        return _topic_page(request, signed, sign_form=form, status=400)
    try:
        with transaction.atomic():
            sign(signed, form.cleaned_data["digest"], request.user, form.cleaned_data["name"])
            record(request.user, Event.SIGN, f"topic {signed.id}", digest=signed.digest)
    except WordingChanged:
        messages.error(request, "The wording was changed while you read it. This is the new one; it is not signed.")
    else:
        messages.success(request, "Signed. Visitors who get this answer now read who stands behind it.")
    return redirect("content:topic", topic=topic)


@needs(Permission.SIGN)
@require_POST
def withdraw_signature(request: StaffRequest, topic: str) -> HttpResponse:
    """Take the standing signature back."""
    standing = standing_of(_topic(topic))
    if standing.signature is None:
        messages.error(request, "This wording is not signed.")
    else:
        with transaction.atomic():
            withdraw(standing.signature, request.user)
            record(request.user, Event.SIGN, f"topic {topic}", digest=standing.signature.digest, what="withdrawn")
        messages.success(request, "Taken back. Visitors no longer read a name with this answer.")
    return redirect("content:topic", topic=topic)


@needs(Permission.PROPOSE)
@require_POST
def propose_for_topic(request: StaffRequest, topic: str) -> HttpResponse:
    """Keep a new wording of a topic's answer. What stands against it is said at its field."""
    of = _topic(topic)
    form = ProposalForm(request.POST)
    if _propose(request, form, of.wording, of):
        return redirect("content:topic", topic=topic)
    return _topic_page(request, of, proposal_form=form, status=400)


@needs(Permission.CONTENT)
@require_safe
def replies(request: StaffRequest) -> HttpResponse:
    """Every reply that is no topic's."""
    return render(request, "content/replies.html", {"wordings": dialogue()})


@needs(Permission.PROPOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def propose_for_reply(request: StaffRequest) -> HttpResponse:
    """A new wording of a reply that is no topic's; which one stands in the address, as `?name=utter_greet`."""
    wording = next((one for one in dialogue() if one.name == request.GET.get("name")), None)
    if wording is None:
        raise Http404
    form = ProposalForm(request.POST or None, initial={"text": wording.text})
    if request.method == "POST" and _propose(request, form, wording, None):
        return redirect("content:proposals")
    status = 400 if form.errors else 200
    return render(request, "content/reply.html", {"wording": wording, "proposal_form": form}, status=status)


def _propose(request: StaffRequest, form: ProposalForm, wording: Wording, topic: Topic | None) -> bool:
    if not form.is_valid():
        return False
    try:
        propose(wording, topic, form.cleaned_data["text"], form.cleaned_data["why"], request.user)
    except NotAcceptable as error:
        for problem in error.problems:
            form.add_error("text", problem)
        return False
    messages.success(request, "Kept. An engineer puts it into the content; until then the old wording is said.")
    return True


@needs(Permission.CONTENT)
@require_safe
def proposals(request: StaffRequest) -> HttpResponse:
    """What was proposed: first what waits."""
    note_merged()
    found = Proposal.objects.select_related("author", "closed_by")
    context = {
        "waiting": [_shown(one, request) for one in found.filter(state=Proposal.State.OPEN)],
        "closed": [_shown(one, request) for one in found.exclude(state=Proposal.State.OPEN)[:_MOST_CLOSED]],
    }
    return render(request, "content/proposals.html", context)


def _shown(proposal: Proposal, request: StaffRequest) -> dict[str, object]:
    """A proposal as a page shows it, with the words that differ and what this person may do about it."""
    is_open = proposal.state == Proposal.State.OPEN
    return {
        "proposal": proposal,
        "runs": word_diff(proposal.before, proposal.text),
        "is_stale": is_open and is_stale(proposal),
        "may_withdraw": is_open and proposal.author_id == request.user.pk,
        "may_decline": is_open and Permission.SIGN in request.permissions and proposal.author_id != request.user.pk,
    }


@needs(Permission.PROPOSE)
@require_POST
def close_proposal(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back one's own proposal; or, as a clinician, decline someone else's."""
    proposal = get_object_or_404(Proposal, pk=pk)
    is_own = proposal.author_id == request.user.pk
    if not is_own and Permission.SIGN not in request.permissions:
        return render(request, "console/refused.html", status=403)
    state = Proposal.State.WITHDRAWN if is_own else Proposal.State.DECLINED
    if close(proposal, state, request.user):
        messages.success(request, "Taken back." if is_own else "Declined.")
    else:
        messages.error(request, f"This proposal was closed before: {proposal.get_state_display().lower()}.")
    return redirect("content:proposals")


@needs(Permission.PROPOSE)
@require_safe
def patch_of_open(request: StaffRequest) -> HttpResponse:
    """What waits, as a file for the engineer."""
    note_merged()
    try:
        written = patch(list(Proposal.objects.filter(state=Proposal.State.OPEN)))
    except PatchError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    headers = {"Content-Disposition": 'attachment; filename="wordings.patch"'}
    return HttpResponse(written, content_type="text/x-patch; charset=utf-8", headers=headers)

"""The built-in contact form: works without JavaScript, knows from the handoff what it is about."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shared.clinic import clinic
from web.config import config
from web.contact.due import due_after
from web.contact.forms import ContactForm, new_sending_id
from web.contact.links import handoff_id_of
from web.contact.models import ContactRequest
from web.conversations.models import Handoff
from web.limits import is_over_limit, visitor_address
from web.notices import emergency_sentence
from web.notifications.models import Notification
from web.notifications.outbox import notify

_HOUR = 3600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact_form(request: HttpRequest, signed: str = "") -> HttpResponse:
    """Show the form, or store what was sent and say so. A link that is forged or too old gives the empty form."""
    handoff_id = handoff_id_of(signed) if signed else None
    handoff = Handoff.objects.filter(pk=handoff_id).first() if handoff_id else None
    if request.method != "POST":
        form = ContactForm(initial={"reason": handoff.reason if handoff else ""})
        return _page(request, form)
    form = ContactForm(request.POST)
    if _is_stored(form):
        return redirect("contact_thanks")
    limit = config().contact_forms_per_hour_per_address
    if is_over_limit("contact", visitor_address(request), limit, _HOUR):
        form.add_error(None, "Too many messages were sent from your connection. Please call, or try again later.")
        return _page(request, form, status=429)
    if not form.is_valid():
        return _page(request, form, status=422)
    _store(form, handoff)
    return redirect("contact_thanks")


def _is_stored(form: ContactForm) -> bool:
    """Whether this very form was sent before: a second tap, or a page sent again."""
    return form.sending_id is not None and ContactRequest.objects.filter(sending_id=form.sending_id).exists()


def _store(form: ContactForm, handoff: Handoff | None) -> None:
    """Put an entry into the queue; sent twice at once, it is stored once."""
    entry: ContactRequest = form.save(commit=False)
    entry.reason = form.cleaned_data["reason"]
    entry.handoff = handoff
    entry.conversation = handoff.conversation if handoff else None
    entry.source = ContactRequest.Source.FORM
    entry.sending_id = form.sending_id
    entry.is_suspect = form.is_trapped
    entry.due_at = due_after(timezone.now())
    try:
        with transaction.atomic():
            entry.save()
            if handoff:
                Handoff.objects.filter(pk=handoff.pk).update(status="requested")
            if not entry.is_suspect:
                notify(Notification.Kind.NEW_REQUEST, entry.staff_path)
    except IntegrityError:
        if not _is_stored(form):
            raise


@require_safe
def contact_thanks(request: HttpRequest) -> HttpResponse:
    """What was sent is stored by now."""
    return render(request, "contact/thanks.html", _context())


def _page(request: HttpRequest, form: ContactForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "sending": new_sending_id(), **_context()}
    return render(request, "contact/form.html", context, status=status)


def _context() -> dict[str, object]:
    return {
        "clinic_name": clinic().name,
        "phone": clinic().phone_e164,
        "phone_text": clinic().phone_text,
        "emergency": emergency_sentence(),
    }

"""What visitors are told of their data: the privacy page, and what became of an erasure."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shared.clinic import clinic
from web.config import config
from web.conversations.models import Erasure
from web.notices import contact, emergency_sentence


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, how long, who sees it, and how it is deleted: as the settings have it."""
    context = {**_context(), "config": config(), "has_meta": config().has_messenger or config().has_whatsapp}
    return render(request, "privacy/privacy.html", context)


@require_safe
@never_cache
def erasure(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What became of an erasure, for whoever has its number."""
    found = get_object_or_404(Erasure, pk=pk)
    return render(request, "privacy/erasure.html", {**_context(), "erasure": found, "config": config()})


def _context() -> dict[str, object]:
    return {"clinic_name": clinic().name, "contact": contact(), "emergency": emergency_sentence()}

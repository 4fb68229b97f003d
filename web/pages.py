"""The page with the chat, and what an unknown address or a failure shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shared.clinic import clinic
from web.notices import contact, emergency_sentence


def _context() -> dict[str, object]:
    return {"clinic_name": clinic().name, "contact": contact(), "emergency": emergency_sentence()}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A plain page with a working chat."""
    return render(request, "home.html", _context())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the way to the clinic."""
    return render(request, "error.html", {"title": "This page does not exist", **_context()}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, with the way to the clinic."""
    return render(request, "error.html", {"title": "Something went wrong here", **_context()}, status=500)

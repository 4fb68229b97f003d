"""The page with the chat, and what an unknown address or a failure shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shared.clinic import clinic
from web.notices import contact, emergency_sentence
from web.website.views import error_response


def _context() -> dict[str, object]:
    return {
        "clinic_name": clinic().name,
        "contact": contact(),
        "emergency": emergency_sentence(),
        "emergency_line": clinic().emergency_line,
    }


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A plain page with a working chat."""
    return render(request, "home.html", _context())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, with the way to the clinic."""
    return _failure(request, 400, "bad_request", "This could not be read")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the way to the clinic."""
    return _failure(request, 403, "forbidden", "This is not open to you")


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was not sent from this site, was open for too long, or came without its cookie."""
    return _failure(request, 403, "form_expired", "This form has expired, please open it again")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the way to the clinic."""
    return _failure(request, 404, "not_found", "This page does not exist")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, with the way to the clinic."""
    return _failure(request, 500, "error", "Something went wrong here")


def _failure(request: HttpRequest, status: int, code: str, title: str) -> HttpResponse | JsonResponse:
    if request.path.startswith("/api/"):
        return error_response(status, code, f"{title}. {emergency_sentence()}")
    return render(request, "error.html", {"title": title, **_context()}, status=status)

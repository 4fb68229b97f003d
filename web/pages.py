"""The demo page, the chat as a page for frames, and what an unknown address or a failure shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from shared.clinic import clinic
from web import widget
from web.config import config
from web.middleware import POLICY
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
    """A clinic's page with the chat on it, and how to have that on one's own."""
    current = widget.release()
    snippets = {
        "loader": f"{config().public_url}/widget/{widget.LOADER}",
        "pinned": f"{config().public_url}/widget/{current.pinned_loader}",
        "integrity": current.loader.integrity,
        "embed": f"{config().public_url}/embed",
    }
    return render(request, "home.html", {**_context(), **snippets})


@require_safe
@xframe_options_exempt
def embed(request: HttpRequest) -> HttpResponse:
    """The chat alone, for sites that can embed nothing but a frame; only those of `WIDGET_ORIGINS`."""
    response = render(request, "embed.html", _context())
    framed_by = " ".join(["'self'", *config().widget_origins])
    response.headers["Content-Security-Policy"] = POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors {framed_by}"
    )
    return response


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

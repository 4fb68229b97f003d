"""Logging in and out."""

from __future__ import annotations

from django import forms
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from web.console import sessions
from web.console.access import StaffRequest, for_half_logged_in, open_to_all
from web.limits import is_over_limit, visitor_address

#: From one address, whatever the names: a clinic behind one address has room, a list of passwords has not.
ATTEMPTS, ATTEMPTS_SECONDS = 50, 15 * 60
_WRONG = "This name and password don't belong together. Both heed capital letters."
_TOO_MANY = "Too many attempts. Please wait a quarter of an hour."


class LoginForm(AuthenticationForm):
    """Name and password; an error says neither which of them was wrong nor whether the account is on."""

    error_messages = {"invalid_login": _WRONG, "inactive": _WRONG}
    username = forms.CharField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username"})
    )


@open_to_all
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Name and password, and then to where the person was going; whoever has a second factor is asked for it there."""
    target = request.POST.get("next", request.GET.get("next", ""))
    form = LoginForm(request, data=request.POST or None)
    status = 200
    if request.method == "POST":
        if is_over_limit("login", visitor_address(request), ATTEMPTS, ATTEMPTS_SECONDS):
            return render(request, "console/login.html", {"problem": _TOO_MANY, "next": target}, status=429)
        if form.is_valid():
            start_session(request, form.get_user())
            sessions.begin(request)
            return redirect(own_address(request, target) or "console:home")
        if getattr(request, "axes_locked_out", False):
            return render(request, "console/login.html", {"problem": _TOO_MANY, "next": target}, status=429)
    return render(request, "console/login.html", {"form": form, "next": target}, status=status)


def own_address(request: HttpRequest, target: str) -> str:
    """The address, when it is one of this site; else nothing."""
    is_own = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_own else ""


@for_half_logged_in
@require_POST
def logout(request: StaffRequest) -> HttpResponse:
    """End this login."""
    end_session(request)
    return redirect("console:login")

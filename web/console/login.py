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
from web.console.access import StaffRequest, for_all_staff, open_to_all


class LoginForm(AuthenticationForm):
    """Name and password; an error says neither which of them was wrong nor whether the account is on."""

    error_messages = {
        "invalid_login": "This name and password don't belong together. Both heed capital letters.",
        "inactive": "This name and password don't belong together. Both heed capital letters.",
    }
    username = forms.CharField(
        label="Name", widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username"})
    )


@open_to_all
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Name and password, and then to where the person was going."""
    target = request.POST.get("next", request.GET.get("next", ""))
    form = LoginForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        start_session(request, form.get_user())
        sessions.begin(request)
        return redirect(own_address(request, target) or "console:home")
    return render(request, "console/login.html", {"form": form, "next": target})


def own_address(request: HttpRequest, target: str) -> str:
    """The address, when it is one of this site; else nothing."""
    is_own = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_own else ""


@for_all_staff
@require_POST
def logout(request: StaffRequest) -> HttpResponse:
    """End this login."""
    end_session(request)
    return redirect("console:login")

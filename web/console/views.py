"""The start page, and one's own account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_otp.plugins.otp_static.models import StaticToken

from web.console.access import StaffRequest, for_all_staff
from web.console.factors import has_factor
from web.console.navigation import first_page
from web.privacy.record import Event, record


@for_all_staff
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """The first page of the person's menu."""
    return redirect(first_page(request.permissions) or "console:account")


@for_all_staff
@require_http_methods(["GET", "POST"])
def account(request: StaffRequest) -> HttpResponse:
    """What this account is and may do; its password and second factor."""
    form: Any = PasswordChangeForm(request.user, request.POST or None)
    form.fields["old_password"].widget.attrs.pop("autofocus", None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(request.user, Event.SETTING, f"account {request.user.pk}", did="password changed")
        # Every other browser of this account is logged out.
        update_session_auth_hash(request, form.user)
        messages.success(request, "Your password is changed.")
        return redirect("console:account")
    shown = {
        "form": form,
        "has_factor": has_factor(request.user),
        "codes_left": StaticToken.objects.filter(device__user=request.user).count(),
        "permissions": sorted(request.permissions),
    }
    return render(request, "console/account.html", shown)

"""The second factor: an app that shows codes (TOTP), and backup codes for when the phone is gone."""

from __future__ import annotations

from base64 import b32encode
from typing import cast

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import devices_for_user, match_token
from django_otp import login as keep_verified
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from web.config import config
from web.console.access import StaffRequest, for_all_staff, for_half_logged_in
from web.console.factors import has_factor, is_verified
from web.console.login import own_address
from web.privacy.record import Event, record

BACKUP_CODES = 10


class CodeForm(forms.Form):
    """One code, of the app or a backup code."""

    code = forms.CharField(
        label="Code",
        max_length=16,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split()).lower()


@for_half_logged_in
@require_http_methods(["GET", "POST"])
def verify(request: StaffRequest) -> HttpResponse:
    """After the password: the code."""
    target = request.POST.get("next", request.GET.get("next", ""))
    if not has_factor(request.user) or is_verified(request):
        return redirect(own_address(request, target) or "console:home")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = _matching(request.user, form.cleaned_data["code"])
        if device is not None:
            _keep(request, device)
            return redirect(own_address(request, target) or "console:home")
        form.add_error("code", "This code is not right, or was used already. After a wrong one wait a moment.")
    return render(request, "console/verify.html", {"form": form, "next": target})


@for_half_logged_in
@require_http_methods(["GET", "POST"])
def set_up(request: StaffRequest) -> HttpResponse:
    """Show the secret to an app, and have it prove that it has it; then give the backup codes, once."""
    if has_factor(request.user):
        return redirect("console:account" if is_verified(request) else "console:verify")
    device, _ = TOTPDevice.objects.get_or_create(user=request.user, confirmed=False, defaults={"name": "app"})
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if device.verify_token(form.cleaned_data["code"]):
                device.confirmed = True
                device.save()
                codes = _new_backup_codes(request.user)
                record(request.user, Event.SETTING, f"account {request.user.pk}", did="second factor set up")
                _keep(request, device)
                return render(request, "console/backup_codes.html", {"codes": codes})
        form.add_error("code", "This code is not right. Is the phone's clock? Wait for the next code.")
    shown = {
        "form": form,
        "picture": _picture(str(device.config_url)),
        "secret": _in_fours(device.bin_key),
        "is_required": config().needs_second_factor,
    }
    return render(request, "console/second_factor.html", shown)


@for_all_staff
@require_POST
def new_codes(request: StaffRequest) -> HttpResponse:
    """New backup codes instead of the old ones."""
    if not is_verified(request):
        messages.error(request, "Set up a second factor first.")
        return redirect("console:account")
    with transaction.atomic():
        codes = _new_backup_codes(request.user)
        record(request.user, Event.SETTING, f"account {request.user.pk}", did="new backup codes")
    return render(request, "console/backup_codes.html", {"codes": codes})


def forget(user: User) -> None:
    """Remove a person's second factor and backup codes; they set it up anew at the next login."""
    for device in devices_for_user(user, confirmed=None):
        device.delete()


def _matching(user: User, code: str) -> Device | None:
    with transaction.atomic():
        return cast("Device | None", match_token(user, code))


def _keep(request: HttpRequest, device: Device) -> None:
    # Whoever knew this session before the code was given does not know the next.
    request.session.cycle_key()
    keep_verified(request, device)


def _new_backup_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="backup codes")
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def _picture(address: str) -> SafeString:
    # With a view box and without a size of its own: the whole of it is drawn, at the size of the page's stylesheet.
    drawn = segno.make(address, error="m").svg_inline(border=3, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 (drawn here, of dots)


def _in_fours(secret: bytes) -> str:
    text = b32encode(secret).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))

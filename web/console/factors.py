"""Whether someone has a second factor, and has shown it in this login."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice


def has_factor(user: User) -> bool:
    """Whether the person has set one up."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def is_verified(request: HttpRequest) -> bool:
    """Whether this login was made with a second factor that the person still has."""
    kept = request.session.get(DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(kept) if isinstance(kept, str) else None
    return device is not None and device.user_id == request.user.pk and bool(device.confirmed)

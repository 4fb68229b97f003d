"""The form's address: a signed, expiring handoff id and nothing a visitor wrote."""

from __future__ import annotations

from django.core import signing
from django.urls import reverse

from web.config import config

_SALT = "contact.handoff"
MAX_AGE_SECONDS = 7 * 24 * 3600


def form_url(handoff_id: str | None) -> str:
    """The absolute address of the form, for a handoff where there is one."""
    if handoff_id is None:
        return config().public_url + reverse("contact")
    signed = signing.TimestampSigner(salt=_SALT).sign(handoff_id)
    return config().public_url + reverse("contact_handoff", args=[signed])


def handoff_id_of(signed: str) -> str | None:
    """The handoff id of an address; None when it is forged or too old."""
    try:
        return signing.TimestampSigner(salt=_SALT).unsign(signed, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return None

"""Meta's data deletion callback: someone who removed the app from their account asks for their data to be deleted.

Meta sends a `signed_request` and wants an address where the person can see what became of it, and a code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from web.config import config
from web.privacy import erasure

logger = logging.getLogger(__name__)

_LONGEST = 10_000


class NotSigned(Exception):
    """Meta did not sign this; the message says what is wrong, and quotes nothing of it."""


def read_signed(signed: str) -> str:
    """The id of the person that a signed request is about.

    Raises:
        NotSigned: it is malformed, of another algorithm, or the app's secret did not sign it.
    """
    secret = config().meta_app_secret.get_secret_value()
    signature, dot, payload = signed.partition(".")
    if not secret or not dot or len(signed) > _LONGEST:
        raise NotSigned("no signed request")
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_decoded(signature), expected):
        raise NotSigned("wrong signature")
    try:
        content: Any = json.loads(_decoded(payload))
    except (ValueError, RecursionError) as error:
        raise NotSigned("no JSON") from error
    if not isinstance(content, dict) or str(content.get("algorithm", "")).upper() != "HMAC-SHA256":
        raise NotSigned("another algorithm")
    person = content.get("user_id")
    if not isinstance(person, str | int) or isinstance(person, bool) or not str(person).strip():
        raise NotSigned("no user id")
    return str(person)


def _decoded(part: str) -> bytes:
    """URL-safe base64 without its padding."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotSigned("no base64") from error


@csrf_exempt
@never_cache
@require_POST
def deletion(request: HttpRequest) -> HttpResponse:
    """Write down that a person's data is to be erased, and say where that can be seen."""
    try:
        person = read_signed(request.POST.get("signed_request", ""))
    except NotSigned as error:
        logger.error("A deletion request of Meta was refused (%s)", error)
        return JsonResponse({"error": {"code": "not_signed", "message": "This was not signed by Meta."}}, status=400)
    receipt = erasure.ask_for_id(person)
    address = config().public_url + reverse("erasure", args=[receipt.pk])
    return JsonResponse({"url": address, "confirmation_code": receipt.pk.hex})

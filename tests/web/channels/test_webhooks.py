"""Where Meta calls: verified over the raw bytes, kept before it is acknowledged, and nothing done before that."""

from __future__ import annotations

import io
import json
from typing import Any, NoReturn

import httpx
import pytest
from django.db import OperationalError

from evaluation.meta import payloads
from evaluation.meta.payloads import Someone
from evaluation.meta.simulator import VERIFY_TOKEN, signature
from tests.web.support import FakeRasa
from web.channels import intake
from web.channels.models import Webhook
from web.channels.webhooks import MAX_BODY
from web.config import Config
from web.conversations.models import Message

MARKER = "Zanzibar"


async def post(http: httpx.AsyncClient, channel: str, content: bytes, signed: str | None = None) -> httpx.Response:
    headers = {"X-Hub-Signature-256": signature(content) if signed is None else signed}
    return await http.post(f"/webhooks/{channel}", content=content, headers=headers)


async def test_a_signed_webhook_is_kept_and_acknowledged(http: httpx.AsyncClient, rasa: FakeRasa, who: Someone) -> None:
    """One row, encrypted; no message is made of it and no one is asked before the answer."""
    content = json.dumps(payloads.text(who, MARKER)).encode()
    answer = await post(http, who.channel, content)
    assert (answer.status_code, answer.content) == (200, b"")
    webhook = await Webhook.objects.aget()
    assert webhook.channel == who.channel
    assert MARKER not in webhook.body
    assert await Message.objects.acount() == 0
    assert rasa.asked == []


@pytest.mark.parametrize("wrong", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "ü", "SHA256=" + "0" * 64])
async def test_a_wrong_signature_is_refused(http: httpx.AsyncClient, who: Someone, wrong: str) -> None:
    """And nothing of the body is read."""
    content = json.dumps(payloads.text(who, "hello")).encode()
    headers = {"X-Hub-Signature-256": wrong.encode("latin-1")}
    answer = await http.post(f"/webhooks/{who.channel}", content=content, headers=headers)
    assert answer.status_code == 401
    assert await Webhook.objects.acount() == 0


async def test_the_signature_is_over_the_raw_bytes(http: httpx.AsyncClient, who: Someone) -> None:
    """The same JSON with other blanks is another body."""
    body = payloads.text(who, "hello")
    signed = signature(json.dumps(body).encode())
    assert (await post(http, who.channel, json.dumps(body, indent=1).encode(), signed)).status_code == 401


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"object": "user", "entry": []}', b"\xff", b"[" * 9999]
)
async def test_what_meta_does_not_send_is_refused(http: httpx.AsyncClient, who: Someone, content: bytes) -> None:
    """Signed, but not a webhook of this channel."""
    assert (await post(http, who.channel, content)).status_code == 400
    assert await Webhook.objects.acount() == 0


async def test_a_body_has_a_limit(http: httpx.AsyncClient, who: Someone) -> None:
    """Three megabytes are Meta's largest; more than four are refused unread."""
    body = payloads.text(who, "hello") | {"padding": "x" * (3 * 1024 * 1024)}
    assert (await post(http, who.channel, json.dumps(body).encode())).status_code == 200
    assert (await post(http, who.channel, b"x" * (MAX_BODY + 1))).status_code == 413


async def test_meta_verifies_the_address(http: httpx.AsyncClient, who: Someone) -> None:
    """The challenge goes back to whoever knows the token, as text."""
    asked = {"hub.mode": "subscribe", "hub.challenge": "<b>42</b>", "hub.verify_token": VERIFY_TOKEN}
    right = await http.get(f"/webhooks/{who.channel}", params=asked)
    assert (right.status_code, right.text) == (200, "<b>42</b>")
    assert right.headers["Content-Type"].startswith("text/plain")
    for wrong in ({"hub.verify_token": "no"}, {"hub.verify_token": ""}, {"hub.mode": "other"}):
        assert (await http.get(f"/webhooks/{who.channel}", params=asked | wrong)).status_code == 403


async def test_what_cant_be_kept_is_not_acknowledged(
    http: httpx.AsyncClient, who: Someone, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """Meta sends it again. The log says what failed, and nothing of the message."""

    def fail(*_: Any) -> NoReturn:
        raise OperationalError(MARKER)

    monkeypatch.setattr(intake, "store", fail)
    content = json.dumps(payloads.text(who, MARKER)).encode()
    assert (await post(http, who.channel, content)).status_code == 503
    assert "OperationalError" in log.getvalue()
    assert MARKER not in log.getvalue()


async def test_a_channel_that_is_off_has_no_door(
    http: httpx.AsyncClient, who: Someone, settings_of_web: Config
) -> None:
    """Without its settings the address does not exist."""
    settings_of_web.whatsapp_phone_number_id = settings_of_web.messenger_page_id = ""
    assert (await http.get(f"/webhooks/{who.channel}")).status_code == 404
    assert (await post(http, who.channel, b"{}")).status_code == 404


async def test_other_methods_are_refused(http: httpx.AsyncClient, who: Someone) -> None:
    """Meta uses two."""
    answer = await http.put(f"/webhooks/{who.channel}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")

"""The website API keeps to its OpenAPI document, whatever it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.support import FakeRasa
from web.asgi import application
from web.config import ROOT, Config
from web.urls import urlpatterns
from web.website.openapi import document

schema = schemathesis.openapi.from_dict(document())
#: Short: a longer run is `--hypothesis-seed` and patience.
SHORT = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
Send = Callable[..., httpx.Response]


def test_the_document_is_current() -> None:
    """`make openapi` was run after the last change."""
    assert json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")) == document()


def test_every_address_of_the_api_is_in_it() -> None:
    """None is left out, and none is made up."""
    ours = {f"/{pattern.pattern}" for pattern in urlpatterns if str(pattern.pattern).startswith("api/")}
    assert set(document()["paths"]) == ours


@pytest.fixture
def send(transactional_db: None, rasa: FakeRasa, settings_of_web: Config) -> Send:
    """Sends one request to the public process; a session's token is put in where one is wanted."""
    settings_of_web.messages_per_minute_per_session = 10**9
    settings_of_web.messages_per_minute_per_address = 10**9
    settings_of_web.sessions_per_hour_per_address = 10**9

    async def one(method: str, url: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            if more.pop("with_token", False):
                token = (await client.post("/api/chat/sessions", json={})).json()["token"]
                more["headers"] = {**(more.get("headers") or {}), "Authorization": f"Bearer {token}"}
            return await client.request(method, url, **more)

    def run(method: str, url: str, **more: Any) -> httpx.Response:
        return asyncio.run(one(method, url, **more))

    return run


@schema.parametrize()
@SHORT
def test_every_answer_is_as_documented(case: schemathesis.Case, send: Send) -> None:
    """With a session and without, with what fits the schema and what does not: no 500, and the written shape."""
    parts = case.as_transport_kwargs(base_url="http://testserver")
    headers = {name: value for name, value in (parts.get("headers") or {}).items() if name.lower() != "authorization"}
    content = parts.get("data")
    body = {"json": parts["json"]} if "json" in parts else {"content": content} if content is not None else {}
    for with_token in (False, True):
        response = send(
            parts["method"],
            parts["url"].removeprefix("http://testserver"),
            params=parts.get("params"),
            headers=headers,
            with_token=with_token,
            **body,
        )
        assert response.status_code != 500
        case.validate_response(
            response, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )


@given(body=st.binary(max_size=400), method=st.sampled_from(["POST", "DELETE", "PUT", "TRACE", "GET"]))
@SHORT
def test_no_bytes_break_it(send: Send, body: bytes, method: str) -> None:
    """Whatever is sent, the answer is JSON and the caller's error."""
    for path in ("sessions", "messages", "feedback"):
        response = send(method, f"/api/chat/{path}", content=body, with_token=True)
        assert response.status_code < 500
        assert isinstance(response.json(), dict)


@given(text=st.text(min_size=1, max_size=300))
@SHORT
def test_no_text_breaks_it(send: Send, text: str) -> None:
    """Any text that is one gets an answer; what holds nothing readable is refused."""
    body = json.dumps({"client_message_id": "1", "text": text})
    response = send("POST", "/api/chat/messages", content=body, with_token=True)
    assert response.status_code in (200, 400, 422)
    if response.status_code == 200:
        assert response.json()["replies"]


@given(token=st.text(alphabet=st.characters(codec="ascii", min_codepoint=33), max_size=120))
@SHORT
def test_no_token_but_ours_opens_anything(send: Send, token: str) -> None:
    """Forged, cut or senseless: 401."""
    response = send("GET", "/api/chat/messages", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401

"""What every response carries, and who may call from where."""

from __future__ import annotations

import pytest
from corsheaders.conf import conf

from tests.web.support import Visitor, assert_error
from web.config import Config
from web.middleware import POLICY

WIDGET = "https://clinic.example"
CALLS = [
    ("POST", "/api/chat/sessions"),
    ("GET", "/api/chat/messages"),
    ("POST", "/api/chat/messages"),
    ("GET", "/"),
    ("GET", "/contact/"),
    ("GET", "/nowhere"),
    ("GET", "/console/login"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_every_response_is_locked_down(visitor: Visitor, method: str, path: str) -> None:
    """Nothing inline or foreign runs, nobody frames it, no type is guessed, no address leaks."""
    response = await visitor.http.request(method, path, headers=visitor.headers)
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_policy_allows_nothing_inline_or_foreign() -> None:
    """Everything is forbidden that is not named, and only this site is named."""
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert {source for value in rules.values() for source in value.split()} == {"'none'", "'self'", "data:"}
    assert rules["script-src"] == "'self'"


async def test_the_api_sets_no_cookie_and_is_not_cached(visitor: Visitor) -> None:
    """The token is the session; no response stays in a cache."""
    for method, path in [("POST", "sessions"), ("GET", "messages"), ("PATCH", "messages"), ("DELETE", "session")]:
        response = await visitor.http.request(method, f"/api/chat/{path}", headers=visitor.headers)
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"


@pytest.fixture
def widget_on_the_clinics_page(settings: object) -> None:
    """`WIDGET_ORIGINS` names the clinic's page."""
    settings.CORS_ALLOWED_ORIGINS = [WIDGET]  # type: ignore[attr-defined]
    assert conf.CORS_ALLOWED_ORIGINS == [WIDGET]


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.usefixtures("widget_on_the_clinics_page")
async def test_the_widget_may_call_from_the_clinics_page(visitor: Visitor) -> None:
    """The browser asks first, then calls; errors are readable too."""
    asked = await visitor.http.options("/api/chat/messages", headers={"Origin": WIDGET, **PREFLIGHT})
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == WIDGET
    assert set(asked.headers["Access-Control-Allow-Headers"].split(", ")) == {"authorization", "content-type"}
    for headers in ({"Origin": WIDGET, **visitor.headers}, {"Origin": WIDGET}):
        response = await visitor.http.get("/api/chat/messages", headers=headers)
        assert response.headers["Access-Control-Allow-Origin"] == WIDGET
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.usefixtures("widget_on_the_clinics_page")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://clinic.example", "https://clinic.example.evil", "null"]
)
async def test_no_other_page_may_call(visitor: Visitor, origin: str) -> None:
    """Another page's browser is not told that it may read the answer."""
    for method, headers in (("OPTIONS", PREFLIGHT), ("GET", visitor.headers)):
        response = await visitor.http.request(method, "/api/chat/messages", headers={"Origin": origin, **headers})
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.usefixtures("widget_on_the_clinics_page")
async def test_no_other_page_may_act(visitor: Visitor) -> None:
    """A browser on a site that is not named is refused before anything is done; programs have no Origin."""
    body = {"client_message_id": "1", "text": "hello"}
    for origin in ("https://evil.example", "null", "http://clinic.example"):
        headers = {"Origin": origin, **visitor.headers}
        response = await visitor.http.post("/api/chat/messages", json=body, headers=headers)
        assert_error(response, 403, "origin_not_allowed")
        assert_error(await visitor.http.delete("/api/chat/session", headers=headers), 403, "origin_not_allowed")
    assert await visitor.log() == []
    for origin in (WIDGET, "http://testserver", "http://localhost:8000"):
        headers = {"Origin": origin, **visitor.headers}
        assert (await visitor.http.post("/api/chat/messages", json=body, headers=headers)).status_code == 200


async def test_only_named_sites_may_frame_the_chat(visitor: Visitor, settings_of_web: Config) -> None:
    """The page for frames, and no other page."""
    settings_of_web.widget_origins = [WIDGET]
    response = await visitor.http.get("/embed")
    assert f"frame-ancestors 'self' {WIDGET}" in response.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers
    for path in ("/", "/contact/"):
        assert (await visitor.http.get(path)).headers["X-Frame-Options"] == "DENY"


@pytest.mark.usefixtures("widget_on_the_clinics_page")
@pytest.mark.parametrize("path", ["/contact/", "/console/login", "/health/ready", "/"])
async def test_the_widget_reads_the_api_alone(visitor: Visitor, path: str) -> None:
    """Pages and the console are no part of it."""
    response = await visitor.http.get(path, headers={"Origin": WIDGET})
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_host_that_is_not_ours_is_refused(visitor: Visitor) -> None:
    """A forged Host header reaches no view; the answer still has the way to the clinic."""
    response = await visitor.http.get("/api/chat/sessions/", headers={"Host": "evil.example"})
    assert_error(response, 400, "bad_request")

"""Whether the process lives, and which part is down."""

from __future__ import annotations

import httpx
import pytest
import pytest_asyncio
from django.db import OperationalError, connection
from django.utils import timezone
from redis import RedisError

from tests.web.support import FakeRasa, exchange_with
from web import health, worker
from web import rasa as rasa_module
from web.config import Config
from web.conversations.models import WorkerBeat
from web.notifications.models import Notification

ALL_WELL = {"database": "ok", "rasa": "ok", "actions": "ok", "worker": "ok", "notifications": "ok"}


@pytest_asyncio.fixture(autouse=True)
async def _worker(http: httpx.AsyncClient) -> None:
    """A worker that was seen a moment ago."""
    await worker.beat()


def servers(monkeypatch: pytest.MonkeyPatch, down: str | None) -> list[httpx.Request]:
    """Rasa and the action server, of which one may be down."""
    asked: list[httpx.Request] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        part = "rasa" if request.url.port == 5005 else "actions"
        if part == down:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200)

    monkeypatch.setattr(rasa_module, "_exchange", exchange_with(serve))
    return asked


async def test_a_process_that_answers_lives(http: httpx.AsyncClient, rasa: FakeRasa) -> None:
    """Living needs no other part: nobody restarts web because Rasa is down."""
    rasa.fault = "down"
    response = await http.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready_means_that_every_part_answers(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is asked where it says how it is, and no secret is sent along."""
    asked = servers(monkeypatch, None)
    response = await http.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "parts": ALL_WELL})
    urls = sorted(str(request.url) for request in asked)
    assert urls == ["http://127.0.0.1:5005/webhooks/gateway/health", "http://127.0.0.1:5055/health"]
    assert [request for request in asked if "Authorization" in request.headers] == []


@pytest.mark.parametrize("part", ["rasa", "actions"])
async def test_the_part_that_is_down_is_named(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """503, and the others are still reported."""
    servers(monkeypatch, part)
    response = await http.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "degraded", "parts": {**ALL_WELL, part: "down"}}


async def test_a_database_that_is_down_is_named(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the database."""
    servers(monkeypatch, None)

    class Away:
        def cursor(self) -> None:
            raise OperationalError("refused")

    monkeypatch.setattr(health, "connection", Away())
    response = await http.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "degraded", "parts": {**ALL_WELL, "database": "down"}}


async def test_without_a_worker_visitors_are_still_answered(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200, so that no one takes web away from visitors, and "degraded", so that someone looks."""
    servers(monkeypatch, None)
    await WorkerBeat.objects.aupdate(at=timezone.now() - 2 * worker.SILENT_AFTER)
    response = await http.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["parts"] == {**ALL_WELL, "worker": "down"}


async def test_notifications_that_fail_are_named(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that refuses is seen here before a visitor waits in vain."""
    servers(monkeypatch, None)
    await Notification.objects.acreate(kind="new_request", way="email", path="/console/", attempts=1)
    response = await http.get("/health/ready")
    assert response.json()["parts"] == {**ALL_WELL, "notifications": "failing"}


@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_is_not_well() -> None:
    """A database that was never migrated can't take a message."""
    assert health._database_is_well() is True
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE conversations_conversation RENAME TO elsewhere")
    try:
        assert health._database_is_well() is False
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE elsewhere RENAME TO conversations_conversation")


@pytest.mark.parametrize(("fails", "said"), [(True, "down"), (False, "ok")])
async def test_redis_is_a_part_where_it_is_set(
    http: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    settings_of_web: Config,
    fails: bool,
    said: str,
) -> None:
    """Without it visitors are answered, so it does not make web unready."""
    servers(monkeypatch, None)
    settings_of_web.redis_url = "redis://127.0.0.1:1/0"

    class Cache:
        def get(self, key: str) -> None:
            if fails:
                raise RedisError

    monkeypatch.setattr(health, "cache", Cache())
    response = await http.get("/health")
    assert response.status_code == 200
    assert response.json()["parts"]["redis"] == said

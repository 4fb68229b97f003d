"""What is counted, and that no label says who wrote or what."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from prometheus_client import REGISTRY, generate_latest

from evaluation.ports import free_port
from shared import metrics as shared_metrics
from shared import trace
from shared.reply import Reply, Turn, Understood
from tests.web.support import FakeRasa, Visitor, an_answer
from web import metrics
from web import rasa as rasa_module
from web.config import Config

MARKER = "Zanzibar"


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_turn_is_counted_by_channel_and_kind(visitor: Visitor) -> None:
    """And how long it took."""
    before = counted("smp_turns_total", channel="website", kind="answer")
    timed = counted("smp_turn_seconds_count", channel="website")
    await visitor.send("hello")
    assert counted("smp_turns_total", channel="website", kind="answer") == before + 1
    assert counted("smp_turn_seconds_count", channel="website") == timed + 1


async def test_an_emergency_is_counted(visitor: Visitor, rasa: FakeRasa) -> None:
    """By the care that was advised."""
    before = counted("smp_emergencies_total", channel="website", care="er_now")
    rasa.says = [Reply(text="Go now.", kind="emergency", care="er_now")]
    await visitor.send("my eye")
    assert counted("smp_emergencies_total", channel="website", care="er_now") == before + 1


@pytest.mark.django_db
async def test_an_abstention_is_counted(visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that no intent was sure of."""
    unsure = Turn(
        replies=[an_answer("Which one?")], understood=Understood(intent="nlu_fallback", topics=[], confidence=0.1)
    )

    async def take_turn(**_: object) -> Turn:
        return unsure

    monkeypatch.setattr(rasa_module, "take_turn", take_turn)
    before = counted("smp_abstentions_total", channel="website")
    await visitor.send("hm")
    assert counted("smp_abstentions_total", channel="website") == before + 1


async def test_a_failure_of_rasa_is_counted_by_reason(visitor: Visitor, rasa: FakeRasa) -> None:
    """And no turn is."""
    turns, before = (
        counted("smp_turns_total", channel="website", kind="answer"),
        counted("smp_rasa_failures_total", reason="down"),
    )
    rasa.fault = "down"
    await visitor.send("hello")
    assert counted("smp_rasa_failures_total", reason="down") == before + 1
    assert counted("smp_turns_total", channel="website", kind="answer") == turns


async def test_requests_are_counted_by_the_pattern_of_their_address(visitor: Visitor) -> None:
    """A signed id in an address, a made-up method and an unknown address make no new row."""
    before = counted("smp_request_seconds_count", route="contact/<str:signed>")
    await visitor.http.get(f"/contact/{MARKER}")
    assert counted("smp_request_seconds_count", route="contact/<str:signed>") == before + 1
    await visitor.http.request(MARKER.upper(), f"/{MARKER}")
    assert MARKER.lower() not in generate_latest().decode().lower()


async def test_a_refusal_for_too_many_is_counted(visitor: Visitor, settings_of_web: Config) -> None:
    """By what there were too many of."""
    settings_of_web.messages_per_minute_per_session = 1
    before = counted("smp_limited_total", what="message")
    await visitor.send("one")
    await visitor.post(client_message_id="2", text="two")
    assert counted("smp_limited_total", what="message") == before + 1


def gauges() -> dict[str, float]:
    return {family.name: family.samples[0].value for family in metrics.FromDatabase().collect()}


async def test_the_worker_tells_what_waits(visitor: Visitor, rasa: FakeRasa) -> None:
    """The depth of the inbox is what is in the database, whoever handles it."""
    assert (await sync_to_async(gauges)())["smp_inbox_failed"] == 0
    rasa.fault = "down"
    await visitor.send("hello")
    told = await sync_to_async(gauges)()
    assert told["smp_inbox_failed"] == 1
    assert told["smp_database_up"] == 1
    assert set(told) == {name for name, _, _ in metrics.GAUGES} | {"smp_database_up"}


def test_a_database_that_is_away_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scrape succeeds and says so."""

    def away() -> float:
        raise DatabaseError

    monkeypatch.setattr(metrics, "GAUGES", (("smp_inbox_waiting", "Waiting.", away),))
    assert gauges() == {"smp_database_up": 0.0}


def test_numbers_are_served_on_their_own_port() -> None:
    """Prometheus finds them there; 0 is no port; a taken one is a clear error."""
    port = free_port()
    shared_metrics.serve("127.0.0.1", 0)
    shared_metrics.serve("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        assert b"smp_turns_total" in response.read()
    with pytest.raises(SystemExit, match=str(port)):
        shared_metrics.serve("127.0.0.1", port)


async def test_the_public_process_shows_no_numbers(http: httpx.AsyncClient) -> None:
    """The public address has none."""
    assert (await http.get("/metrics")).status_code == 404


@pytest.fixture
def asked_with(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Headers]:
    """The headers that Rasa is sent."""
    seen: list[httpx.Headers] = []
    real = rasa_module._exchange

    async def exchange(method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Any:
        seen.append(httpx.Headers(dict(headers)))
        return await real(method, url, body, headers, seconds)

    monkeypatch.setattr(rasa_module, "_exchange", exchange)
    return seen


async def test_rasa_is_told_the_request_and_an_opaque_conversation(
    visitor: Visitor, asked_with: list[httpx.Headers], settings_of_web: Config
) -> None:
    """The same names as in web's own log; the visitor gets the request's name to report."""
    settings_of_web.trusted_proxies = 1
    headers = {**visitor.headers, trace.REQUEST_HEADER: "from-our-proxy"}
    body = {"client_message_id": "1", "text": "hello"}
    response = await visitor.http.post("/api/chat/messages", json=body, headers=headers)
    assert response.headers[trace.REQUEST_HEADER] == "from-our-proxy"
    (sent,) = asked_with
    assert sent[trace.REQUEST_HEADER] == "from-our-proxy"
    conversation = visitor.token.partition(":")[0]
    assert sent[trace.CONVERSATION_HEADER] == trace.opaque(
        conversation, settings_of_web.gateway_secret.get_secret_value()
    )


async def test_a_visitor_does_not_name_requests(visitor: Visitor) -> None:
    """Without a proxy of ours a name from outside is ignored."""
    response = await visitor.http.get("/health/live", headers={trace.REQUEST_HEADER: "chosen-by-a-visitor"})
    assert response.headers[trace.REQUEST_HEADER] != "chosen-by-a-visitor"

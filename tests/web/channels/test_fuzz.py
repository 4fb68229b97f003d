"""Whatever a provider sends, the door stands and nothing is lost: it is read, or it is kept for an engineer."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.meta import payloads
from evaluation.meta.payloads import Body, Someone
from evaluation.meta.simulator import signature
from tests.web.support import FakeRasa
from web.asgi import application
from web.channels import intake
from web.channels.models import Webhook
from web.config import Config
from web.conversations.models import Message

SHORT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
Post = Callable[[str, bytes], httpx.Response]


@pytest.fixture
def post(transactional_db: None, rasa: FakeRasa, settings_of_web: Config) -> Post:
    settings_of_web.messages_per_minute_per_channel = 10**9

    async def one(channel: str, content: bytes) -> httpx.Response:
        headers = {"X-Hub-Signature-256": signature(content)}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="http://testserver"
        ) as client:
            return await client.post(f"/webhooks/{channel}", content=content, headers=headers)

    return lambda channel, content: asyncio.run(one(channel, content))


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body where something else could stand."""
    found = [here] if here else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        found += places(each, (*here, key))
    return found


@st.composite
def spoiled(draw: st.DrawFn, body: Body) -> Body:
    """What is sent really, with something else in one to three places, or nothing there at all."""
    made = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(made) or [("object",)]))
        inner: Any = made
        for key in path:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = draw(JSON)
        elif isinstance(inner, dict):
            inner.pop(last, None)
    return made


def bodies(who: Someone) -> list[Body]:
    original = payloads.text(who, "hello", id_="original")
    return [
        original,
        payloads.chosen(who, "some-choice", "Ink"),
        payloads.attached(who, "image", "a photo"),
        payloads.reacted(who, "original", "👍"),
        payloads.edited(who, "original", "hello again"),
        payloads.deleted(who, "original"),
        payloads.returned(who, "an-id", "a-key"),
    ]


@given(data=st.data())
@SHORT
def test_a_spoiled_webhook_is_read_or_kept(data: st.DataObject, who: Someone, post: Post) -> None:
    """The door answers 200 or says that it is none; reading never fails as a whole; what can't be read stays."""
    body = data.draw(st.sampled_from(bodies(who)).flatmap(spoiled))
    answer = post(who.channel, json.dumps(body).encode())
    assert answer.status_code in (200, 400)
    good = payloads.text(who, "after it")
    assert post(who.channel, json.dumps(good).encode()).status_code == 200
    while intake.read_waiting():
        pass
    assert not Webhook.objects.filter(problem="").exists()
    # Whatever it was, it does not keep the next message from being read.
    assert Message.objects.filter(text="after it").exists()
    Webhook.objects.all().delete()
    Message.objects.all().delete()


@given(content=st.binary(max_size=300))
@SHORT
def test_no_bytes_break_the_door(content: bytes, who: Someone, post: Post) -> None:
    """Signed or not, senseless bytes are the sender's error."""
    assert post(who.channel, content).status_code == 400


def test_a_flood_without_a_signature_is_cut_off(who: Someone, transactional_db: None, rasa: FakeRasa) -> None:
    """It writes no more lines, and does not count against what Meta sends."""

    async def flood() -> list[int]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="http://testserver"
        ) as client:
            wrong = [await client.post(f"/webhooks/{who.channel}", content=b"{}") for _ in range(62)]
            content = json.dumps(payloads.text(who, "hello")).encode()
            headers = {"X-Hub-Signature-256": signature(content)}
            right = await client.post(f"/webhooks/{who.channel}", content=content, headers=headers)
        return [*(answer.status_code for answer in wrong), right.status_code]

    statuses = asyncio.run(flood())
    assert statuses[0] == 401
    assert statuses[-2] == 429
    assert statuses[-1] == 200


def test_a_channel_has_a_limit_of_its_own(who: Someone, post: Post, settings_of_web: Config) -> None:
    """Meta is told to come again later, so nothing is lost."""
    settings_of_web.messages_per_minute_per_channel = 1
    content = json.dumps(payloads.text(who, "hello")).encode()
    assert [post(who.channel, content).status_code for _ in range(2)] == [200, 503]

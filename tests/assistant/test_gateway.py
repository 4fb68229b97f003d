"""The one door of the Rasa server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from assistant.gateway import GatewayInput

pytestmark = pytest.mark.model

SECRET = "a secret of this test"


class Door:
    """Calls the gateway's handlers as the server would."""

    def __init__(self, agent: Any) -> None:
        self.app = Sanic(f"gateway_{uuid.uuid4().hex}", configure_logging=False)
        self.app.ctx.agent = agent
        self.app.blueprint(GatewayInput(SECRET).blueprint(None), url_prefix="/webhooks/gateway")  # type: ignore[arg-type]
        self.app.router.finalize()

    async def call(
        self, method: str, path: str, body: bytes = b"", secret: str | None = SECRET
    ) -> tuple[int, dict[str, Any]]:
        headers = {"authorization": f"Bearer {secret}"} if secret is not None else {}
        _route, handler, arguments = self.app.router.get(f"/webhooks/gateway/{path}", method, None)
        from sanic.compat import Header

        request = Request(b"/", Header(headers), "1.1", method, None, self.app)  # type: ignore[arg-type]
        request.body = body
        answer: HTTPResponse = await handler(request, **arguments)
        assert answer.body is not None
        return answer.status, json.loads(answer.body)


@pytest.fixture
def door(agent: Any) -> Iterator[Door]:
    yield Door(agent)
    Sanic._app_registry.clear()


def turn(**fields: Any) -> bytes:
    return json.dumps({"conversation": uuid.uuid4().hex, "message_id": "1", **fields}).encode()


async def test_a_turn(door: Door) -> None:
    """Replies, and what was understood, in the shared format."""
    status, result = await door.call("POST", "turn", turn(text="does it hurt?"))
    assert 200 == status
    assert ["pain"] == result["understood"]["topics"]
    assert "answer" == result["replies"][0]["kind"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x"])
async def test_without_the_secret_nothing_is_told(door: Door, secret: str | None) -> None:
    """Neither a turn nor an erasure."""
    for method, path in (("POST", "turn"), ("DELETE", "conversations/abc"), ("DELETE", "conversations/abc/messages/1")):
        status, result = await door.call(method, path, turn(text="hello"), secret)
        assert (401, "unauthorized") == (status, result["error"]["code"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        turn(),
        turn(text="a", choice="b"),
        turn(text=1),
        turn(text="x" * 10_001),
        turn(text="a", unknown=1),
        turn(text="a", message_id=""),
    ],
)
async def test_a_bad_body_is_a_clear_error(door: Door, body: bytes) -> None:
    """422 that names the field, and no turn."""
    status, result = await door.call("POST", "turn", body)
    assert (422, "bad_request") == (status, result["error"]["code"])


async def test_a_choice_never_offered_is_refused(door: Door) -> None:
    """Also when it names a real topic."""
    status, result = await door.call("POST", "turn", turn(choice="safety/mri"))
    assert (422, "choice_not_offered") == (status, result["error"]["code"])


async def test_forgetting(door: Door) -> None:
    """A forgotten conversation is gone; forgetting it again finds none."""
    conversation = uuid.uuid4().hex
    await door.call("POST", "turn", turn(text="hello", conversation=conversation))
    assert (200, {"deleted": True}) == await door.call("DELETE", f"conversations/{conversation}")
    assert (200, {"deleted": False}) == await door.call("DELETE", f"conversations/{conversation}")


async def test_forgetting_one_message(door: Door, agent: Any) -> None:
    """Its words and the details taken from it are gone; the rest of the conversation goes on."""
    conversation = uuid.uuid4().hex
    for number, text in enumerate(("does it hurt?", "I want to speak to a person", "I am Ann Example")):
        await door.call("POST", "turn", turn(conversation=conversation, message_id=str(number), text=text))
    path = f"conversations/{conversation}/messages"
    assert (200, {"deleted": True}) == await door.call("DELETE", f"{path}/2")
    tracker = await agent.tracker_store.retrieve(conversation)
    remembered = json.dumps([event.as_dict() for event in tracker.events])
    assert "Ann" not in remembered
    assert "does it hurt?" in remembered
    assert (200, {"deleted": False}) == await door.call("DELETE", f"{path}/99")
    again = await door.call("POST", "turn", turn(conversation=conversation, message_id="3", text="does it hurt?"))
    assert 200 == again[0]


async def test_without_a_model_it_says_so(door: Door) -> None:
    """503, so that web can tell the visitor and the operator knows what to do."""
    door.app.ctx.agent = None
    for method, path in (("GET", "health"), ("POST", "turn")):
        status, result = await door.call(method, path, turn(text="hello"))
        assert (503, "no_model") == (status, result["error"]["code"])
        assert "make train" in result["error"]["message"]

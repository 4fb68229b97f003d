"""What the Rasa server logs and tells the action server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

from assistant import metrics
from assistant.__main__ import _only_what_happened
from assistant.actions_endpoint import TracedActions, _is_as_agreed
from shared import trace


def test_a_line_of_rasas_is_its_name_alone() -> None:
    """Its details hold what visitors wrote."""
    error = ValueError("Zanzibar")
    arguments, named = _only_what_happened(
        None, "error", {"event": "turn.failed", "text": "Zanzibar", "exc_info": error}
    )
    assert arguments == ("turn.failed",)
    assert named == {"exc_info": error}
    assert _only_what_happened(None, "error", {"event": "turn.failed", "error": "Zanzibar"})[1] == {"exc_info": None}


async def test_the_action_server_is_told_which_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that Rasa was given go on to it."""
    sent: list[dict[str, str]] = []

    class Answer:
        status = 200

        async def json(self) -> dict[str, Any]:
            return {}

    class Session:
        @asynccontextmanager
        async def request(self, *_: object, headers: dict[str, str], **__: object) -> AsyncIterator[Answer]:
            sent.append(headers)
            yield Answer()

    @asynccontextmanager
    async def session() -> AsyncIterator[Session]:
        yield Session()

    endpoint = TracedActions(url="http://127.0.0.1:5055/webhook")
    monkeypatch.setattr(endpoint, "session", session)
    trace.take_over({trace.REQUEST_HEADER: "request-one", trace.CONVERSATION_HEADER: "0123456789ab"})
    await endpoint.request(json={})
    trace.end()
    assert sent[0][trace.REQUEST_HEADER] == "request-one"
    assert sent[0][trace.CONVERSATION_HEADER] == "0123456789ab"
    assert sent[0]["Content-Type"] == "application/json"


def test_one_model_is_told() -> None:
    """After another was loaded the one before is gone."""
    metrics.serving("one")
    metrics.serving("two")
    (family,) = metrics.MODEL.collect()
    assert [sample.labels["model"] for sample in family.samples] == ["two"]
    metrics.serving(None)


@pytest.mark.parametrize("result", [{"events": [{"event": 1}]}, {"responses": ["text"]}, []])
def test_what_an_action_gives_is_checked(result: Any) -> None:
    """The form is that which Rasa agrees with its action server."""
    action = RemoteAction("action_handoff", None)
    with pytest.raises(ValidationError):
        _is_as_agreed(action, result)
    assert _is_as_agreed(action, {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "x"}]})

"""A new model takes over without a pause, or not at all; the one before can come back."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant import model as module
from assistant import reload as reloading
from assistant.gateway import GatewayInput
from assistant.model import MODEL_NAME, NoModelError, roll_back
from assistant.reload import ModelRefused, reload
from assistant.settings import Settings


class Agent:
    """A model that reads, or does not."""

    def __init__(self, model_id: str, *, reads: bool = True) -> None:
        self.model_id, self._reads, self.lock_store = model_id, reads, object()

    async def parse_message(self, text: str) -> dict[str, Any]:
        if not self._reads:
            raise ValueError("Zanzibar")
        return {"text": text}


async def test_the_new_model_serves_once_it_is_ready() -> None:
    """While it is loaded the old one answers."""
    context = SimpleNamespace(agent=Agent("old"))
    may_go_on = threading.Event()

    def load(serving_now: Any) -> Any:
        assert serving_now.model_id == "old"
        assert may_go_on.wait(5)
        return Agent("new")

    loading = asyncio.create_task(reload(context, load))
    await asyncio.sleep(0.05)
    assert context.agent.model_id == "old"
    may_go_on.set()
    assert await loading == "new"
    assert context.agent.model_id == "new"


@pytest.mark.parametrize("way", ["not loaded", "does not read"])
async def test_a_model_that_is_no_use_changes_nothing(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """The old one goes on serving, and the operator is told."""
    context = SimpleNamespace(agent=Agent("old"))

    def load(_: Any) -> Any:
        if way == "not loaded":
            raise NoModelError("broken")
        return Agent("new", reads=False)

    with pytest.raises(ModelRefused, match="Nothing was changed"):
        await reload(context, load)
    assert context.agent.model_id == "old"
    assert "serves on" in caplog.text


async def test_it_is_loaded_beside_the_one_that_serves(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real model, loaded again: it shares the locks, reads, and answers from the same store."""
    database = agent.tracker_store

    monkeypatch.setattr(reloading, "ConversationStore", lambda: database)
    endpoints = SimpleNamespace(nlg=None, action=None)
    context = SimpleNamespace(agent=agent)
    assert await reload(context, reloading.loader(endpoints))  # type: ignore[arg-type]
    assert context.agent is not agent
    assert context.agent.lock_store is agent.lock_store
    assert context.agent.tracker_store is database


async def test_the_door_to_it_needs_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it the model's id is told; without it, or with a model that is refused, an error."""
    from sanic import Sanic
    from sanic.compat import Header
    from sanic.request import Request

    app = Sanic("reload_door", configure_logging=False)
    app.ctx.agent, app.ctx.load = Agent("old"), lambda _: Agent("new")
    app.blueprint(GatewayInput("secret").blueprint(None), url_prefix="/webhooks/gateway")  # type: ignore[arg-type]
    app.router.finalize()
    _route, handler, _ = app.router.get("/webhooks/gateway/model", "POST", None)

    async def call(secret: str) -> tuple[int, dict[str, Any]]:
        headers = Header({"authorization": f"Bearer {secret}"})
        answer = await handler(Request(b"/", headers, "1.1", "POST", None, app))  # type: ignore[arg-type]
        return answer.status, json.loads(answer.body)

    assert (await call("wrong"))[0] == 401
    assert await call("secret") == (200, {"model": "new"})
    app.ctx.load = lambda _: Agent("newer", reads=False)
    assert (await call("secret"))[0] == 422
    assert app.ctx.agent.model_id == "new"
    Sanic._app_registry.clear()


def test_the_model_before_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What training kept is put in place, with its stamp; once more undoes it."""
    monkeypatch.setattr(module, "settings", lambda: Settings(models_directory=tmp_path))
    with pytest.raises(NoModelError, match="Nothing was changed"):
        roll_back()
    model, stamp = tmp_path / MODEL_NAME, tmp_path / "assistant.fingerprint.json"
    model.write_bytes(b"old")
    stamp.write_text("old")
    module._keep_previous(tmp_path)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(model)
    stamp.unlink()
    stamp.write_text("new")
    roll_back()
    assert (model.read_bytes(), stamp.read_text()) == (b"old", "old")
    roll_back()
    assert (model.read_bytes(), stamp.read_text()) == (b"new", "new")

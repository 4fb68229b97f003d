"""The graph run in order gives what Rasa's own runner gives."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner

from assistant.runner import InOrder
from assistant.turn import take_turn

pytestmark = pytest.mark.model

TEXTS = (
    "Is there lead in the ink?",
    "my eye is swelling shut",
    "hola, ¿duele?",
    "asdf qwer",
    "",
    "can I book for friday",
)


def rasas_own(agent: Any) -> DaskGraphRunner:
    """Rasa's runner over the same nodes."""
    ours = agent.processor.graph_runner
    runner = DaskGraphRunner.__new__(DaskGraphRunner)
    runner._graph_schema = ours._graph_schema
    runner._instantiated_nodes = ours._instantiated_nodes
    runner._execution_context = None
    return runner


def comparable(parsed: dict[str, Any]) -> str:
    return json.dumps(parsed, sort_keys=True, default=str)


def test_the_product_runs_its_model_in_order(agent: Any) -> None:
    """What is tested here is what serves."""
    assert isinstance(agent.processor.graph_runner, InOrder)


@pytest.mark.parametrize("text", TEXTS)
async def test_a_message_is_read_alike(agent: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Every field that the pipeline gives, to the last digit."""
    ours = await agent.parse_message(text)
    monkeypatch.setattr(agent.processor, "graph_runner", rasas_own(agent))
    assert comparable(await agent.parse_message(text)) == comparable(ours)


async def test_a_conversation_goes_alike(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every policy's prediction leads to the same replies."""

    async def conversation() -> list[list[str]]:
        name = uuid.uuid4().hex
        turns = [await take_turn(agent, name, str(number), text=text) for number, text in enumerate(TEXTS)]
        return [[*turn.understood.actions, *(reply.kind for reply in turn.replies)] for turn in turns]

    ours = await conversation()
    monkeypatch.setattr(agent.processor, "graph_runner", rasas_own(agent))
    assert await conversation() == ours


def test_a_missing_input_is_an_error(agent: Any) -> None:
    """As with Rasa's own: no node runs on nothing."""
    with pytest.raises(GraphRunError):
        agent.processor.graph_runner.run({}, [agent.processor.model_metadata.nlu_target])

"""A loaded agent for the tests that need the trained model."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import pytest_asyncio


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The project's model, with its actions in process and a database of its own. `make test` trains it first."""
    from assistant.model import load_agent
    from assistant.tracker_store import ConversationStore

    database = f"sqlite:///{tmp_path_factory.mktemp('tracker') / 'tracker.sqlite3'}"
    return load_agent(tracker_store=ConversationStore(host=database))


#: Messages about several things at once; which of them a model can't tell apart changes with its examples.
VAGUE = (
    "what about the metal brand ink blur sun",
    "sun or swimming or washing or shaving or sweat with it",
    "ink brand nickel vegan rules thing",
    "healing scabs redness or infection or allergy which",
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vague(agent: Any) -> str:
    """A message that this model asks back about, with choices."""
    from assistant.turn import take_turn

    for text in VAGUE:
        turn = await take_turn(agent, uuid.uuid4().hex, uuid.uuid4().hex, text=text)
        if turn.kind == "clarify" and turn.replies[0].choices:
            return text
    raise AssertionError("The model is sure of every vague message: its thresholds must be wrong.")

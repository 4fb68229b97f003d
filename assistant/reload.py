"""Another model without a pause: loaded and tried beside the one that serves, and then put in its place.

Turns under way end with the model they began with. A model that can't be loaded or can't read a message changes
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.utils import AvailableEndpoints

from assistant.metrics import serving
from assistant.model import model_path
from assistant.runner import run_in_order
from assistant.tracker_store import ConversationStore, without_fallback
from shared import starting

logger = logging.getLogger(__name__)

_TRIED_WITH = "Is it safe?"
_one_at_a_time = asyncio.Lock()


class ModelRefused(Exception):
    """The new model was not taken; the one before serves on. The message says why, for the operator."""


def loader(endpoints: AvailableEndpoints) -> Callable[[Any], Agent]:
    """What loads the model of `MODELS_DIRECTORY` beside an agent that serves."""

    def load(serving_now: Any) -> Agent:
        agent = Agent(
            generator=endpoints.nlg,
            tracker_store=ConversationStore(),
            # Two turns of one conversation are still taken one after the other.
            lock_store=serving_now.lock_store,
            action_endpoint=endpoints.action,
        )
        agent.load_model(str(model_path()))
        without_fallback(agent)
        run_in_order(agent)
        return agent

    return load


async def reload(context: Any, load: Callable[[Any], Agent]) -> str:
    """Serve the model that is in `MODELS_DIRECTORY` now; gives its id.

    Raises:
        ModelRefused: it can't be used.
    """
    async with _one_at_a_time:
        try:
            agent = await asyncio.to_thread(load, context.agent)
            await agent.parse_message(_TRIED_WITH)
        except Exception as error:
            logger.exception("The new model is not taken; the one before serves on")
            raise ModelRefused(f"The new model can't be used ({type(error).__name__}). Nothing was changed.") from error
        context.agent = agent
        serving(agent.model_id)
        starting.end()
        logger.info("A new model serves", extra={"fields": {"model": agent.model_id}})
        return str(agent.model_id)

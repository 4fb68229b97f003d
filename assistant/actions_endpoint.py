"""How Rasa calls the action server: with the name of the request it works on."""

from __future__ import annotations

from typing import Any

from rasa.utils.endpoints import EndpointConfig

from shared import trace


class TracedActions(EndpointConfig):
    """An action endpoint that tells the action server which request a call is for."""

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        return await super().request(*args, **{**kwargs, "headers": {**kwargs.get("headers", {}), **trace.headers()}})

"""How Rasa calls the action server: with the name of the request it works on."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig

from shared import trace


class TracedActions(EndpointConfig):
    """An action endpoint that tells the action server which request a call is for."""

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        return await super().request(*args, **{**kwargs, "headers": {**kwargs.get("headers", {}), **trace.headers()}})


@cache
def _validator() -> Validator:
    form = RemoteAction.action_response_format_spec()
    return validator_for(form)(form)


def _is_as_agreed(_action: RemoteAction, result: dict[str, Any]) -> bool:
    """What an action gave is of the agreed form.

    Raises:
        ValidationError: it is not.
    """
    _validator().validate(result)
    return True


def check_schema_once() -> None:
    """Rasa checks the schema of what an action gives, and not only what it gives, at every call: 20 ms."""
    RemoteAction._validate_action_result = _is_as_agreed

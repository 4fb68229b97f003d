"""The one door of the Rasa server: the channel that `web` talks to, behind a shared secret."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from assistant.metrics import TURN_SECONDS
from assistant.reload import ModelRefused, reload
from assistant.settings import settings
from assistant.turn import ChoiceNotOffered, blank_message, take_turn
from shared.reply import MAX_CHOICE_ID_BYTES, StoredRequest

logger = logging.getLogger(__name__)

#: Characters of a message that are read; `web` cuts longer ones before.
MAX_TEXT = 10_000
_Id = Annotated[str, Field(min_length=1, max_length=128)]


class TurnRequest(BaseModel):
    """`POST /webhooks/gateway/turn`: one message, as text or as a choice."""

    model_config = ConfigDict(extra="forbid")

    conversation: _Id
    message_id: _Id
    text: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    choice: Annotated[str, Field(max_length=MAX_CHOICE_ID_BYTES)] | None = None
    channel: str = "website"
    language: str | None = None
    stored: StoredRequest | None = None

    @model_validator(mode="after")
    def _text_or_choice(self) -> Self:
        if (self.text is None) == (self.choice is None):
            raise ValueError("a turn has either text or choice")
        return self


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"error": {"code": code, "message": message}}, status=status)


class GatewayInput(InputChannel):
    """Rasa input channel `gateway`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @classmethod
    def name(cls) -> str:
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        return cls(settings().gateway_secret.get_secret_value())

    def _is_allowed(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._secret)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("gateway")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _error(503, "no_model", "No model is loaded. Run `make train`.")
            return response.json({"status": "ok", "model": agent.model_id})

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not self._is_allowed(request):
                return _error(401, "unauthorized", "The gateway secret is missing or wrong.")
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _error(503, "no_model", "No model is loaded. Run `make train`.")
            try:
                asked = TurnRequest.model_validate_json(request.body)
            except ValidationError as error:
                problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
                return _error(422, "bad_request", problems)
            try:
                with TURN_SECONDS.time():
                    result = await take_turn(
                        agent,
                        asked.conversation,
                        asked.message_id,
                        text=asked.text,
                        choice=asked.choice,
                        stored=asked.stored,
                    )
            except ChoiceNotOffered:
                return _error(422, "choice_not_offered", "This conversation was not offered that choice.")
            except SQLAlchemyError as error:
                # What can't be remembered is not said: the same message is handled whole once the store is back.
                logger.error("Message %s: the tracker store failed (%s)", asked.message_id, type(error).__name__)
                return _error(503, "no_store", "The conversation can't be read or written.")
            return response.raw(result.model_dump_json().encode(), content_type="application/json")

        @routes.post("/model")
        async def model(request: Request) -> HTTPResponse:
            """Serve the model that is in `MODELS_DIRECTORY` now, without a pause."""
            if not self._is_allowed(request):
                return _error(401, "unauthorized", "The gateway secret is missing or wrong.")
            try:
                return response.json({"model": await reload(request.app.ctx, request.app.ctx.load)})
            except ModelRefused as error:
                return _error(422, "model_refused", str(error))

        @routes.delete("/conversations/<conversation:str>/messages/<message_id:str>")
        async def forget_message(request: Request, conversation: str, message_id: str) -> HTTPResponse:
            if not self._is_allowed(request):
                return _error(401, "unauthorized", "The gateway secret is missing or wrong.")
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None:
                return _error(503, "no_model", "No model is loaded. Run `make train`.")
            try:
                return response.json({"deleted": await blank_message(agent, conversation, message_id)})
            except SQLAlchemyError as error:
                logger.error("A message can't be deleted (%s)", type(error).__name__)
                return _error(503, "no_store", "The message can't be deleted right now.")

        @routes.delete("/conversations/<conversation:str>")
        async def forget(request: Request, conversation: str) -> HTTPResponse:
            if not self._is_allowed(request):
                return _error(401, "unauthorized", "The gateway secret is missing or wrong.")
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None:
                return _error(503, "no_model", "No model is loaded. Run `make train`.")
            try:
                return response.json({"deleted": await agent.tracker_store.delete(conversation)})
            except SQLAlchemyError as error:
                logger.error("A conversation can't be deleted (%s)", type(error).__name__)
                return _error(503, "no_store", "The conversation can't be deleted right now.")

        return routes

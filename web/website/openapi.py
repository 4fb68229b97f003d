"""The website API as an OpenAPI document, made from the schemas that judge what is sent: docs/openapi.json."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.reply import Contact, Reply
from web.website.schemas import FeedbackBody, MessageBody, SessionBody

_REF = "#/components/schemas/{model}"


class ReplyShown(Reply):
    """A reply as a visitor gets it."""

    model_config = ConfigDict(extra="allow")

    id: str


class ErrorShown(BaseModel):
    """What went wrong, for programs and for people."""

    code: str
    message: str


class Failure(BaseModel):
    """Every error, always with a way to the clinic."""

    error: ErrorShown
    contact: Contact


class SessionStarted(BaseModel):
    token: str
    expires_at: str
    replies: list[ReplyShown]
    starters: list[str]


class MessageAnswered(BaseModel):
    message_id: str
    replies: list[ReplyShown]


class MessageShown(BaseModel):
    message_id: str
    client_message_id: str
    text: str
    choice: str | None
    received_at: str
    replies: list[ReplyShown]
    helpful: dict[str, bool]


class MessagesRead(BaseModel):
    messages: list[MessageShown]
    more: bool


class Rated(BaseModel):
    status: str


class Receipt(BaseModel):
    id: str
    erased_at: str


class Erased(BaseModel):
    receipt: Receipt


_BODIES = (SessionBody, MessageBody, FeedbackBody)
_ANSWERS = (SessionStarted, MessageAnswered, MessagesRead, Rated, Erased, Failure)


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _answers(model: type[BaseModel], *failures: int) -> dict[str, Any]:
    def answer(what: str, of: type[BaseModel]) -> dict[str, Any]:
        schema = {"$ref": _REF.format(model=of.__name__)}
        return {"description": what, "content": {"application/json": {"schema": schema}}}

    return {
        "200": answer("Done.", model),
        **{str(status): answer(_FAILURES[status], Failure) for status in (*failures, 403, 405, 429, 500, 503)},
    }


_FAILURES = {
    400: "The body is not JSON.",
    401: "The token is missing, forged, expired or of an erased conversation.",
    403: "A browser on a site that may not use the chat.",
    404: "There is no such reply in this conversation.",
    405: "Another method is meant.",
    413: "The body is too large.",
    422: "A field is wrong, or the choice was not offered.",
    429: "Too many.",
    500: "Something went wrong here.",
    503: "A part is away; nothing was done.",
}


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    session: list[dict[str, list[str]]] = [{"session": []}]
    after = {
        "name": "after",
        "in": "query",
        "description": "Only messages after the one of this id.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    }
    models = (*_BODIES, *_ANSWERS)
    schemas: dict[str, Any] = {}
    for model in models:
        mode: Any = "validation" if model in _BODIES else "serialization"
        made = TypeAdapter(model).json_schema(ref_template=_REF, mode=mode)
        schemas.update(made.pop("$defs", {}))
        schemas[model.__name__] = made
    # Pydantic checks this one beside the schema.
    schemas["MessageBody"]["oneOf"] = [{"required": ["text"]}, {"required": ["choice"]}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The website chat",
            "version": "1",
            "description": "What the widget calls. A token is a conversation; there are no cookies.",
        },
        "paths": {
            "/api/chat/sessions": {
                "post": {
                    "summary": "Start a conversation, or resume the one whose token is sent",
                    "requestBody": _body(SessionBody),
                    "security": [{}, *session],
                    "responses": _answers(SessionStarted, 400, 413, 422),
                }
            },
            "/api/chat/messages": {
                "get": {
                    "summary": "Read the conversation",
                    "parameters": [after],
                    "security": session,
                    "responses": _answers(MessagesRead, 401, 422),
                },
                "post": {
                    "summary": "Send a message and get its replies; the same id again handles nothing twice",
                    "requestBody": _body(MessageBody),
                    "security": session,
                    "responses": _answers(MessageAnswered, 400, 401, 413, 422),
                },
            },
            "/api/chat/feedback": {
                "post": {
                    "summary": "Say whether a reply helped",
                    "requestBody": _body(FeedbackBody),
                    "security": session,
                    "responses": _answers(Rated, 400, 401, 404, 413, 422),
                }
            },
            "/api/chat/session": {
                "delete": {
                    "summary": "Erase the conversation everywhere",
                    "security": session,
                    "responses": _answers(Erased, 401),
                }
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def main() -> None:
    print(json.dumps(document(), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

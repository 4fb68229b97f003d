"""The website API: sessions, messages, feedback, erasure. docs/developer.md shows every call.

Every error is `{"error": {"code", "message"}, "contact": {...}}`, so that a visitor is never left without a way to the
clinic, whatever went wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError

from web import rasa, turns
from web.config import config
from web.conversations.models import Conversation, Feedback, Message, Reply
from web.limits import is_over_limit, visitor_address
from web.notices import STARTERS, contact, emergency_sentence, greeting
from web.privacy import erasure
from web.review import ranking
from web.steps import in_database
from web.website import tokens
from web.website.schemas import FeedbackBody, MessageBody, SessionBody

logger = logging.getLogger(__name__)

_MINUTE, _HOUR = 60, 3600
#: Messages in one answer to a GET.
PAGE = 100
_GONE = "This conversation does not exist any more."


class ApiError(Exception):
    """An error the caller is told; `code` is for programs, `message` for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


Schema = TypeVar("Schema", bound=BaseModel)
View = Callable[[HttpRequest], Coroutine[Any, Any, JsonResponse]]


def api(*methods: str) -> Callable[[View], View]:
    """A view of the API: only these methods, no cookies and so no CSRF, one shape for every error."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        async def wrapped(request: HttpRequest) -> JsonResponse:
            try:
                if request.method not in methods:
                    raise ApiError(405, "method_not_allowed", f"Use {' or '.join(methods)}.")
                _check_origin(request)
                response = await view(request)
            except ApiError as error:
                response = error_response(error.status, error.code, error.message)
            except Conversation.DoesNotExist:
                response = error_response(401, "session_unknown", _GONE)
            except DatabaseError as error:
                logger.error("The database is unavailable (%s)", type(error).__name__)
                response = error_response(503, "unavailable", f"I can't answer right now. {emergency_sentence()}")
            except Exception as error:  # noqa: BLE001 (no failure of ours may look like silence)
                # The traceback may hold what a visitor wrote; its place in the code does not.
                place = error.__traceback__
                while place is not None and place.tb_next is not None:
                    place = place.tb_next
                where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown"
                logger.error("Unexpected %s at %s", type(error).__name__, where)
                response = error_response(500, "error", f"Something went wrong here. {emergency_sentence()}")
            if response.status_code == 405:
                response.headers["Allow"] = ", ".join(methods)
            response.headers["Cache-Control"] = "no-store"
            return response

        return wrapped

    return decorate


def error_response(status: int, code: str, message: str) -> JsonResponse:
    """The one shape of an error."""
    body = {"error": {"code": code, "message": message}, "contact": contact().model_dump(mode="json")}
    return JsonResponse(body, status=status)


def _check_origin(request: HttpRequest) -> None:
    """Only this site and those of `WIDGET_ORIGINS` may act; without an Origin it is no browser's page."""
    origin = request.headers.get("Origin")
    own = (config().public_url, f"{request.scheme}://{request.get_host()}")
    if origin is not None and origin not in (*own, *settings.CORS_ALLOWED_ORIGINS):
        raise ApiError(403, "origin_not_allowed", "This site may not use the chat. Its operator can allow it.")


def _body(request: HttpRequest, schema: type[Schema]) -> Schema:
    # Django's own limit trusts Content-Length, which a body sent in chunks does not have.
    content = request.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise ApiError(413, "too_large", "The request is too large.")
    try:
        return schema.model_validate_json(content or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "json_invalid":
            raise ApiError(400, "malformed_json", "The request is not valid JSON in UTF-8.") from error
        raise ApiError(422, "invalid", f"{field + ': ' if field else ''}{message}") from error


def _token(request: HttpRequest) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _conversation(request: HttpRequest) -> Conversation:
    token = _token(request)
    if token is None:
        raise ApiError(401, "token_missing", "Start a session first and send its token.")
    try:
        return Conversation.objects.get(pk=tokens.conversation_of(token))
    except tokens.TokenError as error:
        raise ApiError(401, error.code, "This session is over. Please start a new one.") from error
    except Conversation.DoesNotExist as error:
        raise ApiError(401, "session_unknown", _GONE) from error


def _limit(what: str, who: str, limit: int, seconds: int) -> None:
    if is_over_limit(what, who, limit, seconds):
        raise ApiError(429, "too_many", f"That was very fast. Please wait a little. {emergency_sentence()}")


@api("POST")
async def sessions(request: HttpRequest) -> JsonResponse:
    """Start a conversation, or resume the one whose valid token is sent."""

    def start() -> Conversation:
        _limit("session", visitor_address(request), config().sessions_per_hour_per_address, _HOUR)
        asked = _body(request, SessionBody)
        try:
            return _conversation(request)
        except ApiError:
            return Conversation.objects.create(language=asked.language or "", page=asked.page or "")

    conversation = await in_database(start)
    token, expires_at = tokens.issue(conversation.pk)
    first = {"id": "greeting", **greeting().model_dump(mode="json")}
    return JsonResponse(
        {"token": token, "expires_at": expires_at.isoformat(), "replies": [first], "starters": list(STARTERS)}
    )


@api("POST", "GET")
async def messages(request: HttpRequest) -> JsonResponse:
    """Send a message and get its replies; or, with GET, read the conversation from after a message on."""
    if request.method == "GET":
        return JsonResponse(await in_database(_read, request))
    message, replies = await turns.answer_new(partial(_take_in, request))
    return JsonResponse({"message_id": str(message.pk), "replies": [_reply(reply) for reply in replies]})


def _take_in(request: HttpRequest) -> turns.Begun:
    """Commit what was sent to the inbox, and begin its turn."""
    conversation = _conversation(request)
    _limit("message", visitor_address(request), config().messages_per_minute_per_address, _MINUTE)
    _limit("message", conversation.pk.hex, config().messages_per_minute_per_session, _MINUTE)
    _limit("channel", conversation.channel, config().messages_per_minute_per_channel, _MINUTE)
    asked = _body(request, MessageBody)
    if asked.choice and not _was_offered(conversation, asked.choice):
        raise ApiError(422, "choice_not_offered", "This choice was not offered in this conversation.")
    begun = turns.receive_and_begin(
        conversation, asked.client_message_id, text=asked.text or "", choice=asked.choice or ""
    )
    if not begun.is_new and begun.message.state == Message.State.FAILED:
        turns.retry(begun.message)
    return begun


def _read(request: HttpRequest) -> dict[str, Any]:
    conversation = _conversation(request)
    after = request.GET.get("after") or "0"
    if not after.isdecimal() or len(after) > 18:
        raise ApiError(422, "invalid", "after: is the id of a message")
    found = Message.objects.filter(conversation=conversation, pk__gt=int(after))
    page = list(found.prefetch_related("replies__feedback")[: PAGE + 1])
    return {"messages": [_message(message) for message in page[:PAGE]], "more": len(page) > PAGE}


def _message(message: Message) -> dict[str, Any]:
    replies = list(message.replies.all())
    return {
        "message_id": str(message.pk),
        "client_message_id": message.external_id.rpartition(":")[2],
        "text": message.text,
        "choice": message.choice or None,
        "received_at": message.received_at.isoformat(),
        "replies": [_reply(reply) for reply in replies],
        "helpful": {str(reply.pk): reply.feedback.helpful for reply in replies if hasattr(reply, "feedback")},
    }


def _was_offered(conversation: Conversation, choice: str) -> bool:
    latest = Reply.objects.filter(message__conversation=conversation).order_by("-message_id")[:50]
    return any(choice == offered["id"] for reply in latest for offered in reply.body.get("choices", []))


def _reply(reply: Reply) -> dict[str, Any]:
    return {"id": str(reply.pk), **reply.body}


@api("POST")
async def feedback(request: HttpRequest) -> JsonResponse:
    """Say whether a reply of this conversation helped; a second time changes it."""

    def rate() -> None:
        conversation = _conversation(request)
        _limit("feedback", conversation.pk.hex, config().messages_per_minute_per_session, _MINUTE)
        asked = _body(request, FeedbackBody)
        reply = Reply.objects.filter(pk=asked.reply_id, message__conversation=conversation).first()
        if reply is None:
            raise ApiError(404, "reply_unknown", "There is no such reply in this conversation.")
        with transaction.atomic():
            said = {"helpful": asked.helpful, "comment": asked.comment}
            Feedback.objects.update_or_create(reply=reply, defaults=said)
            ranking.refresh(conversation.pk)

    await in_database(rate)
    return JsonResponse({"status": "ok"})


@api("DELETE")
async def session(request: HttpRequest) -> JsonResponse:
    """Erase the conversation everywhere. All of it, or nothing and an error."""
    conversation = await in_database(_conversation, request)
    try:
        receipt = await erasure.aerase(conversation.pk)
    except (rasa.RasaUnavailable, turns.Busy) as error:
        message = "The conversation can't be erased right now, and nothing was. Please try again in a few minutes."
        raise ApiError(503, "unavailable", message) from error
    language = "es" if conversation.language.lower().startswith("es") else "en"
    erased_at = receipt.erased_at.isoformat() if receipt.erased_at else None
    said = {"id": str(receipt.pk), "erased_at": erased_at, "text": erasure.receipt_text(receipt, language)}
    return JsonResponse({"receipt": said})

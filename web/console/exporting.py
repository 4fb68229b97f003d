"""Exports: conversations as JSON, or as CSV with one row each; masked, and written as they are read."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from web.console.access import Permission, StaffRequest, needs
from web.console.conversations import LISTS, wanted_of
from web.console.filters import query_of
from web.conversations.models import Conversation, Message
from web.privacy.masking import masked
from web.privacy.record import Event, record
from web.review.finding import every
from web.review.models import Review
from web.steps import in_database

Answer = TypeVar("Answer", bound=HttpResponseBase)
#: Conversations read at once.
_CHUNK = 100
COLUMNS = (
    "conversation", "channel", "language", "started", "last_message", "messages", "state", "assignee", "tags",
    "reasons", "kinds", "topics", "least_confidence", "helpful", "not_helpful", "transcript",
)  # fmt: skip
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@needs(Permission.EXPORT)
@require_safe
def one(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    """One conversation as JSON."""
    review = get_object_or_404(Review.objects.select_related("conversation", "assignee"), pk=pk)
    record(request.user, Event.EXPORT, f"conversation {pk}", format="json")
    content = json.dumps(_in_full([review])[0], ensure_ascii=False, indent=2)
    return _named(HttpResponse(content, content_type="application/json"), f"conversation-{str(pk)[:8]}.json")


@needs(Permission.EXPORT)
@require_safe
def many(request: StaffRequest, form: str) -> HttpResponseBase:
    """All conversations of a list: `json` with one object a line, or `csv` with one row each."""
    name = request.GET.get("list", "conversations")
    if form not in ("csv", "json") or name not in LISTS:
        raise Http404
    _, wanted = wanted_of(name, request.GET)
    record(request.user, Event.EXPORT, f"list {name}", format=form, filters=query_of(request.GET))
    chunks = every(wanted, _CHUNK)
    lines = _csv_lines(chunks) if form == "csv" else _json_lines(chunks)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl; charset=utf-8"
    day = timezone.localdate().isoformat()
    answer = StreamingHttpResponse(_streamed(lines), content_type=kind)
    return _named(answer, f"{name}-{day}.{'csv' if form == 'csv' else 'jsonl'}")


async def _streamed(parts: Iterator[str]) -> AsyncIterator[str]:
    """Each part is read in a step of its own, so that a slow download holds no connection to the database."""
    while (part := await in_database(lambda: next(parts, None))) is not None:
        yield part


def _named(answer: Answer, name: str) -> Answer:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _json_lines(chunks: Iterator[list[Review]]) -> Iterator[str]:
    for reviews in chunks:
        yield "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in _in_full(reviews))


def _csv_lines(chunks: Iterator[list[Review]]) -> Iterator[str]:
    # Spreadsheets tell UTF-8 by this mark.
    yield "\ufeff" + _csv([COLUMNS])
    for reviews in chunks:
        yield _csv([[_cell(each[column]) for column in COLUMNS] for each in map(_as_row, _in_full(reviews))])


def _csv(rows: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_row(full: dict[str, Any]) -> dict[str, Any]:
    ratings = [reply["helpful"] for message in full["messages"] for reply in message["replies"]]
    lines: list[str] = []
    for message in full["messages"]:
        lines.append(f"Visitor: {message['text'] or message['choice'] or message['attachment']}")
        lines += [f"Assistant: {reply['text']}" for reply in message["replies"]]
    return {
        **full,
        "messages": len(full["messages"]),
        "tags": ", ".join(full["tags"]),
        "reasons": ", ".join(full["reasons"]),
        "kinds": ", ".join(_once(message["kind"] for message in full["messages"])),
        "topics": ", ".join(_once(topic for message in full["messages"] for topic in message["topics"])),
        "helpful": ratings.count(True),
        "not_helpful": ratings.count(False),
        "transcript": "\n".join(lines),
    }


def _once(values: Iterator[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def _in_full(reviews: list[Review]) -> list[dict[str, Any]]:
    """Conversations with all their messages, in two or three queries however many they are."""
    pks = [review.pk for review in reviews]
    messages: dict[uuid.UUID, list[dict[str, Any]]] = {pk: [] for pk in pks}
    found = Message.objects.filter(conversation__in=pks).order_by("pk").prefetch_related("replies__feedback")
    for message in found.select_related("mark"):
        messages[message.conversation_id].append(_message(message))
    return [_conversation(review, messages[review.pk]) for review in reviews]


def _conversation(review: Review, messages: list[dict[str, Any]]) -> dict[str, Any]:
    conversation: Conversation = review.conversation
    return {
        "conversation": str(conversation.pk),
        "channel": conversation.channel,
        "language": conversation.language,
        "started": conversation.started_at.isoformat(),
        "last_message": review.last_at.isoformat(),
        "state": review.state,
        "assignee": review.assignee.get_username() if review.assignee else None,
        "tags": [tag.name for tag in review.tags.all()],
        "reasons": [str(risk.name).lower() for risk in review.risks],
        "least_confidence": review.lowest,
        "messages": messages,
    }


def _message(message: Message) -> dict[str, Any]:
    mark = getattr(message, "mark", None)
    return {
        "id": message.pk,
        "received": message.received_at.isoformat(),
        "text": masked(message.text),
        "choice": message.choice,
        "attachment": message.attachment,
        "state": message.state,
        "kind": message.kind,
        "topics": message.topics,
        "confidence": message.confidence,
        "understood": message.understood,
        "marked": {"kind": mark.kind, "intent": mark.intent} if mark else None,
        "replies": [
            {
                "kind": reply.kind,
                "topic": reply.topic,
                "text": masked(str(reply.body.get("text", ""))),
                "helpful": reply.feedback.helpful if hasattr(reply, "feedback") else None,
            }
            for reply in message.replies.all()
        ],
    }

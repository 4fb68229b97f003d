"""Between the console and `make learn`: marks go out masked, and what became of them comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, Field, ValidationError

from web.conversations.models import Message
from web.learning.models import Lesson
from web.privacy.masking import masked
from web.privacy.record import Event, record
from web.review.models import Mark

#: Replies after which a question counts as unanswered.
_UNANSWERED = ("clarify",)
_Count = Annotated[int, Field(ge=0)]


class _Learned(BaseModel):
    id: int
    intent: str


class _Refused(BaseModel):
    mark: int
    intent: str
    why: str


class _Report(BaseModel):
    """The parts of `report.json` that are kept."""

    marks: _Count
    trainings: _Count
    learned: list[_Learned]
    refused: list[_Refused]
    contradictions: list[_Refused]
    before: dict[str, dict[str, Any]] | None
    after: dict[str, dict[str, Any]] | None
    diff: str


class NotAReport(Exception):
    """The file is none that `make learn` wrote."""


def marks_to_learn() -> Iterator[dict[str, Any]]:
    """Marks that were not learned yet, their words masked, the oldest first."""
    marks = Mark.objects.filter(learned_at=None).exclude(intent="").select_related("message").order_by("at", "pk")
    for mark in marks.iterator(chunk_size=500):
        if mark.message.text:
            yield {"mark": mark.pk, "text": masked(mark.message.text), "intent": mark.intent}


def unanswered() -> Iterator[dict[str, Any]]:
    """Questions that got no answer, masked; `visitor` tells visitors apart and names none."""
    asked = Message.objects.filter(kind__in=_UNANSWERED).exclude(text="") | Message.objects.filter(
        mark__kind=Mark.Kind.NO_TOPIC
    ).exclude(text="")
    visitors: dict[object, int] = {}
    for message in asked.distinct().order_by("pk").iterator(chunk_size=500):
        visitor = visitors.setdefault(message.conversation_id, len(visitors) + 1)
        yield {"text": masked(message.text), "visitor": visitor}


def write(rows: Iterator[dict[str, Any]], path: Path, what: str) -> int:
    """Write rows as JSON Lines and record it; how many there were."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    record(None, Event.EXPORT, what, rows=str(count))
    return count


def keep(path: Path) -> Lesson:
    """Keep what a run of `make learn` reported, and mark as learned what it learned.

    Raises:
        NotAReport: the file can't be read.
    """
    try:
        report = _Report.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise NotAReport(f"{path} is no report of `make learn`.") from error
    with transaction.atomic():
        Mark.objects.filter(pk__in=[one.id for one in report.learned]).update(learned_at=timezone.now())
        lesson = Lesson.objects.create(**report.model_dump())
        record(None, Event.LEARN, f"lesson {lesson.pk}", learned=str(len(report.learned)))
    return lesson

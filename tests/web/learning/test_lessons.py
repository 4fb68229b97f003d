"""Marks go out masked; what became of them is kept and shown."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.web.console.conftest import LoggedIn, logged_in, new_staff  # noqa: F401 (fixtures)
from web.console.access import Role
from web.conversations.models import Conversation, Message
from web.learning.models import Lesson
from web.privacy.models import Entry
from web.review.models import Mark

pytestmark = pytest.mark.django_db


@pytest.fixture
def marks() -> list[Mark]:
    """One with personal data, one without a topic, one learned."""
    conversation = Conversation.objects.create()
    who = User.objects.create_user("rita")
    made = []
    for number, (text, intent) in enumerate(
        [("I'm Dana, does the scanner pull", "safety/mri"), ("what of wigs", ""), ("does it hurt", "safety/pain")]
    ):
        message = Message.objects.create(conversation=conversation, external_id=str(number), text=text, kind="answer")
        kind = Mark.Kind.TOPIC if intent else Mark.Kind.NO_TOPIC
        made.append(Mark.objects.create(message=message, kind=kind, intent=intent, by=who))
    Mark.objects.filter(pk=made[2].pk).update(learned_at=made[2].at)
    return made


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_marks_go_out_masked_and_once(marks: list[Mark], tmp_path: Path) -> None:
    """Those that were learned stay; the record says how many went."""
    path = tmp_path / "marks.jsonl"
    call_command("marks", "export", str(path), stdout=io.StringIO())
    assert rows_of(path) == [{"mark": marks[0].pk, "text": "I'm [name], does the scanner pull", "intent": "safety/mri"}]
    entry = Entry.objects.get()
    assert (entry.event, entry.details) == ("export", {"rows": "1"})


def test_unanswered_questions_go_out_masked(marks: list[Mark], tmp_path: Path) -> None:
    """What was not understood, and what staff say has no topic; visitors are numbers."""
    other = Conversation.objects.create()
    Message.objects.create(conversation=other, external_id="9", text="ask Dana Smith of 310 555 0142", kind="clarify")
    path = tmp_path / "asked.jsonl"
    call_command("marks", "unanswered", str(path), stdout=io.StringIO())
    assert rows_of(path) == [
        {"text": "what of wigs", "visitor": 1},
        {"text": "ask [name] of [phone]", "visitor": 2},
    ]


def report(mark: Mark, refused: Mark) -> dict[str, Any]:
    """As `make learn` writes it."""

    def headline(wrong: int) -> dict[str, Any]:
        return {
            "wrong answers, of all messages": {"count": wrong, "of": 653, "value": 0.0},
            "emergency recall": {"count": 60, "of": 60, "value": 1.0},
        }

    return {
        "when": "today",
        "marks": 2,
        "trainings": 2,
        "before": headline(12),
        "after": headline(10),
        "learned": [{"id": mark.pk, "text": "does the scanner pull", "intent": "safety/mri", "covered": 0}],
        "refused": [
            {"mark": refused.pk, "text": "x", "intent": "safety/mri", "why": "wrong answers: 14 instead of 12"}
        ],
        "contradictions": [],
        "diff": "--- a/data/topics/mri.yml\n+++ b/data/topics/mri.yml\n+    - does the scanner pull\n",
    }


def test_what_was_learned_is_kept_and_shown(
    marks: list[Mark],
    tmp_path: Path,
    logged_in: LoggedIn,  # noqa: F811
) -> None:
    """Learned marks are done, refused ones wait; the console shows when, what, why and the effect."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report(marks[0], marks[1])), encoding="utf-8")
    call_command("marks", "learned", str(path), stdout=io.StringIO())
    assert Mark.objects.get(pk=marks[0].pk).learned_at is not None
    lesson = Lesson.objects.get()
    assert "text" not in lesson.refused[0], "the words of a refused mark go with its message"
    manager = logged_in(Role.MANAGER)
    overview = manager.get("/console/learning/").content.decode()
    assert "1 learned" in overview
    assert "1 refused" in overview
    assert "12 of 653" in overview
    assert "-2" in overview
    page = manager.get(f"/console/learning/{lesson.pk}").content.decode()
    assert "wrong answers: 14 instead of 12" in page
    assert "what of wigs" in page
    assert "<ins>+    - does the scanner pull</ins>" in page
    marks[1].message.conversation.delete()
    page = manager.get(f"/console/learning/{lesson.pk}").content.decode()
    assert "what of wigs" not in page
    assert f"Mark {marks[1].pk}" in page
    assert logged_in(Role.REVIEWER).get("/console/learning/").status_code == 403


def test_what_is_no_report_changes_nothing(marks: list[Mark], tmp_path: Path) -> None:
    """A file of something else is named."""
    path = tmp_path / "report.json"
    path.write_text('{"learned": 1}', encoding="utf-8")
    for name in (path, tmp_path / "none.json"):
        with pytest.raises(CommandError, match="is no report"):
            call_command("marks", "learned", str(name))
    assert Mark.objects.filter(learned_at=None).count() == 2

"""What was learned, when, and its effect."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from web.console.access import Permission, StaffRequest, needs
from web.learning.models import Lesson
from web.privacy.masking import masked
from web.privacy.record import Event, record
from web.review.models import Mark

#: The figures a lesson is judged by, the weightiest first; whether more is better.
FIGURES = (
    ("wrong answers, of all messages", "Wrong answers", False),
    ("emergency recall", "Emergencies found", True),
    ("answerable answered right", "Questions answered right", True),
    ("look-alike false alarms", "False alarms", False),
)


@needs(Permission.LEARN)
@require_safe
def lessons(request: StaffRequest) -> HttpResponse:
    """Every lesson, and what waits for the next one."""
    waiting = Mark.objects.filter(learned_at=None).exclude(intent="").count()
    no_topic = Mark.objects.filter(kind=Mark.Kind.NO_TOPIC).count()
    found = [{"lesson": lesson, "figures": figures(lesson)} for lesson in Lesson.objects.all()[:100]]
    return render(request, "learning/lessons.html", {"lessons": found, "waiting": waiting, "no_topic": no_topic})


@needs(Permission.LEARN)
@require_safe
def lesson(request: StaffRequest, pk: int) -> HttpResponse:
    """One lesson: the figures, the examples, what was refused and why."""
    found = get_object_or_404(Lesson, pk=pk)
    record(request.user, Event.VIEW, f"lesson {found.pk}")
    context = {
        "lesson": found,
        "figures": figures(found),
        "contradictions": _with_words(found.contradictions),
        "refused": _with_words(found.refused),
        "lines": [(_tone(line), line) for line in found.diff.splitlines()],
    }
    return render(request, "learning/lesson.html", context)


def figures(lesson: Lesson) -> list[dict[str, Any]]:
    """Before and after, with whether it got better, worse or neither."""
    rows = []
    for name, title, more_is_better in FIGURES:
        before, after = (lesson.before or {}).get(name), (lesson.after or {}).get(name)
        if before is None or after is None:
            continue
        change = after["count"] - before["count"]
        tone = "" if not change else "good" if (change > 0) == more_is_better else "alarm"
        rows.append({"title": title, "before": before, "after": after, "change": change, "tone": tone})
    return rows


def _with_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks with the words of their messages, as long as these are kept."""
    marks = Mark.objects.filter(pk__in=[row["mark"] for row in rows]).select_related("message", "by")
    known = {mark.pk: mark for mark in marks}
    return [{**row, "known": known.get(row["mark"]), "words": _words(known.get(row["mark"]))} for row in rows]


def _words(mark: Mark | None) -> str:
    return masked(mark.message.text) if mark else ""


def _tone(line: str) -> str:
    is_name = line.startswith(("+++ ", "--- "))
    return "" if is_name else {"+": "new", "-": "gone"}.get(line[:1], "")

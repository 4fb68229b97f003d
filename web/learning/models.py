"""Lessons: what `make learn` made of marks."""

from __future__ import annotations

from django.db import models


class Lesson(models.Model):
    """One run: what was learned, what was refused and why, and the figures before and after.

    Words stand in `diff` alone, masked, as they stand in `data/`. Refused marks are named by their number: their words
    stay with the message, and go with it.
    """

    at = models.DateTimeField(auto_now_add=True)
    marks = models.PositiveIntegerField()
    trainings = models.PositiveIntegerField()
    learned = models.JSONField(default=list, help_text="Number and intent of each mark that was learned.")
    refused = models.JSONField(default=list, help_text="Number, intent and reason of each that was not.")
    contradictions = models.JSONField(default=list, help_text="The same, for marks that contradict.")
    before = models.JSONField(null=True, help_text="Headline figures on the judging questions.")
    after = models.JSONField(null=True)
    diff = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"Lesson of {self.at:%Y-%m-%d}"

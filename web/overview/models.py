"""What was counted. A count says nothing about any visitor, and stays when conversations are deleted."""

from __future__ import annotations

from django.db import models


class Measure(models.TextChoices):
    """What is counted; in brackets what `Tally.key` says."""

    VISITORS = "visitors", "Conversations begun"
    MESSAGES = "messages", "Messages"
    KIND = "kind", "Kind of reply (kind)"
    TOPIC = "topic", "Topic that was answered (topic)"
    UNSURE = "unsure", "Answered, but not sure (topic)"
    UNANSWERED = "unanswered", "Not understood (topic that was likeliest)"
    HANDOFF = "handoff", "Handed to the clinic (reason)"
    HELPFUL = "helpful", "Found helpful (topic)"
    UNHELPFUL = "unhelpful", "Found not helpful (topic)"
    SECONDS = "seconds", "Time to the reply (at most so many seconds)"
    HOUR = "hour", "Hour of the day (hour)"
    REQUESTS = "requests", "Requests to be contacted (source)"
    UNDELIVERED = "undelivered", "Could not be delivered"


class Tally(models.Model):
    """One count of one day, in the clinic's time zone, on one channel."""

    day = models.DateField()
    measure = models.CharField(max_length=12, choices=Measure)
    channel = models.CharField(max_length=12)
    key = models.CharField(max_length=80, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "day", "channel", "key"], name="counted_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.key}: {self.count}"


class CountedDay(models.Model):
    """A day that was counted. What comes late, such as an answer after an outage, is in it once it is `is_final`."""

    day = models.DateField(primary_key=True)
    counted_at = models.DateTimeField()
    is_final = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.day}"

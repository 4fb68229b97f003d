"""What staff make of a conversation, and what finds it fast: its risk and its facets, kept current with each turn."""

from __future__ import annotations

from enum import IntFlag

from django.contrib.auth.models import User
from django.db import models

from web.conversations.models import Conversation, Message


class Risk(IntFlag):
    """Why a conversation needs a look. Each weighs more than all below it together, so the sum is the rank."""

    DELIVERY = 1
    NEAR_MISS = 2
    UNSURE = 4
    ABSTAINED = 8
    THUMBS_DOWN = 16
    FAILED_HANDOFF = 32
    EMERGENCY = 64


RISK_LABELS: dict[Risk, str] = {
    Risk.EMERGENCY: "Emergency",
    Risk.FAILED_HANDOFF: "No answer yet",
    Risk.THUMBS_DOWN: "Not helpful",
    Risk.ABSTAINED: "Not understood",
    Risk.UNSURE: "Unsure",
    Risk.NEAR_MISS: "Near miss",
    Risk.DELIVERY: "Not delivered",
}


class Tag(models.Model):
    """A word staff put on conversations."""

    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Review(models.Model):
    """One conversation as staff find it in lists; made with its first turn, gone with the conversation.

    `risk` counts what happened after `reviewed_upto`. `place` orders the queue: the risk, then the time of the last
    message. `preview` is masked.
    """

    class State(models.TextChoices):
        NEW = "new", "New"
        IN_REVIEW = "in_review", "In review"
        REVIEWED = "reviewed", "Reviewed"
        NEEDS_ENGINEER = "needs_engineer", "Needs an engineer"

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, primary_key=True, related_name="review")
    state = models.CharField(max_length=16, choices=State, default=State.NEW)
    assignee = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    tags = models.ManyToManyField(Tag, related_name="+")
    risk = models.PositiveSmallIntegerField(default=0, editable=False)
    place = models.BigIntegerField(default=0, editable=False)
    last_at = models.DateTimeField(editable=False)
    messages = models.PositiveIntegerField(default=0, editable=False)
    counted_upto = models.BigIntegerField(default=0, editable=False, help_text="The last message that was counted.")
    lowest = models.FloatField(null=True, editable=False, help_text="The least confidence of a message, 0 to 1.")
    preview = models.CharField(max_length=200, blank=True, editable=False)
    reviewed_upto = models.BigIntegerField(default=0, editable=False, help_text="The last message that was reviewed.")
    reviewed_at = models.DateTimeField(null=True, editable=False)
    reviewed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return f"Review of {str(self.conversation_id)[:8]}"

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The same for a page: words, and how loud they are."""
        return [(RISK_LABELS[risk], "alarm" if risk >= Risk.FAILED_HANDOFF else "warn") for risk in self.risks]

    @property
    def risks(self) -> list[Risk]:
        """Why it needs a look, the weightiest first."""
        return [risk for risk in RISK_LABELS if risk & self.risk]


class Facet(models.Model):
    """One thing a conversation can be filtered by, with the keys that lists are ordered by.

    So every filter is a walk down one index from its newest or riskiest entry, on either database.
    """

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="facets", db_index=False)
    name = models.CharField(max_length=64, help_text="Such as kind:emergency, topic:mri or tag:7.")
    place = models.BigIntegerField()
    last = models.BigIntegerField(help_text="The last message, in milliseconds since 1970.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "name"], name="facet_once")]
        indexes = [
            models.Index(fields=["name", "-place", "-review"], name="facet_by_place"),
            models.Index(fields=["name", "-last", "-review"], name="facet_by_time"),
        ]

    def __str__(self) -> str:
        return self.name


class SearchText(models.Model):
    """A visitor's message as the search reads it: masked. The index over it is the database's own; see `search.py`."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="search_text")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()

    def __str__(self) -> str:
        return f"Text of message {self.message_id}"


class Note(models.Model):
    """What staff write about a conversation, for each other."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField(max_length=2000)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"Note {self.pk}"


class Mark(models.Model):
    """What a message should have been understood as. `learned_at`: when it went into the training examples."""

    class Kind(models.TextChoices):
        TOPIC = "topic", "Another topic"
        BEHAVIOUR = "behaviour", "Another behaviour"
        NO_TOPIC = "no_topic", "No topic yet"

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="mark")
    kind = models.CharField(max_length=10, choices=Kind)
    intent = models.CharField(max_length=80, blank=True, help_text="As in `data/`, such as safety/mri.")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now=True)
    learned_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["learned_at", "-at"], name="mark_to_learn")]

    def __str__(self) -> str:
        return f"Message {self.message_id}: {self.intent or self.get_kind_display()}"


class SavedView(models.Model):
    """Filters someone keeps under a name, for oneself or for all."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="The address's query string.")
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

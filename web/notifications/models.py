"""What the clinic is told, and whether it got there."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Notification(models.Model):
    """One thing to tell by one way. Holds a kind, a moment and a link for staff, and nothing about the visitor."""

    class Kind(models.TextChoices):
        NEW_REQUEST = "new_request", "New request"
        EMERGENCY = "emergency", "Emergency advice was given"
        OVERDUE = "overdue", "A request is overdue"
        FAILED_HANDOFF = "failed_handoff", "A visitor got no answer"
        WAITING = "waiting", "A visitor waits for a person"
        CHANNEL = "channel", "Messenger or WhatsApp needs its settings put right"

    class Way(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    way = models.CharField(max_length=8, choices=Way)
    path = models.CharField(max_length=200, help_text="Where staff see what it is about.")
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now, null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_way_display()}"

    @property
    def state(self) -> str:
        """sent, waiting, failing (and tried again) or given up."""
        if self.sent_at:
            return "sent"
        if self.next_attempt_at is None:
            return "given up"
        return "failing" if self.attempts else "waiting"

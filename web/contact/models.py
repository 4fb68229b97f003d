"""What visitors leave for the clinic."""

from __future__ import annotations

from django.db import models

from web.conversations.models import Conversation, Handoff


class ContactRequest(models.Model):
    """One visitor who wants to hear from the clinic."""

    class State(models.TextChoices):
        NEW = "new", "New"
        TAKEN = "taken", "Taken"
        DONE = "done", "Done"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, blank=True)
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, null=True, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    best_time = models.CharField(max_length=100, blank=True)
    message = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.NEW, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Contact request {self.pk}"

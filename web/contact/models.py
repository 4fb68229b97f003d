"""What visitors leave for the clinic."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from web.conversations.models import Channel, Conversation, Handoff


class ContactRequest(models.Model):
    """One visitor who wants to hear from the clinic: left in the conversation, or with the form."""

    class State(models.TextChoices):
        NEW = "new", "New"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"

    class Source(models.TextChoices):
        FORM = "form", "Contact form"
        WEBSITE = Channel.WEBSITE.value, "Website chat"
        MESSENGER = Channel.MESSENGER.value, "Messenger"
        WHATSAPP = Channel.WHATSAPP.value, "WhatsApp"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, blank=True)
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, null=True, blank=True)
    source = models.CharField(max_length=12, choices=Source, default=Source.FORM)
    sending_id = models.UUIDField(
        null=True, unique=True, editable=False, help_text="The form's own id: sent twice, it is stored once."
    )
    reason = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=40, blank=True)
    phone_is_local = models.BooleanField("without area code", default=False)
    email = models.EmailField(blank=True)
    best_time = models.CharField(max_length=100, blank=True)
    message = models.TextField(max_length=2000, blank=True)
    is_suspect = models.BooleanField("maybe a robot", default=False)
    state = models.CharField(max_length=12, choices=State, default=State.NEW, db_index=True)
    due_at = models.DateTimeField("due", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"], condition=~models.Q(source="form"), name="one_call_back_per_handoff"
            )
        ]

    def __str__(self) -> str:
        return f"Contact request {self.pk}"

    @property
    def staff_path(self) -> str:
        """Its page for staff."""
        return reverse("admin:contact_contactrequest_change", args=[self.pk])

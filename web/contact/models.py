"""What visitors leave for the clinic."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from web.conversations.models import Channel, Conversation, Handoff
from web.privacy.fields import EncryptedCharField, EncryptedEmailField, EncryptedTextField

#: What a request may be about; the keys are the reasons of shared/reply.py.
REASONS = {
    "": "A question",
    "booking": "An appointment",
    "prices": "Prices",
    "hours_location": "Opening hours or the way there",
    "personal_medical": "My health and this treatment",
    "complaint": "A complaint",
    "records_data": "My photos, forms or data",
    "human": "Speak with a person",
    "minor": "Someone under 18",
    "language": "Speak in another language",
    "unanswered": "A question the assistant could not answer",
    "not_understood": "A question the assistant did not understand",
}


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

    class Outcome(models.TextChoices):
        REACHED = "reached", "Spoke with them"
        BOOKED = "booked", "Booked an appointment"
        WRITTEN = "written", "Answered in writing"
        NOT_REACHED = "not_reached", "Could not be reached"
        WRONG = "wrong", "Wrong number or address"
        NOT_NEEDED = "not_needed", "Not needed any more"
        ROBOT = "robot", "Sent by a robot"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, blank=True)
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, null=True, blank=True)
    source = models.CharField(max_length=12, choices=Source, default=Source.FORM)
    sending_id = models.UUIDField(
        null=True, unique=True, editable=False, help_text="The form's own id: sent twice, it is stored once."
    )
    reason = models.CharField(max_length=20, blank=True)
    name = EncryptedCharField(max_length=100)
    phone = EncryptedCharField(max_length=40, blank=True)
    phone_is_local = models.BooleanField("without area code", default=False)
    email = EncryptedEmailField(blank=True)
    best_time = EncryptedCharField(max_length=100, blank=True)
    message = EncryptedTextField(max_length=2000, blank=True)
    is_suspect = models.BooleanField("maybe a robot", default=False)
    state = models.CharField(max_length=12, choices=State, default=State.NEW, db_index=True)
    due_at = models.DateTimeField("due", null=True, blank=True)
    overdue_told_at = models.DateTimeField(null=True, editable=False, help_text="When the clinic was told of it.")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    taken_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "due_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"], condition=~models.Q(source="form"), name="one_call_back_per_handoff"
            )
        ]

    def __str__(self) -> str:
        return f"Contact request {self.pk}"

    @property
    def reason_text(self) -> str:
        """What it is about, in words."""
        return REASONS.get(self.reason, self.reason)

    @property
    def initials(self) -> str:
        """Enough of the name to tell two requests apart."""
        return "".join(f"{part[0].upper()}." for part in self.name.split()[:2] if part)

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been seen to by now."""
        return self.state != self.State.DONE and self.due_at is not None and self.due_at <= timezone.now()

    @property
    def staff_path(self) -> str:
        """Its page for staff."""
        return reverse("requests:request", args=[self.pk])


class Step(models.Model):
    """One thing a person did about a request. Only added, never changed."""

    class Kind(models.TextChoices):
        TAKEN = "taken", "Took it"
        GIVEN_BACK = "given_back", "Gave it back"
        TRIED = "tried", "Tried, and will try again"
        NOTED = "noted", "Made a note"
        CLOSED = "closed", "Closed it"
        REOPENED = "reopened", "Opened it again"

    request = models.ForeignKey(ContactRequest, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=12, choices=ContactRequest.Outcome, blank=True)
    note = EncryptedTextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.request_id})"

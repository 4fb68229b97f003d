"""The conversation log and the inbox. One log serves every channel."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from web.config import config
from web.privacy.fields import EncryptedTextField


class Channel(models.TextChoices):
    WEBSITE = "website", "Website"
    MESSENGER = "messenger", "Messenger"
    WHATSAPP = "whatsapp", "WhatsApp"


class Conversation(models.Model):
    """All that one visitor and the assistant said to each other on one channel.

    `lease_owner` and `lease_until` say who is handling its messages; the lease expires by itself.
    `paused_until` says how long a person answers instead of the assistant: see `pause.py`, which alone sets it.
    """

    class PausedBy(models.TextChoices):
        CONSOLE = "console", "Staff, in the console"
        INBOX = "inbox", "Staff, in the page's inbox"
        APP = "app", "Staff, in the WhatsApp Business app"
        OTHER = "other", "Another app of the page"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.WEBSITE)
    language = models.CharField(max_length=12, blank=True)
    page = models.CharField(max_length=200, blank=True, help_text="The path of the page the chat was opened on.")
    started_at = models.DateTimeField(auto_now_add=True, db_index=True)
    last_message_at = models.DateTimeField(null=True, db_index=True)
    lease_owner = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    paused_by = models.CharField(max_length=10, choices=PausedBy, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False, help_text="When the latest pause began.")
    paused_until = models.DateTimeField(null=True, editable=False, help_text="When it ends, or ended.")

    class Meta:
        ordering = ["-last_message_at"]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.short_id}"

    @property
    def short_id(self) -> str:
        """Enough of the id for people to tell conversations apart."""
        return str(self.id)[:8]


def _resume_until() -> datetime:
    return timezone.now() + timedelta(minutes=config().resume_minutes)


class Message(models.Model):
    """What a visitor sent. Committed before anything else is done with it; unique on channel and external id."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        HANDLED = "handled", "Answered"
        FAILED = "failed", "Not answered: a part was down"
        LEFT = "left", "Left to a person"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.WEBSITE)
    external_id = models.CharField(max_length=200, help_text="The provider's or the client's own id.")
    text = models.TextField(blank=True)
    choice = models.CharField(max_length=200, blank=True)
    attachment = models.CharField(
        max_length=12, blank=True, help_text="What came instead of text or with it: a photo ..."
    )
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(
        null=True, editable=False, help_text="When a failed message is tried again; empty: staff has to answer it."
    )
    resume_until = models.DateTimeField(
        default=_resume_until, editable=False, help_text="After this the answer would come too late: staff takes over."
    )
    kind = models.CharField(max_length=12, blank=True)
    topics = models.JSONField(default=list)
    confidence = models.FloatField(null=True)
    understood = models.JSONField(default=dict)
    to_count = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Not yet in what the console finds its conversation by.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="message_once")]
        indexes = [
            models.Index(fields=["conversation", "state", "id"]),
            models.Index(fields=["state", "resume_until"]),
            models.Index(fields=["kind", "-id"], name="message_by_kind"),
            models.Index(fields=["id"], condition=models.Q(to_count=True), name="message_to_count"),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"


class Reply(models.Model):
    """What the visitor was told, as every channel shows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="replies")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    topic = models.CharField(max_length=40, blank=True)
    body = models.JSONField(help_text="The reply in the shared format.")

    class Meta:
        ordering = ["message", "position"]
        verbose_name_plural = "replies"
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="reply_position_once")]

    def __str__(self) -> str:
        return f"Reply {str(self.id)[:8]}"


class Handoff(models.Model):
    """A visitor handed to the clinic."""

    id = models.UUIDField(primary_key=True, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="handoffs")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="handoffs")
    reason = models.CharField(max_length=20)
    status = models.CharField(max_length=10)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Handoff {str(self.id)[:8]}"


class StaffTask(models.Model):
    """A message that the assistant could not answer in time, so that a person has to."""

    class State(models.TextChoices):
        NEW = "new", "New"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="staff_task")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="staff_tasks")
    state = models.CharField(max_length=12, choices=State, default=State.NEW, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Unanswered message {self.message_id}"


class WorkerBeat(models.Model):
    """When the worker was last seen. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Worker seen {self.at:%Y-%m-%d %H:%M:%S}"


class Feedback(models.Model):
    """Whether a reply helped, said once by the visitor and open to a change of mind."""

    reply = models.OneToOneField(Reply, on_delete=models.CASCADE, related_name="feedback")
    helpful = models.BooleanField()
    comment = models.TextField(blank=True)
    given_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return "helpful" if self.helpful else "not helpful"


class Erasure(models.Model):
    """That something was to be erased, and then the receipt, which holds nothing about the visitor.

    Its id is what a visitor is given to ask by. `conversation` and `subject` say what still has to be erased.
    """

    class Via(models.TextChoices):
        WEBSITE = Channel.WEBSITE.value, "Website chat"
        MESSENGER = Channel.MESSENGER.value, "Messenger"
        WHATSAPP = Channel.WHATSAPP.value, "WhatsApp"
        META = "meta", "Meta's data deletion"
        CONSOLE = "console", "Staff, in the console"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    via = models.CharField(max_length=12, choices=Via, default=Via.WEBSITE)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(null=True, help_text="Empty: still to be done.")
    messages = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    conversation = models.UUIDField(null=True, unique=True, editable=False)
    subject = EncryptedTextField(blank=True, editable=False, help_text="An id of Meta's, until its visitor is found.")
    next_attempt_at = models.DateTimeField(null=True, db_index=True, editable=False)

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"Erasure {str(self.id)[:8]}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.erased_at is not None

"""What the channels keep: webhooks not read yet, who a visitor is, and every part that was sent or is to be sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from web.conversations.models import Channel, Conversation, Message, Reply

CHANNELS = [(channel.value, channel.label) for channel in (Channel.MESSENGER, Channel.WHATSAPP)]


class Webhook(models.Model):
    """What Meta sent, as it came, encrypted; gone once it is read. One that can't be read stays, for an engineer."""

    channel = models.CharField(max_length=12, choices=CHANNELS)
    body = models.TextField(editable=False)
    received_at = models.DateTimeField(auto_now_add=True)
    problem = models.CharField(max_length=80, blank=True, db_index=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Webhook {self.pk}"


class Turnstile(models.Model):
    """One row. Who holds its lock reads webhooks, so that they are read in order whichever process does it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    def __str__(self) -> str:
        return "Turnstile"


class Visitor(models.Model):
    """Who writes on a channel, known by keyed hashes; the ids themselves are encrypted.

    `user_*`: Messenger's page-scoped id or WhatsApp's business-scoped one. `phone_*`: WhatsApp's number, which may be
    missing. `sender` and `sending_until` are the lease of whoever sends to this visitor; it expires by itself.
    """

    channel = models.CharField(max_length=12, choices=CHANNELS)
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="visitor")
    user_hash = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (unique where it is known)
    user_token = models.TextField(blank=True, editable=False)
    phone_hash = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (unique where it is known)
    phone_token = models.TextField(blank=True, editable=False)
    #: Until then the platform lets us answer.
    window_until = models.DateTimeField(null=True)
    #: When the visitor was last told that a bot answers, or was answered after that.
    told_at = models.DateTimeField(null=True)
    sender = models.CharField(max_length=32, blank=True, editable=False)
    sending_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "user_hash"], name="visitor_once_by_user"),
            models.UniqueConstraint(fields=["channel", "phone_hash"], name="visitor_once_by_phone"),
        ]

    def __str__(self) -> str:
        return f"Visitor {self.pk}"


class Origin(models.Model):
    """Where a message came from, beyond what the log shows: its id at the provider, encrypted."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="origin")
    token = models.TextField(editable=False)
    #: Keyed hash of the provider's id of the message that this one answers; empty when it answers none.
    answers = models.CharField(max_length=64, blank=True, editable=False)

    def __str__(self) -> str:
        return f"Origin of message {self.message_id}"


class Delivery(models.Model):
    """One part of a reply on its way: sent in the order of `id`, one at a time for each conversation.

    `key` is our own id; it travels with the part and comes back with what the provider says of it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent, or not known whether it was"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        READ = "read", "Read"
        WITHHELD = "withheld", "Withheld: a person answers"
        FAILED = "failed", "Not sent"

    class Author(models.TextChoices):
        ASSISTANT = "assistant", "Assistant"
        STAFF = "staff", "Staff"

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="deliveries")
    reply = models.ForeignKey(Reply, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    author = models.CharField(max_length=10, choices=Author, default=Author.ASSISTANT)
    content = models.JSONField(help_text="The part as it is shown, for the channel to put into its own form.")
    is_urgent = models.BooleanField(default=False, help_text="Emergency advice: sent even while a person answers.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    #: Keyed hashes of the ids under which the provider took it; more than one: the visitor saw it more than once.
    provider_hashes = models.JSONField(default=list, editable=False)
    provider_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    problem = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["conversation", "state", "id"]),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Redaction(models.Model):
    """What Rasa still has to forget: one message of a conversation, or all of it."""

    rasa_name = models.CharField(max_length=64, help_text="The name under which Rasa knows the conversation.")
    message_id = models.CharField(max_length=32, blank=True, help_text="Empty: the whole conversation.")
    next_attempt_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"Redaction {self.pk}"


class Hold(models.Model):
    """Nothing is sent on a channel until then: its provider asked us to wait, or its settings need someone."""

    channel = models.CharField(max_length=12, primary_key=True, choices=CHANNELS)
    until = models.DateTimeField()
    problem = models.CharField(max_length=80)
    is_configuration = models.BooleanField(default=False)
    #: How often in a row; each makes the next wait longer.
    times = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.get_channel_display()} waits until {self.until:%H:%M:%S}"

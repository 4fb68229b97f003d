"""What people say of the content. The content itself stands in `data/` and is never changed from here."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from shared.content import signable


class Signature(models.Model):
    """A clinician stands behind one wording of an answer and the sources shown with it.

    It holds what was signed, so that it proves itself; any other wording is not signed by it. It is never changed; it
    can be withdrawn.
    """

    topic = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 over the answer and its sources.")
    text = models.TextField(editable=False)
    sources = models.JSONField(editable=False, help_text="Title, publisher and url of each source shown.")
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=100, help_text="As visitors read it.")
    signed_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-signed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "digest"], condition=models.Q(withdrawn_at=None), name="wording_signed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic}, signed by {self.name}"

    @property
    def is_untouched(self) -> bool:
        """Whether the record still holds what was signed."""
        return self.digest == signable(self.text, self.sources)


class Proposal(models.Model):
    """A new wording of one reply, for an engineer to put into `data/`. It passed the never-claims."""

    class State(models.TextChoices):
        OPEN = "open", "Waits for an engineer"
        MERGED = "merged", "Merged"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Taken back"

    topic = models.CharField(max_length=40, blank=True, help_text="Empty where the reply is no topic's.")
    path = models.CharField(max_length=200, help_text="The file below `data/`.")
    response = models.CharField(max_length=100)
    variation = models.PositiveSmallIntegerField(default=0)
    before = models.TextField(help_text="The wording when this was proposed.")
    text = models.TextField()
    why = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN, db_index=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Proposal {self.pk} for {self.response}"

"""What privacy keeps."""

from __future__ import annotations

from django.db import models


class Event(models.TextChoices):
    """What someone did that the record keeps."""

    VIEW = "view", "Viewed"
    SEARCH = "search", "Searched"
    REVEAL = "reveal", "Revealed what was masked"
    EXPORT = "export", "Exported"
    MARK = "mark", "Marked"
    SIGN = "sign", "Signed"
    ERASE = "erase", "Erased"
    EXPIRE = "expire", "Deleted because its time was over"
    SETTING = "setting", "Changed a setting"
    LEARN = "learn", "Learned from marks"
    ROTATE = "rotate", "Changed keys"


class Entry(models.Model):
    """One thing that was done; never changed and never deleted, which the database itself refuses.

    `digest` is a keyed hash over this entry and the digest before it: `record.py` makes it and checks the chain.
    Names are kept as they were: an account may go, what it did stays.
    """

    number = models.PositiveBigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField(db_index=True)
    actor = models.PositiveBigIntegerField(null=True, db_index=True, help_text="The account's id; empty: the software.")
    actor_name = models.CharField(max_length=150, blank=True)
    event = models.CharField(max_length=12, choices=Event, db_index=True)
    subject = models.CharField(max_length=200, db_index=True, help_text="What it was done to: a kind and an id.")
    details = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"Entry {self.number}"


class ChainHead(models.Model):
    """One row: the last entry. Who holds its lock adds the next one."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"The record ends with entry {self.number}"

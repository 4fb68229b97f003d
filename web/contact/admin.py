"""Contact requests for staff: read, and mark as in progress or done."""

from __future__ import annotations

from django.contrib import admin

from web.contact.models import ContactRequest


@admin.register(ContactRequest)
class ContactRequestAdmin(admin.ModelAdmin):
    list_display = (
        "created_at", "source", "reason", "name", "phone", "phone_is_local", "email", "best_time", "due_at", "state",
    )  # fmt: skip
    list_filter = ("state", "is_suspect", "source", "reason")
    readonly_fields = (
        "conversation", "handoff", "source", "reason", "name", "phone", "phone_is_local", "email", "best_time",
        "message", "is_suspect", "created_at",
    )  # fmt: skip

    def has_add_permission(self, request: object) -> bool:
        return False

"""Contact requests for staff: read, and mark as taken or done."""

from __future__ import annotations

from django.contrib import admin

from web.contact.models import ContactRequest


@admin.register(ContactRequest)
class ContactRequestAdmin(admin.ModelAdmin):
    list_display = ("created_at", "name", "phone", "email", "reason", "state")
    list_filter = ("state", "reason")
    list_editable = ("state",)
    readonly_fields = (
        "conversation", "handoff", "reason", "name", "phone", "email", "best_time", "message", "created_at",
    )  # fmt: skip

    def has_add_permission(self, request: object) -> bool:
        return False

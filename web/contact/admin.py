"""Contact requests as the operator sees them: without the contact details. Staff work on them in the console."""

from __future__ import annotations

from django.contrib import admin

from web.contact.models import ContactRequest
from web.conversations.admin import Recorded
from web.privacy.masking import masked


@admin.register(ContactRequest)
class ContactRequestAdmin(Recorded, admin.ModelAdmin):
    list_display = ("created_at", "source", "reason", "initials", "phone_is_local", "due_at", "state")
    list_filter = ("state", "is_suspect", "source", "reason")
    readonly_fields = (
        "conversation", "handoff", "source", "reason", "initials", "phone_is_local", "said", "is_suspect", "created_at",
    )  # fmt: skip
    exclude = ("name", "phone", "email", "best_time", "message", "sending_id")

    @admin.display(description="Message")
    def said(self, request: ContactRequest) -> str:
        return masked(request.message)

    def has_add_permission(self, request: object) -> bool:
        return False

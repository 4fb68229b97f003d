"""A first view of the log for staff: what came in, what was said, what was understood. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from web.conversations.models import Conversation, Erasure, Feedback, Handoff, Message, StaffTask


class ReadOnly:
    """Staff look; only the assistant writes the log."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MessageInline(ReadOnly, admin.TabularInline):
    model = Message
    fields = ("received_at", "said", "answered", "kind", "understanding")
    readonly_fields = fields
    extra = 0

    @admin.display(description="Visitor")
    def said(self, message: Message) -> str:
        return message.text or f"[{message.choice}]"

    @admin.display(description="Assistant")
    def answered(self, message: Message) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((reply.body["text"],) for reply in message.replies.all()))

    @admin.display(description="Understood")
    def understanding(self, message: Message) -> SafeString:
        understood = message.understood or {}
        return format_html(
            "{}<br>{}<br>{}",
            understood.get("intent") or "nothing",
            f"sure to {message.confidence:.0%}" if message.confidence is not None else "",
            ", ".join(understood.get("rules") or []),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).prefetch_related("replies")


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "channel", "started_at", "last_message_at", "language")
    list_filter = ("channel", "messages__kind", "messages__state")
    search_fields = ("messages__text",)
    date_hierarchy = "started_at"
    inlines = (MessageInline,)


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("received_at", "text", "kind", "topics", "confidence", "state")
    list_filter = ("kind", "state", "channel")
    search_fields = ("text",)
    date_hierarchy = "received_at"


@admin.register(Handoff)
class HandoffAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "reason", "status", "conversation")
    list_filter = ("reason", "status")


@admin.register(StaffTask)
class StaffTaskAdmin(admin.ModelAdmin):
    list_display = ("created_at", "said", "conversation", "due_at", "state")
    list_filter = ("state",)
    list_editable = ("state",)
    readonly_fields = ("message", "said", "conversation", "created_at")
    list_select_related = ("message", "conversation")

    @admin.display(description="Visitor")
    def said(self, task: StaffTask) -> str:
        return task.message.text or f"[{task.message.choice}]"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("given_at", "helpful", "comment")
    list_filter = ("helpful",)


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "via", "erased_at", "messages", "requests")

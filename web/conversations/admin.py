"""The log as the operator sees it: masked and read only, and every look is in the record. Staff use the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from web.conversations.models import Conversation, Erasure, Feedback, Handoff, Message, StaffTask
from web.privacy.masking import masked
from web.privacy.record import Event, record

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object


class Recorded(_ModelAdmin):
    """Whoever opens a list or one of its rows is in the record."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        event = Event.SEARCH if request.GET.get("q") else Event.VIEW
        record(_user(request), event, f"admin list {self.opts.label_lower}", words=request.GET.get("q", ""))
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record(_user(request), Event.VIEW, f"admin {self.opts.label_lower} {object_id}")
        return super().change_view(request, object_id, form_url, extra_context)


def _user(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


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
        return masked(message.text) or f"[{message.choice}]"

    @admin.display(description="Assistant")
    def answered(self, message: Message) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((masked(reply.body["text"]),) for reply in message.replies.all()))

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
class ConversationAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "channel", "started_at", "last_message_at", "language")
    list_filter = ("channel", "messages__kind", "messages__state")
    search_fields = ("messages__text",)
    date_hierarchy = "started_at"
    inlines = (MessageInline,)


@admin.register(Message)
class MessageAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("received_at", "said", "kind", "topics", "confidence", "state")
    fields = ("conversation", *list_display)
    list_filter = ("kind", "state", "channel")
    search_fields = ("text",)
    date_hierarchy = "received_at"

    @admin.display(description="Visitor")
    def said(self, message: Message) -> str:
        return masked(message.text) or f"[{message.choice}]"


@admin.register(Handoff)
class HandoffAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "reason", "status", "conversation")
    list_filter = ("reason", "status")


@admin.register(StaffTask)
class StaffTaskAdmin(Recorded, admin.ModelAdmin):
    list_display = ("created_at", "said", "conversation", "due_at", "state")
    list_filter = ("state",)
    list_editable = ("state",)
    readonly_fields = ("message", "said", "conversation", "created_at")
    list_select_related = ("message", "conversation")

    @admin.display(description="Visitor")
    def said(self, task: StaffTask) -> str:
        return masked(task.message.text) or f"[{task.message.choice}]"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Feedback)
class FeedbackAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("given_at", "helpful", "said")
    list_filter = ("helpful",)
    fields = list_display

    @admin.display(description="Comment")
    def said(self, feedback: Feedback) -> str:
        return masked(feedback.comment)


@admin.register(Erasure)
class ErasureAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "via", "erased_at", "messages", "requests")

"""Messenger and WhatsApp for staff: what was sent and why not, what a provider wants, webhooks that can't be read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from web.channels.models import Delivery, Hold, Webhook
from web.conversations.admin import ReadOnly, Recorded
from web.privacy.masking import masked


@admin.register(Delivery)
class DeliveryAdmin(Recorded, ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "conversation", "author", "said", "state", "times", "attempts", "problem", "sent_at")
    fields = list_display
    list_filter = ("state", "author", "conversation__channel", "is_urgent")
    list_select_related = ("conversation",)
    date_hierarchy = "created_at"
    actions = ("send_again",)

    @admin.display(description="Text")
    def said(self, delivery: Delivery) -> str:
        return masked(str(delivery.content.get("text", "")))[:200]

    @admin.display(description="Seen")
    def times(self, delivery: Delivery) -> int:
        return len(delivery.provider_hashes)

    @admin.action(description="Try to send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Those that were not sent are due now, and have an hour from now."""
        now = timezone.now()
        failed = queryset.filter(state=Delivery.State.FAILED)
        again = failed.update(state=Delivery.State.WAITING, next_attempt_at=now, created_at=now, attempts=0, problem="")
        self.message_user(request, f"{again} will be sent by the worker in a moment, if the 24-hour window is open.")


@admin.register(Hold)
class HoldAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("channel", "problem", "until", "times")


@admin.register(Webhook)
class WebhookAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("received_at", "channel", "problem")
    list_filter = ("channel", "problem")
    fields = list_display

"""Notifications for staff: what was sent, what fails, and trying again."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from web.conversations.admin import ReadOnly
from web.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "kind", "way", "state", "attempts", "last_error", "sent_at")
    list_filter = ("kind", "way", ("sent_at", admin.EmptyFieldListFilter))
    actions = ("send_again",)

    @admin.action(description="Try to send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Those that did not arrive are due now."""
        again = queryset.filter(sent_at=None).update(next_attempt_at=timezone.now())
        self.message_user(request, f"{again} will be sent by the worker in a moment.")

"""Django application: notifications to the clinic."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "web.notifications"
    label = "notifications"
    verbose_name = "Notifications"

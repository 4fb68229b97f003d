"""Django application: Messenger and WhatsApp."""

from __future__ import annotations

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "web.channels"
    label = "channels"
    verbose_name = "Messenger and WhatsApp"

"""Django application: the conversation log."""

from __future__ import annotations

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "web.conversations"
    label = "conversations"
    verbose_name = "Conversations"

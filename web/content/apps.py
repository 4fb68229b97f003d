"""Django application: signatures over answers, and proposals of new wordings."""

from __future__ import annotations

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "web.content"
    label = "content"
    verbose_name = "Content"

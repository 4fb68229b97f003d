"""Django application: learning."""

from __future__ import annotations

from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "web.learning"
    label = "learning"
    verbose_name = "Learning"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.navigation import Entry, register

        register(Entry("Learning", "learning:lessons", Permission.LEARN, 60, match=("learning:lesson",)))

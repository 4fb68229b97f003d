"""Django application: the staff console."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "web.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.conversations import queue_length
        from web.console.navigation import Entry, register
        from web.console.operations import needs_someone

        register(Entry("Queue", "console:queue", Permission.READ, 10, queue_length))
        pages = ("console:conversation",)
        register(Entry("Conversations", "console:conversations", Permission.READ, 20, match=pages))
        register(Entry("Deliveries", "console:operations", Permission.OPERATIONS, 85, needs_someone))
        register(Entry("People", "console:people", Permission.PEOPLE, 95, match=("console:person",)))
        register(Entry("Mark", "console:messages", Permission.REVIEW, 25))

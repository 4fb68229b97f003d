"""Django application: signatures over answers, and proposals of new wordings."""

from __future__ import annotations

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "web.content"
    label = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.navigation import Entry, register
        from web.content.standing import overdue_reviews

        pages = (
            "content:topic",
            "content:sign",
            "content:propose",
            "content:replies",
            "content:reply",
            "content:proposals",
        )
        register(Entry("Content", "content:content", Permission.CONTENT, 40, overdue_reviews, match=pages))

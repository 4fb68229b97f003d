"""Django application: the contact form."""

from __future__ import annotations

from django.apps import AppConfig


class ContactConfig(AppConfig):
    name = "web.contact"
    label = "contact"
    verbose_name = "Contact requests"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.navigation import Entry, register
        from web.contact.due import overdue

        pages = ("requests:request",)
        register(Entry("Requests", "requests:list", Permission.REQUESTS, 30, lambda: overdue().count(), match=pages))

"""Django application: privacy."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "web.privacy"
    label = "privacy"
    verbose_name = "Privacy"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.navigation import Entry, register

        erasing = ("privacy:erase_conversation", "privacy:erase_request", "privacy:receipt")
        register(Entry("Erase a visitor", "privacy:erasures", Permission.ERASE, 70, match=erasing))
        register(Entry("Retention", "privacy:retention", Permission.PRIVACY, 80))
        register(Entry("Record", "privacy:record", Permission.RECORD, 90))

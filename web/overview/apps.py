"""Django application: figures."""

from __future__ import annotations

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "web.overview"
    label = "overview"
    verbose_name = "Overview"

    def ready(self) -> None:
        from web.console.access import Permission
        from web.console.navigation import Entry, register

        register(Entry("Overview", "overview:overview", Permission.OVERVIEW, 50))

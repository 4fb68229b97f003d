"""Django application: the demo."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "web.demo"
    label = "demo"
    verbose_name = "Demo"

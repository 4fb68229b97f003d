"""Django application: commands for the operator."""

from __future__ import annotations

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "web.operations"
    label = "operations"

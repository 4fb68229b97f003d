"""Django application: the contact form."""

from __future__ import annotations

from django.apps import AppConfig


class ContactConfig(AppConfig):
    name = "web.contact"
    label = "contact"
    verbose_name = "Contact requests"

"""The ASGI application: Django, and before it a short way for the website API."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")

_django = get_asgi_application()

from web.website.door import Door  # noqa: E402 (its models need the settings)

application = Door(_django)

"""Short ways to people."""

from __future__ import annotations

from django.contrib.auth.models import User


def an_account(name: str = "robin", **more: bool) -> User:
    """Someone who may log in."""
    return User.objects.create_user(name, password="correct horse battery", **more)

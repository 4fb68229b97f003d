"""Short ways to people."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import User
from django.db import connection


def an_account(name: str = "robin", **more: bool) -> User:
    """Someone who may log in."""
    return User.objects.create_user(name, password="correct horse battery", **more)


def places_of(*words: str) -> list[str]:
    """Every table in which one of the words stands, as plain text; and every file of SQLite that holds it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (our own tables)
            content = repr(cursor.fetchall()).lower()
            found += [f"{table}: {word}" for word in words if word.lower() in content]
    if connection.vendor == "sqlite":
        database = Path(str(connection.settings_dict["NAME"]))
        for file in database.parent.glob(f"{database.name}*"):
            content_of_file = file.read_bytes().lower()
            found += [f"{file.name}: {word}" for word in words if word.lower().encode() in content_of_file]
    return found

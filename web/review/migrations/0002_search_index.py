"""The full-text index, in the database's own way."""

from typing import Any

from django.db import migrations

from web.review import search_index


def make(apps: Any, schema_editor: Any) -> None:
    search_index.make(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    search_index.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]

"""Every encrypted value of the database, to check that it can be read and to encrypt it with the first key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from web.privacy import encryption
from web.privacy.fields import MARK, Encrypted, from_column, to_column

#: Columns that the code itself encrypts: `web/channels/ids.py`.
_TOKENS = {
    "channels.Visitor": ("user_token", "phone_token"),
    "channels.Origin": ("token",),
    "channels.Webhook": ("body",),
}
_AT_ONCE = 500


@dataclass(frozen=True)
class Column:
    """A column with encrypted values. `is_marked`: plain ones, of before, may stand among them."""

    table: str
    key: str
    name: str
    is_marked: bool


@dataclass
class Count:
    """What became of the values of all columns."""

    values: int = 0
    changed: int = 0
    unreadable: int = 0


def columns() -> list[Column]:
    """Every column with encrypted values."""
    found = []
    for model in apps.get_models():
        meta = model._meta
        for field in meta.concrete_fields:
            is_marked = isinstance(field, Encrypted)
            if is_marked or field.name in _TOKENS.get(meta.label, ()):
                found.append(Column(meta.db_table, str(meta.pk.column), str(field.column), is_marked))
    return found


def check() -> Count:
    """Read every value and change none."""
    return _walk(changes=False)


def rotate() -> Count:
    """Encrypt with the first key what was encrypted with another, or not at all.

    May run beside everything else: a value that changes meanwhile is left to whoever changes it.
    """
    return _walk(changes=True)


def encrypt(table: str, key: str, name: str) -> None:
    """For migrations: encrypt the plain values of a column that has become an encrypted field."""
    column = Column(table, key, name, is_marked=True)
    for rows in _batches(column):
        for row, stored in rows:
            if not stored.startswith(MARK):
                _put(column, row, stored, to_column(stored))


def decrypt(table: str, key: str, name: str) -> None:
    """For migrations that are taken back: the plain values again."""
    column = Column(table, key, name, is_marked=True)
    for rows in _batches(column):
        for row, stored in rows:
            _put(column, row, stored, from_column(stored))


def _walk(*, changes: bool) -> Count:
    count = Count()
    for column in columns():
        for rows in _batches(column):
            with transaction.atomic():
                for key, stored in rows:
                    count.values += 1
                    _one(column, key, stored, count, changes=changes)
    return count


def _one(column: Column, key: Any, stored: str, count: Count, *, changes: bool) -> None:
    mark = MARK if column.is_marked else ""
    token = stored.removeprefix(mark) if stored.startswith(mark) else None
    if token is not None and encryption.is_current(token):
        return
    try:
        plain = stored if token is None else encryption.decrypted(token)
    except encryption.Unreadable:
        count.unreadable += 1
        return
    count.changed += 1
    if changes:
        _put(column, key, stored, f"{mark}{encryption.encrypted(plain)}")


def _put(column: Column, key: Any, before: str, after: str) -> None:
    """Change a value, unless someone else just did."""
    # The names are those of our own models.
    statement = f'UPDATE "{column.table}" SET "{column.name}" = %s WHERE "{column.key}" = %s AND "{column.name}" = %s'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, key, before])


def _batches(column: Column) -> Iterator[list[tuple[Any, str]]]:
    """Key and stored value of every row that has one."""
    last: Any = None
    while True:
        after = "" if last is None else f'AND "{column.key}" > %s'
        statement = (  # the names are those of our own models
            f'SELECT "{column.key}", "{column.name}" FROM "{column.table}" WHERE "{column.name}" <> \'\' {after} '  # noqa: S608
            f'ORDER BY "{column.key}" LIMIT {_AT_ONCE}'
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [] if last is None else [last])
            rows: list[tuple[Any, str]] = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]

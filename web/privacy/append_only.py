"""The database itself refuses to change or delete the record, whoever asks it to.

Who may change the database's schema can lift this; the chain of digests shows what they did then.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_TABLE = "privacy_entry"

_SQLITE = {
    "enforce": [
        f"CREATE TRIGGER IF NOT EXISTS {_TABLE}_no_{change} BEFORE {change} ON {_TABLE} "
        f"BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        for change in ("update", "delete")
    ],
    "lift": [f"DROP TRIGGER IF EXISTS {_TABLE}_no_{change}" for change in ("update", "delete")],
}
_POSTGRESQL = {
    "enforce": [
        f"CREATE OR REPLACE FUNCTION {_TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$",
        f"CREATE TRIGGER {_TABLE}_no_change BEFORE UPDATE OR DELETE ON {_TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {_TABLE}_refuse()",
        f"CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_TABLE}_refuse()",
    ],
    "lift": [
        f"DROP TRIGGER IF EXISTS {_TABLE}_no_change ON {_TABLE}",
        f"DROP TRIGGER IF EXISTS {_TABLE}_no_truncate ON {_TABLE}",
    ],
}
_BY_VENDOR = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def enforce(connection: BaseDatabaseWrapper) -> None:
    """Refuse updates and deletes from now on."""
    _run(connection, "enforce")


def lift(connection: BaseDatabaseWrapper) -> None:
    """Allow them again: for going back behind the migration, and for tests that empty the database."""
    _run(connection, "lift")


def _run(connection: BaseDatabaseWrapper, what: str) -> None:
    with connection.cursor() as cursor:
        for statement in _BY_VENDOR[connection.vendor][what]:
            cursor.execute(statement)

"""The full-text index over `SearchText`, which each database makes and keeps current by itself."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_NEW = "INSERT INTO review_searchindex(rowid, text) VALUES (new.message_id, new.text);"
_OLD = "INSERT INTO review_searchindex(review_searchindex, rowid, text) VALUES ('delete', old.message_id, old.text);"

_SQLITE = {
    "make": [
        "CREATE VIRTUAL TABLE review_searchindex USING fts5(text, content='review_searchtext', "
        "content_rowid='message_id', tokenize='porter unicode61 remove_diacritics 2')",
        f"CREATE TRIGGER review_searchindex_insert AFTER INSERT ON review_searchtext BEGIN {_NEW} END",
        f"CREATE TRIGGER review_searchindex_delete AFTER DELETE ON review_searchtext BEGIN {_OLD} END",
        f"CREATE TRIGGER review_searchindex_update AFTER UPDATE ON review_searchtext BEGIN {_OLD} {_NEW} END",
    ],
    "drop": [
        *(f"DROP TRIGGER IF EXISTS review_searchindex_{change}" for change in ("insert", "delete", "update")),
        "DROP TABLE IF EXISTS review_searchindex",
    ],
}
_POSTGRESQL = {
    "make": [
        "ALTER TABLE review_searchtext ADD COLUMN vector tsvector "
        "GENERATED ALWAYS AS (to_tsvector('english'::regconfig, text)) STORED",
        # Entries go in at once, not into a list that the next search would have to read through.
        "CREATE INDEX review_searchindex ON review_searchtext USING gin (vector) WITH (fastupdate = off)",
    ],
    "drop": ["ALTER TABLE review_searchtext DROP COLUMN IF EXISTS vector"],
}
_BY_VENDOR = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def make(connection: BaseDatabaseWrapper) -> None:
    """Make the index; the table is there and may hold rows only on PostgreSQL."""
    _run(connection, "make")


def drop(connection: BaseDatabaseWrapper) -> None:
    """Remove it, for going back behind the migration."""
    _run(connection, "drop")


def forget_deleted(connection: BaseDatabaseWrapper) -> None:
    """Take what was deleted out of the index itself: SQLite's only marks it there until it is tidied."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO review_searchindex(review_searchindex) VALUES ('optimize')")


def _run(connection: BaseDatabaseWrapper, what: str) -> None:
    with connection.cursor() as cursor:
        for statement in _BY_VENDOR[connection.vendor][what]:
            cursor.execute(statement)

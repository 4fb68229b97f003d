"""Words to messages, over the database's own full-text index of the masked text."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, QuerySet, TextField
from django.db.models.sql.compiler import SQLCompiler

from web.review.models import SearchText

_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_MOST_TERMS = 20
_MOST_CHARACTERS = 300


@TextField.register_lookup
class Words(Lookup):
    """`text__words=query`, of `SearchText` alone: the index stands beside its text and not over the column."""

    lookup_name = "words"
    prepare_rhs = False

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, list[Any] | tuple[Any, ...]]:
        rows = "SELECT rowid FROM review_searchindex WHERE review_searchindex MATCH %s"
        return f"{self._table(compiler)}.message_id IN ({rows})", (self.rhs,)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, list[Any] | tuple[Any, ...]]:
        return f"{self._table(compiler)}.vector @@ websearch_to_tsquery('english', %s)", (self.rhs,)

    def _table(self, compiler: SQLCompiler) -> str:
        return str(compiler.quote_name_unless_alias(self.lhs.alias))


def matching(words: str) -> QuerySet[SearchText]:
    """Messages that hold all the words, in any of their forms.

    Args:
        words: as a person types them; "in quotes" they stand together, and with a minus before them they are not there.
    """
    asked = words[:_MOST_CHARACTERS]
    query = asked if connection.vendor == "postgresql" else fts5(asked)
    if not query.strip():
        return SearchText.objects.none()
    return SearchText.objects.filter(text__words=query)


def fts5(words: str) -> str:
    """The same query in the language of SQLite; empty when there is nothing to look for."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _TERM.findall(words)[:_MOST_TERMS]:
        term = (phrase or word).replace('"', "")
        # Of marks alone there is no word in the index.
        if re.search(r"\w", term):
            (unwanted if minus else wanted).append(f'"{term}"')
    if not wanted:
        return ""
    return " NOT ".join([f"({' AND '.join(wanted)})", *unwanted])

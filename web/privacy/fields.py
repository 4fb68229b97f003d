"""Fields of a model that stand encrypted in the database and are plain words in Python.

The database can't search or sort them. An empty value stays empty; one written before there was encryption is read as
it is, and encrypted when it is next saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.lookups import Lookup

from web.privacy.encryption import decrypted, encrypted

#: What encrypted values begin with.
MARK = "enc:"
_LOOKUPS = ("exact", "isnull")


if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = object


class Encrypted(_Field):
    """What the three have in common."""

    def get_internal_type(self) -> str:
        """As wide as it needs: the column holds the encrypted value."""
        return "TextField"

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return to_column(plain) if isinstance(plain, str) else plain

    def from_db_value(self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper) -> str | None:
        return from_column(value) if value is not None else None

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        """Only whether there is a value can be asked of the database."""
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None


class EncryptedCharField(Encrypted, models.CharField):
    """A line of text, of at most `max_length` characters in a form."""


class EncryptedEmailField(Encrypted, models.EmailField):
    """An e-mail address."""


class EncryptedTextField(Encrypted, models.TextField):
    """A text."""


def to_column(plain: str) -> str:
    """A value as it stands in the database."""
    return f"{MARK}{encrypted(plain)}" if plain else plain


def from_column(stored: str) -> str:
    """A value of the database in plain words.

    Raises:
        Unreadable: its key is missing.
    """
    return decrypted(stored.removeprefix(MARK)) if stored.startswith(MARK) else stored

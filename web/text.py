"""What visitors type, made fit for a database and a reader."""

from __future__ import annotations

import unicodedata

MAX_TEXT = 10_000
_UNPRINTABLE = {"Cc", "Cs"}


def readable(text: str) -> str:
    """Without control characters, which no database and no reader wants; line breaks and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNPRINTABLE).strip()

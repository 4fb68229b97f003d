"""Given names: those that are no other word, and those that are."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path


def without_accents(text: str) -> str:
    """As the lists are written: "José" is "Jose"."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _words(file: str) -> frozenset[str]:
    lines = Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def given_names() -> frozenset[str]:
    """Those that are nothing else, in small letters and without accents."""
    return _words("given_names.txt")


@cache
def named_words() -> frozenset[str]:
    """Those that are words too, as "grace" and "will"."""
    return _words("named_words.txt")

"""Plain text out of however a visitor typed it, for the features; rules and the log see the raw text."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

#: Characters of a message that are read by the model. A longer text is read by the red-flag rules in full.
MAX_FEATURE_CHARACTERS = 2000

_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "`": "'"})
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STRETCHED = re.compile(r"([a-z!?.])\1{2,}")
_UNPRINTED = frozenset({"Cc", "Cf", "So", "Sk", "Cs", "Co", "Cn"})
_WORD = re.compile(r"[\w'/]+")


def _read_shorthand() -> dict[str, str]:
    lines = Path(__file__).with_name("shorthand.txt").read_text(encoding="utf-8").splitlines()
    return {short: long for short, _, long in (line.partition(" ") for line in lines if not line.startswith("#"))}


_SHORTHAND = _read_shorthand()


def plain(text: str) -> str:
    """Lower case, straight quotes, nothing invisible, shorthand and stretched letters written out; line breaks stay."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _UNSEEN.sub("", text)
    text = "".join(" " if c != "\n" and unicodedata.category(c) in _UNPRINTED else c for c in text)
    text = _STRETCHED.sub(r"\1", text.lower())
    return _WORD.sub(lambda match: _SHORTHAND.get(match[0], match[0]), text)


def normalize(text: str) -> str:
    """The plain text on one line, for the features.

    At most `MAX_FEATURE_CHARACTERS` characters of `text` are used: its beginning and its end, where a long story
    says what it is about and what it asks.
    """
    if len(text) > MAX_FEATURE_CHARACTERS:
        half = MAX_FEATURE_CHARACTERS // 2
        text = f"{text[:half]} {text[-half:]}"
    return " ".join(plain(text).split())

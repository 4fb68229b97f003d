"""Personal data in a visitor's words, covered by its kind: "call Dana at 310 555 0100" as "call [name] at [phone]".

Pure and quick, so that a list of a hundred messages can be masked while it is shown. What it catches and misses is
measured on `evaluation/masking/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

#: A visitor's message has at most this many characters; what is longer is masked in pieces of this length.
LONGEST = 10_000


class Kind(StrEnum):
    """What is covered; the value stands between brackets in the masked text."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "e-mail"
    ADDRESS = "address"
    BIRTH = "date of birth"
    INSURANCE = "insurance number"
    CARD = "card number"


@dataclass(frozen=True)
class Found:
    """One piece of personal data: `text[start:end]`."""

    start: int
    end: int
    kind: Kind


_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]+@[^\s@<>()\[\],;:\"]+\.[^\s@<>()\[\],;:\".!?]{2,}")
_PHONE = re.compile(r"(?<![\w@])\+?\(?\d(?:[\d\u00a0 ().\-/\u2010-\u2013]{5,}\d)(?![\w@])")
_NAME = re.compile(
    r"\b(?:my name is|my name's|me llamo|mi nombre es)\s+([^\W\d_][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*)*)", re.I
)


def masked(text: str) -> str:
    """The text with every piece of personal data covered by its kind in brackets."""
    parts: list[str] = []
    end = 0
    for found in find(text):
        parts += [text[end : found.start], f"[{found.kind}]"]
        end = found.end
    return "".join([*parts, text[end:]])


def find(text: str) -> list[Found]:
    """Personal data in the text, in order and without overlap; of two that overlap the earlier finder's stays."""
    kept: list[Found] = []
    for found in _every(text):
        if not any(found.start < other.end and other.start < found.end for other in kept):
            kept.append(found)
    return sorted(kept, key=lambda found: found.start)


def _every(text: str) -> Iterator[Found]:
    yield from _of(Kind.EMAIL, _EMAIL.finditer(text))
    yield from _of(Kind.PHONE, _PHONE.finditer(text))
    yield from _of(Kind.NAME, _NAME.finditer(text), group=1)


def _of(kind: Kind, matches: Iterable[re.Match[str]], group: int = 0) -> Iterator[Found]:
    for match in matches:
        yield Found(match.start(group), match.end(group), kind)

"""What a drug, product or condition is, said beside its name: "on eliquis" is also read as "on eliquis blood thinner".

There are thousands of names and a few kinds of them, and only the kind decides which topic answers.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path


@cache
def classes() -> dict[str, str]:
    """Every name, in lower case, with the class it stands under.

    Raises:
        ValueError: a line is no `class: names`, or a name stands twice; it is named.
    """
    known: dict[str, str] = {}
    for line in Path(__file__).with_name("glossary.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, colon, names = line.partition(": ")
        if not colon:
            raise ValueError(f"glossary.txt: {line[:40]!r} is no `class: names`.")
        for name in names.split(", "):
            if name in known:
                raise ValueError(f"glossary.txt: {name!r} stands under {known[name]!r} and under {kind!r}.")
            known[name] = kind
    return known


def words() -> frozenset[str]:
    """Every word of every name: words that are right as they are."""
    return frozenset(word for name in classes() for word in re.findall(r"[a-z][a-z']*[a-z]", name))


@cache
def _names() -> re.Pattern[str]:
    longest_first = sorted(classes(), key=len, reverse=True)
    return re.compile(rf"(?<![\w'-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


def explain(text: str) -> str:
    """The text, in lower case, with the class written after each name whose class it does not say already."""

    def with_class(match: re.Match[str]) -> str:
        kind = classes()[match[0]]
        return match[0] if kind in text else f"{match[0]} {kind}"

    return _names().sub(with_class, text)

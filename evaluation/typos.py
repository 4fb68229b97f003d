"""One typing error a message, on average: how much of what is understood survives it."""

from __future__ import annotations

import random

_NEAR = {
    "a": "qs", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_SHORTEST = 4


def with_typos(text: str, seed: str) -> str:
    """The text with no, one or two typing errors (one on average), always the same for the same seed.

    An error drops, doubles or swaps a letter, or hits the key beside it, in a word of four letters or more.
    """
    chance = random.Random(seed)  # noqa: S311 (repeatable, no secret)
    words = text.split(" ")
    for _ in range(chance.choice((0, 1, 1, 2))):
        places = [index for index, word in enumerate(words) if len(word) >= _SHORTEST and word.isalpha()]
        if places:
            place = chance.choice(places)
            words[place] = _misspell(words[place], chance)
    return " ".join(words)


def _misspell(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    match chance.choice(("drop", "double", "swap", "near")):
        case "drop":
            return word[:at] + word[at + 1 :]
        case "double":
            return word[:at] + word[at] + word[at:]
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case _:
            return word[:at] + chance.choice(_NEAR.get(word[at].lower(), word[at])) + word[at + 1 :]

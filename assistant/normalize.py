"""Plain text out of however a visitor typed it, for the features; rules and the log see the raw text."""

from __future__ import annotations

import re
import unicodedata

#: Characters of a message that are read by the model. A longer text is read by the red-flag rules in full.
MAX_FEATURE_CHARACTERS = 2000

_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "`": "'"})
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STRETCHED = re.compile(r"([a-z!?.])\1{2,}")
_SHORTHAND = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "thx": "thanks", "ty": "thank you",
    "b4": "before", "2day": "today", "2moro": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow", "wk": "week",
    "wks": "weeks", "yr": "year", "yrs": "years", "mo": "month", "hrs": "hours", "appt": "appointment",
    "appts": "appointments", "abt": "about", "bc": "because", "cuz": "because", "coz": "because", "w": "with",
    "w/": "with", "w/o": "without", "idk": "i don't know", "gonna": "going to", "wanna": "want to", "dr": "doctor",
    "meds": "medicines", "n": "and", "ppl": "people", "rn": "right now", "smth": "something", "sth": "something",
    "shd": "should", "cud": "could", "wud": "would", "cn": "can", "gd": "good", "tho": "though", "thru": "through",
    "msg": "message", "pic": "photo", "pics": "photos", "asap": "as soon as possible", "temp": "temperature",
    "preg": "pregnant", "bday": "birthday", "2nite": "tonight", "aint": "isn't", "wat": "what", "wut": "what",
    "hw": "how", "bf": "boyfriend", "gf": "girlfriend", "hubby": "husband",
}  # fmt: skip


def normalize(text: str) -> str:
    """Lower case, straight quotes, no invisible or control characters, SMS shorthand written out.

    At most `MAX_FEATURE_CHARACTERS` characters of `text` are used: its beginning and its end, where a long story
    says what it is about and what it asks.
    """
    if len(text) > MAX_FEATURE_CHARACTERS:
        half = MAX_FEATURE_CHARACTERS // 2
        text = f"{text[:half]} {text[-half:]}"
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _UNSEEN.sub("", text)
    text = "".join(" " if unicodedata.category(c) in {"Cc", "So", "Sk", "Cs", "Co", "Cn"} else c for c in text)
    text = _STRETCHED.sub(r"\1", text.lower())
    words = (_SHORTHAND.get(word, word) for word in text.split())
    return " ".join(words)

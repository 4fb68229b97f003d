"""What the assistant never claims, found in a text. `content/never_claims.yml` holds the claims."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared import located_yaml

CLAIMS_FILE = Path(__file__).resolve().parent.parent / "content" / "never_claims.yml"

_DENIAL = r"(?:no|not|never|none|nobody|nothing|cannot|without|neither|nor|hardly|false|untrue|\w+n't)"
_GAP = re.compile(r"GAP(\d*)")
_GAP_WORDS = 6
#: A denial reaches this many words ahead, to the end of its clause.
_DENIAL_REACH = 8
_DENIED_BEFORE = re.compile(
    rf"\b{_DENIAL}\b(?:\s+[^\s,]+){{0,{_DENIAL_REACH}}}\s+[\"'(]*$|\b{_DENIAL}\b\s*[\"'(]*$", re.IGNORECASE
)
#: "No word proves that it is safer, cleaner or ...": the denial holds to the end of the list.
_DENIED_LIST = re.compile(
    rf"\b{_DENIAL}\b[^,]{{0,30}}\b(?:prove[sn]?|means?|guarantees?|promises?|say|says)\b(?:\s+that)?\b", re.IGNORECASE
)
#: They hold a "no" or a "not" and deny nothing.
_NO_DENIAL = re.compile(
    r"\b(?:no doubt|no question|no wonder|no worries|no matter|not only|not just|why not|nothing but|nothing beats|"
    r"without a doubt|without question)\b",
    re.IGNORECASE,
)
_TURN = re.compile(r"\b(?:but|however|although|though|yet)\b", re.IGNORECASE)
#: Not after one letter: "U.S. rules" goes on.
_SENTENCE_END = re.compile(r"(?<!\b[A-Za-z])[.!?:;][\"')]*\s+|\n\s*\n")
#: A question that asks for a yes or no claims nothing, unless a yes follows.
_ASKED = re.compile(
    r"^[\"'(]*(?:can|could|does|do|did|is|are|was|will|would|should|may|has|have)\b[^?]*\?[\"')]*$", re.IGNORECASE
)
_YES = re.compile(r"\s*(?:yes|yeah|sure|absolutely|of course|certainly|definitely|it is|it does)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2011": "-", "\u00a0": " "})


class Claim(BaseModel):
    """One claim: how it sounds, where it is none, and sentences that prove both."""

    model_config = ConfigDict(extra="forbid")

    id: str
    claim: str
    say_instead: str
    says: list[str] = Field(min_length=1)
    unless: list[str] = []
    must_catch: list[str] = Field(min_length=1)
    must_pass: list[str] = Field(min_length=1)


@dataclass(frozen=True)
class Said:
    """A claim found in a text, with its words."""

    claim: Claim
    words: str


class NeverClaims:
    """The compiled list."""

    def __init__(self, claims: list[Claim]) -> None:
        self.claims = claims
        self._patterns = [
            (claim, [_compile(pattern) for pattern in claim.says], [_compile(pattern) for pattern in claim.unless])
            for claim in claims
        ]

    def find(self, text: str) -> list[Said]:
        """Every claim that the text makes, each once, in the order of the list."""
        plain = _plain(text)
        sentences = list(_sentences(plain))
        return [
            Said(claim, found)
            for claim, says, unless in self._patterns
            if (found := _first(plain, sentences, says, unless)) is not None
        ]


def load(path: Path = CLAIMS_FILE) -> NeverClaims:
    """Read the list."""
    content = located_yaml.read(path).content
    return NeverClaims([Claim.model_validate(claim) for claim in content["claims"]])


def _compile(pattern: str) -> re.Pattern[str]:
    def gap(match: re.Match[str]) -> str:
        return rf"(?:(?!{_DENIAL}\b)[\w'%-]+,?\s+){{0,{match[1] or _GAP_WORDS}}}?"

    return re.compile(_GAP.sub(gap, pattern), re.IGNORECASE)


def _plain(text: str) -> str:
    """One kind of quotation mark and blank, and words for the placeholders."""
    words = _PLACEHOLDER.sub(lambda match: "the clinic" if match[1] == "clinic_name" else "that number", text)
    return re.sub(r"[^\S\n]+|(?<!\n)\n(?!\s*\n)", " ", words.translate(_PLAIN)).strip()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, end.end()
        start = end.end()
    yield start, len(text)


def _first(
    text: str, sentences: list[tuple[int, int]], says: list[re.Pattern[str]], unless: list[re.Pattern[str]]
) -> str | None:
    """The first words that make the claim and are not excused."""
    for pattern in says:
        for match in pattern.finditer(text):
            start = max(begin for begin, _ in sentences if begin <= match.start())
            end = min(stop for _, stop in sentences if stop >= match.end())
            sentence = text[start:end]
            is_asked = _ASKED.match(sentence.strip()) is not None and _YES.match(text, end) is None
            is_excused = is_asked or any(excuse.search(sentence) for excuse in unless)
            if not is_excused and not _is_denied(text[start : match.start()], text[match.end() : end]):
                return match[0]
    return None


def _is_denied(before: str, after: str) -> bool:
    """Whether the sentence denies what stands between these two parts of it."""
    clause = _TURN.split(_NO_DENIAL.sub("", before))[-1]
    if _DENIED_BEFORE.search(clause) or _DENIED_LIST.search(clause):
        return True
    is_quoted = before.count('"') % 2 == 1 and '"' in after
    return is_quoted and re.search(rf"\b{_DENIAL}\b", after, re.IGNORECASE) is not None

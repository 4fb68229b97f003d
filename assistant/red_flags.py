"""Red flags: spaCy rules over the whole raw text, before any model. `red_flags.yml` holds the words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Dict, List, Text, cast  # noqa: UP035 (Rasa compares these annotations by identity)

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML
from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.vocab import Vocab
from symspellpy import SymSpell, Verbosity

from assistant.normalize import plain
from assistant.spelling import dictionary

RULES_FILE = Path(__file__).with_name("red_flags.yml")

#: What the component adds to a message: a list of `Hit.as_dict()`.
RED_FLAGS = "red_flags"

_GAP = re.compile(r"^~(\d+)$")
_CLAUSE_WORDS = frozenset("but however although though except pero aunque sino excepto salvo".split())
#: "I fainted, but that was years ago" is one story.
_BACK = re.compile(r"(?:that|it|this) (?:was|were|happened)|eso (?:fue|era|paso)")
_STOPS = re.compile(r"^[.!?;\n]+$")
#: Words after a "no" or "not" that make it no denial: "no idea", "not sure", "no one answers".
_NO_DENIAL = frozenset(
    "one body idea doubt clue answer sure certain good better well normal going stopping getting only just ok okay "
    "right help luck joke feeling able breathing waking responding conscious moving stop helmet spleen "
    # Spanish: "sin querer", "sin darme cuenta", "sin exagerar", "no puedo dejar de ...", "nunca antes".
    "querer darme darse darnos exagerar mentir avisar saber poder parar dejar embargo idea duda mas bien "
    "puedo puede pude pudo podia para paran deja dejan antes habia aguanto aguanta solo "
    "recuerda recuerdo responde contesta reacciona despierta levanta mueve".split()
)
#: What a pattern that begins with "no" may be full of: "no trouble breathing".
_TROUBLE = frozenset(
    "trouble troubles problem problems difficulty difficulties issue issues problema problemas".split()
)
_PLAIN_DENIALS = frozenset({"no", "without"})
_DENIAL_REACH = 4
#: What is a reason to move a visit when it comes before one; a red streak, say, is an alarm at any time.
_FEVER = ("fever", "temp", "chill", "shiver", "shak", "38", "39", "101", "102")
#: A word and what it may be read as: the least letters of either, and of both together; more in another language.
_FUZZY_LENGTH, _FUZZY_LENGTHS, _FOREIGN_LENGTHS = 4, 9, 11
#: The tokenizer leaves Spanish opening marks on their words.
_OPENING = str.maketrans("\u00bf\u00a1", "  ")
_STAR_WITHIN = re.compile(r"\*(?!$|\|)")
_WEAK = "(weak) "
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hit:
    """One pattern found. `excuse` is why it may be no emergency: denied, idiom, hypothetical, quoted ... or None."""

    kind: str
    words: str
    excuse: str | None
    is_weak: bool = False

    def as_dict(self) -> dict[str, str | None]:
        """For the message and the log; without the visitor's words."""
        return {"kind": self.kind, "excuse": self.excuse or ("weak" if self.is_weak else None)}


@dataclass(frozen=True)
class _Pattern:
    """A row of words, compiled. `needs` are its elements that must be there, `cant|wont` say, as written."""

    name: str
    needs: tuple[str, ...]
    matcher: Matcher


def _compile(name: str, pattern: str, vocab: Vocab) -> _Pattern:
    tokens: list[dict[str, Any]] = []
    needs = []
    for element in pattern.split():
        if gap := _GAP.match(element):
            tokens.append({"NORM": {"REGEX": r"^[^.!?;\n]*$"}, "OP": f"{{0,{gap[1]}}}"})
        elif element.endswith("?"):
            tokens.append({"NORM": {"REGEX": _expression(element.removesuffix("?"))}, "OP": "?"})
        else:
            needs.append(element)
            tokens.append({"NORM": {"REGEX": _expression(element)}})
    if not needs:
        raise ValueError(f"{RULES_FILE.name}: {pattern}: no word of it has to be there")
    while tokens and tokens[-1].get("OP", "").startswith("{0"):
        tokens.pop()
    matcher = Matcher(vocab)
    matcher.add(name, [tokens])
    return _Pattern(name, tuple(needs), matcher)


def _expression(element: str) -> str:
    """`swell*|puffy` as a regular expression over a whole word.

    Raises:
        ValueError: a star is not at the end of a word.
    """
    if _STAR_WITHIN.search(element):
        raise ValueError(f"{RULES_FILE.name}: {element}: a * stands at the end of a word")
    words = "|".join(re.escape(word).replace(r"\*", r"\S*") for word in element.split("|"))
    return f"^(?:{words})$"


class _Elements:
    """Which elements a word is one of: looked up by the whole word, and by each of its beginnings."""

    def __init__(self, elements: Iterable[str]) -> None:
        words: defaultdict[str, set[str]] = defaultdict(set)
        beginnings: defaultdict[str, set[str]] = defaultdict(set)
        for element in elements:
            for word in element.split("|"):
                (beginnings if word.endswith("*") else words)[word.removesuffix("*")].add(element)
        self._words = {word: frozenset(of_it) for word, of_it in words.items()}
        self._beginnings = dict(beginnings)
        self._lengths = sorted({len(beginning) for beginning in beginnings})

    def of(self, word: str) -> frozenset[str]:
        """The elements that the word is one of."""
        starts = {word[:length] for length in self._lengths} & self._beginnings.keys()
        return self._words.get(word, _NOTHING).union(*(self._beginnings[start] for start in starts))


class RedFlagRules:
    """The compiled rules."""

    def __init__(self, path: Path = RULES_FILE) -> None:
        rules = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        self.kinds: tuple[str, ...] = tuple(rules["kinds"])
        self._nlp = spacy.blank("en")
        # Contractions stay whole words here: "cant", "wont".
        cast(Any, self._nlp.tokenizer).rules = {}
        named = []
        for kind, patterns in rules["kinds"].items():
            for pattern in patterns:
                is_weak = str(pattern).startswith(_WEAK)
                name = f"{'weak' if is_weak else 'kind'}:{kind}"
                named.append((name, str(pattern).removeprefix(_WEAK)))
        for context in ("idioms", "hypothetical", "quoted", "long_past", "before_visit", "now"):
            named += [(context, str(pattern)) for pattern in rules[context]]
        self._patterns = [_compile(name, pattern, self._nlp.vocab) for name, pattern in named]
        self._by_need: defaultdict[str, list[int]] = defaultdict(list)
        for number, pattern in enumerate(self._patterns):
            self._by_need[pattern.needs[0]].append(number)
        self._elements = _Elements(element for pattern in self._patterns for element in pattern.needs)
        self._denials = frozenset(word for row in rules["denied"] for word in row.split("|"))
        self._spelling = SymSpell(max_dictionary_edit_distance=1, prefix_length=7)
        every_pattern = " ".join(str(p) for patterns in rules["kinds"].values() for p in patterns)
        whole_words = {w for w in re.findall(r"[a-z]+(?![a-z*])", every_pattern) if len(w) >= _FUZZY_LENGTH}
        for word in whole_words | set(rules["spellings"]):
            self._spelling.create_dictionary_entry(word, 1)

    def find(self, text: str) -> list[Hit]:
        """Every hit in the text, in order, those with an excuse included."""
        doc = self._read(text)
        clauses = self._clauses(doc)
        found: dict[str, list[tuple[int, int]]] = {}
        there = frozenset().union(*(self._elements.of(word) for word in {token.norm_ for token in doc}))
        # A matcher is slow beside a look, and most patterns have a word that is not there.
        for number in sorted(chain.from_iterable(self._by_need.get(element, ()) for element in there)):
            pattern = self._patterns[number]
            if there.issuperset(pattern.needs):
                spans = [(start, end) for _, start, end in pattern.matcher(doc)]
                if spans:
                    found.setdefault(pattern.name, []).extend(spans)
        hits: dict[tuple[str, str, str | None], Hit] = {}
        for name, spans in found.items():
            strength, _, kind = name.partition(":")
            if not kind:
                continue
            for start, end in sorted(spans):
                excuse = self._excuse(kind, doc, clauses, found, start, end)
                hit = Hit(kind, doc[start:end].text, excuse, strength == "weak")
                hits.setdefault((strength, kind, excuse), hit)
        return list(hits.values())

    def _read(self, text: str) -> Doc:
        readable = unicodedata.normalize("NFKD", plain(text).replace("'", ""))
        readable = "".join(c for c in readable if not unicodedata.combining(c)).translate(_OPENING)
        doc = self._nlp(re.sub(r"([.!?;])(?=\S\D)", r"\1 ", readable))
        words = [token.text for token in doc if token.is_alpha and len(token) >= _FUZZY_LENGTH]
        unknown = {word for word in words if not self._is_known(word)}
        # In another language every word is unknown, and many a short one is near to one of these.
        lengths = _FUZZY_LENGTHS if 2 * sum(word in unknown for word in words) <= len(words) else _FOREIGN_LENGTHS
        for token in doc:
            word = token.text
            if word in unknown:
                near = self._spelling.lookup(word, Verbosity.TOP, max_edit_distance=1)
                if near and len(near[0].term) + len(word) >= lengths:
                    word = near[0].term
            token.norm_ = word
        return doc

    def _is_known(self, word: str) -> bool:
        return bool(word in dictionary() or word.removesuffix("s") in dictionary() or self._elements.of(word))

    @staticmethod
    def _clauses(doc: Doc) -> list[int]:
        """The clause number of each token."""
        numbers, number = [], 0
        for token in doc:
            if token.norm_ in _CLAUSE_WORDS and not _BACK.match(doc[token.i + 1 : token.i + 3].text):
                number += 1
            numbers.append(number)
            if _STOPS.match(token.text):
                number += 1
        return numbers

    def _excuse(
        self,
        kind: str,
        doc: Doc,
        clauses: list[int],
        found: dict[str, list[tuple[int, int]]],
        start: int,
        end: int,
    ) -> str | None:
        if any(a < end and start < b for a, b in found.get("idioms", ())):
            return "idiom"
        if self._is_denied(doc, clauses, start, end):
            return "denied"
        if kind == "self_harm":
            return None
        if found.get("before_visit") and any(token.norm_.startswith(_FEVER) for token in doc[start:end]):
            return "before_visit"
        if self._is_in_clause("long_past", found, clauses, start) and not self._is_in_clause(
            "now", found, clauses, start
        ):
            return "long_past"
        if found.get("now"):
            return None
        for context in ("quoted", "hypothetical"):
            if self._is_in_clause(context, found, clauses, start):
                return context
        return None

    @staticmethod
    def _is_in_clause(name: str, found: dict[str, list[tuple[int, int]]], clauses: list[int], start: int) -> bool:
        return any(clauses[a] == clauses[start] for a, _ in found.get(name, ()))

    def _is_denied(self, doc: Doc, clauses: list[int], start: int, end: int) -> bool:
        for index in range(max(start + 1, end - 3), end - 1):
            if doc[index].norm_ in _PLAIN_DENIALS and doc[index + 1].norm_ not in _NO_DENIAL:
                return True
        if doc[start].norm_ in self._denials:
            # "No puedo respirar" is a complaint; a "no" before it belongs to something else.
            return any(token.norm_ in _TROUBLE for token in doc[start + 1 : end])
        for index in range(start - 1, max(-1, start - 1 - _DENIAL_REACH), -1):
            if clauses[index] != clauses[start]:
                return False
            if doc[index].norm_ in self._denials:
                return doc[index + 1].norm_ not in _NO_DENIAL
        return False


@cache
def red_flag_rules() -> RedFlagRules:
    """The rules of this process."""
    return RedFlagRules()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class RedFlags(GraphComponent):
    """Adds the red flags of the raw text to the message."""

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlags:
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        for message in messages:
            hits = red_flag_rules().find(message.get(TEXT) or "")
            message.set(RED_FLAGS, [hit.as_dict() for hit in hits], add_to_output=True)
        return messages

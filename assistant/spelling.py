"""Repair of spelling against the words the assistant was taught, never of a word it knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Dict, List, Text  # noqa: UP035 (Rasa compares these annotations by identity)

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from symspellpy import SymSpell, Verbosity

from assistant import glossary
from assistant.glossary import explain
from assistant.normalize import normalize

#: What the component adds to a message: the text that tokenizer and featurizers read.
READABLE = "readable"

_WORD = re.compile(r"[a-z][a-z']*[a-z]")
_SHORTEST = 4
#: From this length on, two letters may be wrong.
_LONG = 8
_FILE = "words.txt"


@cache
def dictionary() -> frozenset[str]:
    """Words that are right as they are: an English word list, and names of drugs, products and conditions.

    The word list is the one that symspellpy carries (82,765 words, from SCOWL and Google Books n-grams).
    """
    english = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    names = Path(__file__).with_name("known_words.txt").read_text(encoding="utf-8")
    return (
        frozenset(
            [line.partition(" ")[0] for line in english.splitlines()]
            + [word for line in names.splitlines() if not line.startswith("#") for word in line.split()]
        )
        | glossary.words()
    )


class Speller:
    """Repairs a text, given the words of the examples with their counts."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in counts.items():
            self._symspell.create_dictionary_entry(word, count)

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Speller:
        """A speller from examples. A word that is in no dictionary must be used twice: it may be a typing error."""
        counts = Counter(word for text in texts for word in _WORD.findall(normalize(text)) if len(word) >= _SHORTEST)
        taught = {word: n for word, n in counts.items() if n > 1 or word in dictionary()}
        return cls({word: 1 for word in glossary.words() if len(word) >= _LONG} | taught)

    @property
    def counts(self) -> dict[str, int]:
        """The words it repairs to, with how often the examples use them."""
        return self._counts

    def repair(self, text: str) -> str:
        """The normalized text with unknown words replaced by the nearest taught one, where there is one near enough."""
        return _WORD.sub(lambda match: self._repair_word(match[0]), text)

    def _repair_word(self, word: str) -> str:
        if len(word) < _SHORTEST or word in self._counts or word.replace("'", "") in dictionary():
            return word
        if word.endswith("in") and f"{word}g" in self._counts:
            return f"{word}g"
        distance = 2 if len(word) >= _LONG else 1
        near = self._symspell.lookup(word, Verbosity.TOP, max_edit_distance=distance)
        return near[0].term if near else word


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SpellingRepair(GraphComponent):
    """Adds the text that tokenizer and featurizers read: normalized, repaired, names explained. The raw text stays."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, speller: Speller | None = None) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._speller = speller

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpellingRepair:
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        speller = Speller.learn(message.get(TEXT) or "" for message in training_data.nlu_examples)
        with self._model_storage.write_to(self._resource) as folder:
            lines = (f"{word} {count}" for word, count in sorted(speller.counts.items()))
            (folder / _FILE).write_text("\n".join(lines), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SpellingRepair:
        with model_storage.read_from(resource) as folder:
            lines = (folder / _FILE).read_text(encoding="utf-8").splitlines()
        counts = {word: int(count) for word, _, count in (line.partition(" ") for line in lines)}
        return cls(model_storage, resource, Speller(counts))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        if self._speller is None:
            raise RuntimeError("The speller is not trained. Run `make train`.")
        for message in messages:
            message.set(READABLE, explain(self._speller.repair(normalize(message.get(TEXT) or ""))))
        return messages

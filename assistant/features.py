"""Features of a whole message: what it means (sentence vector) and how it is worded (TF-IDF)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Dict, List, Text, Type  # noqa: UP035 (Rasa compares these annotations by identity)

import numpy as np
import numpy.typing as npt
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from assistant.encoder import MODEL_SHA256, encoder
from assistant.spelling import READABLE, dictionary

#: Of the letter sequences.
SHORTEST, LONGEST = 2, 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """The MiniLM vector of the message: one dense sentence feature of shape (1, 384)."""

    @classmethod
    def required_components(cls) -> List[Type]:  # noqa: UP006
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:  # noqa: UP006
        return {**DenseFeaturizer.get_default_config(), "weights_sha256": MODEL_SHA256}

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:  # noqa: UP006
        if config["weights_sha256"] != MODEL_SHA256:
            raise ValueError(f"config.yml names other weights than the installed ones, which are {MODEL_SHA256}.")

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        return cls(execution_context.node_name, config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        texts = [message.get(READABLE) or "" for message in messages]
        for message, vector in zip(messages, encoder().encode(texts), strict=True):
            message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages


def words_of(message: Message) -> Iterator[str]:
    """The message's words, with every two neighbours as one more."""
    words = [token.text for token in message.get(TOKENS_NAMES[TEXT])]
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))


def written_words_of(message: Message) -> list[str]:
    """The message's words with the marks that are written beside them."""
    return (message.get(READABLE) or "").split()


def itself(word: str) -> tuple[str, ...]:
    """A word, or two, as the one term that it is."""
    return (word,)


def letters_of(word: str) -> tuple[str, ...]:
    """Sequences of 2 to 5 letters of a word, a space before and after it; scikit-learn's `char_wb`."""
    padded, found = f" {word} ", []
    for length in range(SHORTEST, LONGEST + 1):
        found += [padded[at : at + length] for at in range(max(len(padded) - length, 0) + 1)]
        if len(padded) <= length:
            break
    return tuple(found)


@dataclass(frozen=True)
class Reading:
    """What a message is taken apart into, the terms of each piece, and of how many examples a term has to be."""

    pieces: Callable[[Message], Iterable[str]]
    terms: Callable[[str], tuple[str, ...]]
    least: int

    def __call__(self, message: Message) -> list[str]:
        """All terms of a message."""
        return [term for piece in self.pieces(message) for term in self.terms(piece)]


_READ = {"words": Reading(words_of, itself, 1), "letters": Reading(written_words_of, letters_of, 2)}
#: Words whose letter sequences are kept at hand: a look for each would be most of the work.
_REMEMBERED = 10_000
_MARKS = ".,;:!?'\"()-"


@dataclass(frozen=True)
class Terms:
    """The terms of the examples, and how much each weighs, by how rare it is (inverse document frequency)."""

    read: Reading
    known: Mapping[str, int]
    idf: npt.NDArray[np.float32]
    _remembered: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def learn(cls, name: str, examples: Sequence[Message]) -> Terms:
        """The terms of a kind in the examples."""
        # Imported here alone: serving learns nothing, and starts sooner without it.
        from sklearn.feature_extraction.text import TfidfVectorizer

        read = _READ[name]
        vectorizer = TfidfVectorizer(analyzer=read, min_df=read.least, dtype=np.float32).fit(examples)
        known = {term: int(index) for term, index in vectorizer.vocabulary_.items()}
        return cls(read, known, vectorizer.idf_.astype(np.float32))

    def weights(self, message: Message) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The terms that are there, in order, and their weights: 1 + log(count), times idf, of unit length."""
        found = [number for piece in self.read.pieces(message) for number in self._numbers(piece)]
        terms, counts = np.unique(np.array(found, dtype=np.int32), return_counts=True)
        weights = (np.log(counts.astype(np.float32)) + 1) * self.idf[terms]
        norm = np.linalg.norm(weights.astype(np.float64))
        return terms, (weights / (norm or 1.0)).astype(np.float32)

    def _numbers(self, piece: str) -> list[int]:
        """The numbers of the known terms of a piece."""
        numbers = self._remembered.get(piece)
        if numbers is None:
            numbers = [number for term in self.read.terms(piece) if (number := self.known.get(term)) is not None]
            # A word of the dictionary says nothing about anyone; no other is kept.
            if len(self._remembered) < _REMEMBERED and piece.strip(_MARKS) in dictionary():
                self._remembered[piece] = numbers
        return numbers


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TfidfFeaturizer(SparseFeaturizer, GraphComponent):
    """TF-IDF of words and word pairs, and of letter sequences: one sparse sentence feature of shape (1, terms)."""

    @classmethod
    def required_components(cls) -> List[Type]:  # noqa: UP006
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:  # noqa: UP006
        return SparseFeaturizer.get_default_config()

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:  # noqa: UP006
        return None

    def __init__(
        self,
        name: Text,
        config: dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        terms: Sequence[Terms] = (),
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._terms = terms

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TfidfFeaturizer:
        return cls(execution_context.node_name, config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        self._terms = [Terms.learn(name, training_data.nlu_examples) for name in _READ]
        with self._model_storage.write_to(self._resource) as folder:
            for name, terms in zip(_READ, self._terms, strict=True):
                (folder / f"{name}.json").write_text(json.dumps(terms.known), encoding="utf-8")
                np.save(folder / f"{name}.npy", terms.idf, allow_pickle=False)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TfidfFeaturizer:
        with model_storage.read_from(resource) as folder:
            terms = [
                Terms(
                    read,
                    json.loads((folder / f"{name}.json").read_text(encoding="utf-8")),
                    np.load(folder / f"{name}.npy", allow_pickle=False),
                )
                for name, read in _READ.items()
            ]
        return cls(execution_context.node_name, config, model_storage, resource, terms)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        if not self._terms:
            raise RuntimeError("The featurizer is not trained. Run `make train`.")
        for message in messages:
            message.add_features(Features(self._row(message), FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def _row(self, message: Message) -> scipy.sparse.csr_matrix:
        """The message's terms of every kind, side by side."""
        found, weights, width = [], [], 0
        for terms in self._terms:
            there, weight = terms.weights(message)
            found.append(there + np.int32(width))
            weights.append(weight)
            width += len(terms.idf)
        joined = np.concatenate(found)
        return scipy.sparse.csr_matrix((np.concatenate(weights), joined, [0, len(joined)]), shape=(1, width))

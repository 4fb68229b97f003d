"""Features of a whole message: what it means (sentence vector) and how it is worded (TF-IDF)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from assistant.spelling import READABLE

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


def letters_of(message: Message) -> Iterator[str]:
    """Sequences of 2 to 5 letters of each word, a space before and after it; scikit-learn's `char_wb`."""
    for word in (message.get(READABLE) or "").split():
        padded = f" {word} "
        for length in range(SHORTEST, LONGEST + 1):
            yield from [padded[at : at + length] for at in range(max(len(padded) - length, 0) + 1)]
            if len(padded) <= length:
                break


#: What a message is read as, and of how many examples a term has to be.
_READ: dict[str, tuple[Callable[[Message], Iterator[str]], int]] = {"words": (words_of, 1), "letters": (letters_of, 2)}


@dataclass(frozen=True)
class Terms:
    """The terms of the examples, and how much each weighs, by how rare it is (inverse document frequency)."""

    read: Callable[[Message], Iterator[str]]
    known: Mapping[str, int]
    idf: npt.NDArray[np.float32]

    @classmethod
    def learn(cls, name: str, examples: Sequence[Message]) -> Terms:
        """The terms of a kind in the examples."""
        # Imported here alone: serving learns nothing, and starts sooner without it.
        from sklearn.feature_extraction.text import TfidfVectorizer

        read, least = _READ[name]
        vectorizer = TfidfVectorizer(analyzer=read, min_df=least, dtype=np.float32).fit(examples)
        known = {term: int(index) for term, index in vectorizer.vocabulary_.items()}
        return cls(read, known, vectorizer.idf_.astype(np.float32))

    def weights(self, message: Message) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The terms that are there, in order, and their weights: 1 + log(count), times idf, of unit length."""
        found = Counter(map(self.known.get, self.read(message)))
        counts = {term: count for term, count in found.items() if term is not None}
        terms = np.array(sorted(counts), dtype=np.int32)
        weights = (np.log(np.array([counts[term] for term in terms.tolist()], dtype=np.float32)) + 1) * self.idf[terms]
        norm = np.linalg.norm(weights.astype(np.float64))
        return terms, (weights / (norm or 1.0)).astype(np.float32)


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
                for name, (read, _) in _READ.items()
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

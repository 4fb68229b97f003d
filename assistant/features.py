"""Features of a whole message: what it means (sentence vector) and how it is worded (TF-IDF)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
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
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant.encoder import MODEL_SHA256, encoder
from assistant.spelling import READABLE


def _texts(messages: List[Message]) -> List[Text]:  # noqa: UP006
    return [message.get(READABLE) or "" for message in messages]


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
        for message, vector in zip(messages, encoder().encode(_texts(messages)), strict=True):
            message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages


def _words(message: Message) -> list[str]:
    """The message's words, with every two neighbours as one more."""
    words = [token.text for token in message.get(TOKENS_NAMES[TEXT])]
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def _vectorizers() -> dict[str, TfidfVectorizer]:
    return {
        "words": TfidfVectorizer(analyzer=_words, sublinear_tf=True, dtype=np.float32),
        "letters": TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, dtype=np.float32
        ),
    }


@dataclass(frozen=True)
class Terms:
    """What a fitted vectorizer gives for one message, without the checks for which it takes three times as long."""

    analyze: Callable[[Any], Iterable[str]]
    vocabulary: Mapping[str, int]
    idf: npt.NDArray[np.float32]

    @classmethod
    def of(cls, vectorizer: TfidfVectorizer) -> Terms:
        return cls(vectorizer.build_analyzer(), vectorizer.vocabulary_, vectorizer.idf_)

    def weights(self, read: Any) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The terms that are there, in order, and their weights: 1 + log(count), times idf, of unit length."""
        known = self.vocabulary
        counts = Counter(known[term] for term in self.analyze(read) if term in known)
        terms = np.array(sorted(counts), dtype=np.int32)
        weights = (np.log(np.array([counts[term] for term in terms.tolist()], dtype=np.float32)) + 1) * self.idf[terms]
        norm = np.linalg.norm(weights.astype(np.float64))
        return terms, (weights / (norm or 1.0)).astype(np.float32)


def _read(vectorizer: str, messages: List[Message]) -> list[Any]:  # noqa: UP006
    """What a vectorizer reads of the messages: their tokens, or their letters."""
    return messages if vectorizer == "words" else _texts(messages)


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
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._vectorizers = _vectorizers()
        self._terms: dict[str, Terms] = {}

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
        for name, vectorizer in self._vectorizers.items():
            vectorizer.fit(_read(name, training_data.nlu_examples))
        with self._model_storage.write_to(self._resource) as folder:
            for name, vectorizer in self._vectorizers.items():
                vocabulary = {term: int(index) for term, index in vectorizer.vocabulary_.items()}
                (folder / f"{name}.json").write_text(json.dumps(vocabulary), encoding="utf-8")
                np.save(folder / f"{name}.npy", vectorizer.idf_, allow_pickle=False)
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
        component = cls(execution_context.node_name, config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            for name, vectorizer in component._vectorizers.items():
                vectorizer.vocabulary = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
                vectorizer.idf_ = np.load(folder / f"{name}.npy", allow_pickle=False)
                component._terms[name] = Terms.of(vectorizer)
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.nlu_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        if len(messages) == 1 and self._terms:
            matrix = self._row(messages)
            messages[0].add_features(Features(matrix, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
            return messages
        parts = [vectorizer.transform(_read(name, messages)) for name, vectorizer in self._vectorizers.items()]
        matrix = scipy.sparse.hstack(parts, format="csr")
        for row, message in enumerate(messages):
            message.add_features(Features(matrix[row], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def _row(self, message: List[Message]) -> scipy.sparse.csr_matrix:  # noqa: UP006
        """The same for a message alone, as a visitor sends it."""
        terms, weights, width = [], [], 0
        for name, known in self._terms.items():
            found, weight = known.weights(_read(name, message)[0])
            terms.append(found + np.int32(width))
            weights.append(weight)
            width += len(known.idf)
        joined = np.concatenate(terms)
        return scipy.sparse.csr_matrix((np.concatenate(weights), joined, [0, len(joined)]), shape=(1, width))

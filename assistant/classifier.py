"""From features to an intent: a calibrated classifier that may abstain, and the selection of a topic.

Labels are full intents (`safety/mri`, `emergency/infection`, `handoff/booking`, `greet`, `out_of_scope`). A red flag,
by rule or by the classifier, comes before everything else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Dict, List, Text, Type  # noqa: UP035 (Rasa compares these annotations by identity)

import numpy as np
import numpy.typing as npt
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from assistant.encoder import is_held_out
from assistant.gate import Gate, Nearness, choose_gate, decide
from assistant.language import LANGUAGE
from assistant.red_flags import RED_FLAGS
from assistant.selection import parse_result

logger = logging.getLogger(__name__)

Matrix = npt.NDArray[np.float32]

#: Labels whose examples a message is compared with, beside the one it is taken for.
RIVALS = 5


@dataclass(frozen=True)
class Weights:
    """Some networks with one hidden layer each over the dense and the reduced sparse features, whose mean counts; and
    the vectors of the examples they were taught."""

    components: npt.NDArray[np.int8]  # (terms, dimensions), of `Reduction`; the largest thing in memory
    units: Matrix  # (terms,), what 1 is in each row of the components
    inner: Matrix  # (networks, dense and reduced dimensions, hidden)
    hidden: Matrix  # (networks, hidden), added
    outer: Matrix  # (networks, hidden, labels)
    intercept: Matrix  # (networks, labels)
    labels: npt.NDArray[np.str_]
    examples: Matrix  # (examples, dimensions), unit length, by label
    starts: npt.NDArray[np.int32]  # (labels + 1,), where the examples of each label begin, and the last ones end

    def probabilities(self, dense: Matrix, sparse: scipy.sparse.csr_matrix) -> Matrix:
        """The mean of the networks' probabilities, shape (messages, labels); each row sums to 1."""
        features = np.empty((len(dense), self.inner.shape[1]), dtype=np.float32)
        features[:, : dense.shape[1]] = dense
        for row, (start, end) in enumerate(pairwise(sparse.indptr)):
            terms = sparse.indices[start:end]
            weights = sparse.data[start:end] * self.units[terms]
            features[row, dense.shape[1] :] = weights @ self.components[terms].astype(np.float32)
        hidden = np.maximum(features @ self.inner + self.hidden[:, np.newaxis], 0)
        scores = hidden @ self.outer + self.intercept[:, np.newaxis]
        exponents = np.exp(scores - scores.max(axis=2, keepdims=True))
        return np.asarray((exponents / exponents.sum(axis=2, keepdims=True)).mean(axis=0), dtype=np.float32)

    def nearness(self, dense: Matrix, labels: npt.NDArray[np.intp], probabilities: Matrix) -> Matrix:
        """For each message, the cosines to the nearest example of the given label and of any other: (messages, 2).

        Others are the `RIVALS` likeliest: to compare with every example takes as long as the sentence encoder.
        """
        near = np.empty((len(dense), 2), dtype=np.float32)
        for row, (vector, own) in enumerate(zip(dense, labels, strict=True)):
            likeliest = np.argsort(-probabilities[row], kind="stable")[: RIVALS + 1]
            near[row, 0] = self._nearest(vector, own)
            near[row, 1] = max((self._nearest(vector, label) for label in likeliest if label != own), default=-1.0)
        return near

    def _nearest(self, vector: npt.NDArray[np.float32], label: np.intp) -> float:
        return float((self.examples[self.starts[label] : self.starts[label + 1]] @ vector).max())


@dataclass(frozen=True)
class Reduction:
    """The sparse features in fewer dimensions."""

    features: Matrix  # (messages, dimensions)
    components: npt.NDArray[np.int8]  # (terms, dimensions)
    units: Matrix  # (terms,), what 1 is in each row of the components


def reduce(sparse: scipy.sparse.csr_matrix, dimensions: int) -> Reduction:
    """Truncated singular value decomposition of the sparse features."""
    # Imported where they are used, as in `fit` and `choose_gate`: serving trains nothing, and starts sooner.
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(n_components=min(dimensions, min(sparse.shape) - 1), random_state=0)
    exact = svd.fit(sparse).components_.T.astype(np.float32)
    # A message has a hundred rows of these, all over the memory: how many bytes they are is what reading them costs.
    units = np.maximum(np.abs(exact).max(axis=1), np.finfo(np.float32).tiny) / np.float32(127)
    components = np.round(exact / units[:, np.newaxis]).astype(np.int8)
    features = sparse @ (components * units[:, np.newaxis])
    return Reduction(np.asarray(features, dtype=np.float32), components, units)


def fit(
    dense: Matrix, reduction: Reduction, labels: npt.NDArray[np.str_], config: dict[str, Any], rows: Any = slice(None)
) -> Weights:
    """Train the networks on some rows of the features; they differ by where they start."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    vectors = dense[rows]
    scale = np.repeat(
        np.array([config["dense_weight"], config["sparse_weight"]], dtype=np.float32),
        [dense.shape[1], reduction.features.shape[1]],
    )
    features = np.hstack([vectors, reduction.features[rows]]) * scale
    names, codes = np.unique(labels[rows], return_inverse=True)
    networks = []
    for seed in range(config["networks"]):
        network = MLPClassifier(
            (config["hidden"],), alpha=config["alpha"], max_iter=config["epochs"], random_state=seed
        )
        with warnings.catch_warnings():
            # Stopped before it converged on purpose: more epochs cost time and gain nothing on held-out messages.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(features, codes)
        networks.append(network)

    def stacked(parts: Iterable[Any]) -> Matrix:
        return np.stack([*parts]).astype(np.float32)

    return Weights(
        components=reduction.components,
        units=reduction.units,
        inner=stacked(network.coefs_[0] * scale[:, np.newaxis] for network in networks),
        hidden=stacked(network.intercepts_[0] for network in networks),
        outer=stacked(network.coefs_[1] for network in networks),
        intercept=stacked(network.intercepts_[1] for network in networks),
        labels=names,
        examples=vectors[np.argsort(codes, kind="stable")].astype(np.float32),
        starts=np.r_[0, np.cumsum(np.bincount(codes))].astype(np.int32),
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SafetyClassifier(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking` and `response_selector`, or `nlu_fallback` when it is not sure enough."""

    @classmethod
    def required_components(cls) -> List[Type]:  # noqa: UP006
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:  # noqa: UP006
        return {
            "networks": 3,
            "hidden": 256,
            "alpha": 0.01,
            "epochs": 25,
            "svd": 300,
            "dense_weight": 3.0,
            "sparse_weight": 2.0,
            "folds": 3,
            "ranking_length": 10,
            # The share of examples that may get a wrong answer, out of fold. Examples are written at the boundaries
            # between topics and so are harder than what visitors write: this share of them is about a wrong answer to
            # one in a hundred of the validation messages (docs/understanding.md).
            "wrong_answer_risk": 0.025,
        }

    def __init__(
        self,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        weights: Weights | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = weights
        self._names = weights.labels.astype(object) if weights else np.array([], dtype=object)
        self._gate = gate

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SafetyClassifier:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [example for example in training_data.intent_examples if example.get(INTENT) and example.get(TEXT)]
        labels = np.array([example.get_full_intent() for example in examples])
        dense, sparse = _features(examples)
        reduction = reduce(sparse, self._config["svd"])
        weights = fit(dense, reduction, labels, self._config)
        unseen = np.array([is_held_out(example.get(TEXT)) for example in examples])
        folds = np.array([fold_of(example.get(TEXT), self._config["folds"]) for example in examples])
        judged = out_of_fold(dense, sparse, reduction, labels, weights.labels, self._config, unseen, folds)
        gate = choose_gate(labels[unseen], *judged, weights.labels, self._config["wrong_answer_risk"])
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(folder / "weights.npz", **asdict(weights))
            (folder / "gate.json").write_text(json.dumps(asdict(gate), indent=1), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyClassifier:
        with model_storage.read_from(resource) as folder:
            with np.load(folder / "weights.npz", allow_pickle=False) as stored:
                weights = Weights(**{name: stored[name] for name in Weights.__dataclass_fields__})
            gate = Gate(**json.loads((folder / "gate.json").read_text(encoding="utf-8")))
        return cls(config, model_storage, resource, weights, gate)

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        if self._weights is None or self._gate is None:
            raise RuntimeError("The classifier is not trained. Run `make train`.")
        dense, sparse = _features(messages)
        probabilities = self._weights.probabilities(dense, sparse)
        best = probabilities.argmax(axis=1)
        nearness = self._weights.nearness(dense, best, probabilities)
        for row, message in enumerate(messages):
            order = probabilities[row].argsort()[::-1]
            ranking = list(zip(self._names[order].tolist(), probabilities[row, order].tolist(), strict=True))
            language = message.get(LANGUAGE) or "en"
            decision = decide(self._gate, ranking, Nearness(*nearness[row]), message.get(RED_FLAGS) or [], language)
            if not (message.get(TEXT) or "").strip():
                decision = decide(self._gate, [(DEFAULT_NLU_FALLBACK_INTENT_NAME, 1.0)], Nearness(0.0, 0.0), [])
            result = parse_result(decision.label, decision.confidence, ranking[: self._config["ranking_length"]])
            for key, value in result.items():
                message.set(key, value, add_to_output=True)
            message.set("decision", decision.reason, add_to_output=True)
            message.set("warns", decision.warns, add_to_output=True)
        return messages


def _features(messages: list[Message]) -> tuple[Matrix, scipy.sparse.csr_matrix]:
    """The sentence features of the messages: dense of shape (messages, 384), sparse of shape (messages, terms)."""
    dense = [message.get_dense_features(TEXT)[1] for message in messages]
    sparse = [message.get_sparse_features(TEXT)[1] for message in messages]
    if any(part is None for part in (*dense, *sparse)):
        raise RuntimeError("SafetyClassifier needs SentenceFeaturizer and TfidfFeaturizer before it in config.yml.")
    return (
        np.vstack([part.features for part in dense]).astype(np.float32),
        scipy.sparse.vstack([part.features for part in sparse], format="csr")
        if len(sparse) > 1
        else sparse[0].features,
    )


def fold_of(text: str, folds: int) -> int:
    """The fold of an example, by its own letters.

    A new example moves no other, so the thresholds of two trainings differ by what was learned and not by how the
    folds fell.
    """
    return int.from_bytes(hashlib.sha256(f"fold {text}".encode()).digest()[:4]) % folds


def out_of_fold(
    dense: Matrix,
    sparse: scipy.sparse.csr_matrix,
    reduction: Reduction,
    labels: npt.NDArray[np.str_],
    names: npt.NDArray[np.str_],
    config: dict[str, Any],
    unseen: npt.NDArray[np.bool_],
    folds: npt.NDArray[np.intp],
) -> tuple[Matrix, Matrix]:
    """Each example that the encoder was not tuned on, judged by a model that was not taught it.

    Returns:
        For the `unseen` examples in order: probabilities, shape (unseen, names); and the nearness of the best label,
        shape (unseen, 2).
    """
    probabilities = np.zeros((len(labels), len(names)), dtype=np.float32)
    nearness = np.zeros((len(labels), 2), dtype=np.float32)
    for fold in range(config["folds"]):
        logger.info("Choosing thresholds: fold %s of %s", fold + 1, config["folds"])
        weights = fit(dense, reduction, labels, config, np.flatnonzero(folds != fold))
        held_out = np.flatnonzero((folds == fold) & unseen)
        judged = weights.probabilities(dense[held_out], sparse[held_out])
        probabilities[np.ix_(held_out, np.searchsorted(names, weights.labels))] = judged
        nearness[held_out] = weights.nearness(dense[held_out], judged.argmax(axis=1), judged)
    return probabilities[unseen], nearness[unseen]

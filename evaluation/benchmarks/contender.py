"""One contender of the side by side comparison, alone in its process, so that its memory is its own.

    python -m evaluation.benchmarks.contender NAME train TASK MODELS
    python -m evaluation.benchmarks.contender NAME parse TASK MODELS RESULT

`ours` is taught the task's examples, `whole` all of `data/`. The files are those of
`evaluation/baselines/stock_rasa/run.py`, which does the same for stock Rasa. The two baselines keep nothing on disk:
they learn again when they are to parse. Their threshold is chosen on every fifth example, which they then learn too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import psutil
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from assistant.encoder import is_held_out
from assistant.selection import full_intent
from evaluation.benchmarks.public import original_encoder
from scripts.lint_content import ROOT

FALLBACK = "nlu_fallback"
Parsed = tuple[str, float]


class Baseline(Protocol):
    """Something that learns examples and then says of a text which label is likeliest, and how sure."""

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None: ...

    def judge(self, text: str) -> Parsed: ...


class Tfidf:
    """Words and letters, weighted by how rare they are, and a logistic regression."""

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        features = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
                ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)),
            ]
        )
        self._model = Pipeline([("features", features), ("classifier", LogisticRegression(C=20, max_iter=1000))])
        self._model.fit(texts, labels)

    def judge(self, text: str) -> Parsed:
        probabilities = self._model.predict_proba([text])[0]
        best = int(probabilities.argmax())
        return str(self._model.classes_[best]), float(probabilities[best])


class Nearest:
    """The label of the example whose sentence vector is nearest; the published encoder, not tuned."""

    def __init__(self) -> None:
        self._encoder = original_encoder()

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self._vectors: npt.NDArray[np.float32] = self._encoder.encode([text.lower() for text in texts])
        self._labels = list(labels)

    def judge(self, text: str) -> Parsed:
        cosines = self._vectors @ self._encoder.encode([text.lower()])[0]
        best = int(cosines.argmax())
        return self._labels[best], float(cosines[best])


BASELINES: dict[str, Callable[[], Baseline]] = {"tfidf": Tfidf, "nearest": Nearest}


def threshold(judged: Sequence[tuple[str, float, str]]) -> float:
    """The sureness from which on answers pay most: right ones count one, wrong ones minus one.

    Args:
        judged: of each held-out example what it was taken for, how surely, and its label.
    """
    by_sureness = sorted(judged, key=lambda one: -one[1])
    worth = np.cumsum([1 if said == label else -1 for said, _, label in by_sureness])
    return by_sureness[int(worth.argmax())][1]


def _ours(step: str, task: dict[str, Any], models: Path) -> dict[str, Any]:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    if step == "train":
        examples = models / "nlu.yml"
        TrainingData([Message.build(text, label) for text, label in task["taught"]]).persist_nlu(str(examples))
        train_nlu(str(ROOT / "config.yml"), str(examples), str(models), fixed_model_name="ours")
        return {}
    return {"parsed": asyncio.run(_parse(Agent.load(str(models / "ours.tar.gz")), task["asked"]))}


def _whole(step: str, task: dict[str, Any], models: Path) -> dict[str, Any]:
    os.environ["MODELS_DIRECTORY"] = str(models)
    from assistant import model

    if step == "train":
        model.train()
        return {}
    return {"parsed": asyncio.run(_parse(model.load_agent(), task["asked"]))}


async def _parse(agent: Any, asked: Sequence[str]) -> list[list[Any]]:
    await agent.parse_message("warm up")
    parsed = []
    for text in asked:
        started = time.perf_counter()
        read = await agent.parse_message(text)
        taken = (time.perf_counter() - started) * 1000
        parsed.append([full_intent(read), read["intent"]["confidence"], taken])
    return parsed


def _baseline(name: str, step: str, task: dict[str, Any]) -> dict[str, Any]:
    baseline = BASELINES[name]()
    taught, held_out = ([row for row in task["taught"] if is_held_out(row[0]) is kept] for kept in (False, True))
    baseline.learn(*zip(*taught, strict=True))
    least = threshold([(*baseline.judge(text), label) for text, label in held_out])
    baseline.learn(*zip(*task["taught"], strict=True))
    if step == "train":
        return {}
    baseline.judge("warm up")
    parsed = []
    for text in task["asked"]:
        started = time.perf_counter()
        label, sure = baseline.judge(text)
        taken = (time.perf_counter() - started) * 1000
        parsed.append([label if sure >= least else FALLBACK, sure, taken])
    return {"parsed": parsed}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.benchmarks.contender", description=__doc__)
    parser.add_argument("name", choices=("ours", "whole", *BASELINES))
    parser.add_argument("step", choices=("train", "parse"))
    parser.add_argument("task", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("result", type=Path, nargs="?")
    arguments = parser.parse_args()
    task = json.loads(arguments.task.read_text(encoding="utf-8"))
    if arguments.name in ("ours", "whole"):
        result = (_ours if arguments.name == "ours" else _whole)(arguments.step, task, arguments.models)
    else:
        result = _baseline(arguments.name, arguments.step, task)
    if arguments.result:
        result["memory_mb"] = psutil.Process().memory_info().rss / 1_000_000
        arguments.result.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Ours beside what people would use instead: taught the same examples, asked the validation questions.

Judged is what each message alone is understood as; what the dialogue makes of several questions is left out. Stock
Rasa runs in an environment of its own (`evaluation/baselines/stock_rasa`), which is made on first use: 2.5 GB. It
learns for half an hour or more: what was learned of the very same examples is kept, so that a run cut short goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.figures import Share, headline
from evaluation.judge import QUESTIONS, Judged, Question, judge, read_questions
from scripts.lint_content import ROOT, examples_of
from shared.located_yaml import read

STOCK = ROOT / "evaluation" / "baselines" / "stock_rasa"
NAMES = {
    "whole": "this assistant, all examples",
    "ours": "this assistant",
    "stock_rasa": "Rasa 3.6.21, stock (DIET, fallback 0.3 / 0.1)",
    "tfidf": "TF-IDF, logistic regression",
    "nearest": "MiniLM, nearest example",
}
FIGURES = (
    "emergency recall",
    "look-alike false alarms",
    "wrong answers, of all messages",
    "answerable answered right",
    "unanswered: handed over, declined, asked back",
    "out of scope: never a safety answer",
    "handoff recall",
)
_KINDS = {
    "safety": "answer",
    "emergency": "emergency",
    "handoff": "handoff",
    "refuse": "refuse",
    "out_of_scope": "out_of_scope",
    "nlu_fallback": "clarify",
}
#: One thread, for all of them.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "ENCODER_THREADS"),
    "1",
)


@dataclass(frozen=True)
class Outcome:
    """One contender: its figures by name, what training took, milliseconds to parse, and megabytes of its process.

    Training is told in seconds of all processor cores together, for the machine may be doing other things.
    """

    name: str
    figures: dict[str, Share]
    training: float
    parse_p50: float
    parse_p95: float
    memory_mb: float


def examples(most: int) -> list[tuple[str, str]]:
    """Examples of `data/` with their full intents: of each intent at most so many, always the same ones."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for intent, _, text in examples_of(read(path)):
            by_intent[intent].append(text)
    chance = random.Random(0)  # noqa: S311 (a fixed choice, no secret)
    return [
        (text, intent)
        for intent, texts in sorted(by_intent.items())
        for text in chance.sample(texts, min(most, len(texts)))
    ]


def judged_label(question: Question, label: str, confidence: float) -> Judged:
    """How a label did, as if its reply had been given."""
    base, _, key = label.partition("/")
    topics = {"safety": [key], "emergency": [f"emergency_{key}"]}.get(base, [])
    prediction = {"kind": _KINDS.get(base, "smalltalk"), "topics": topics, "confidence": confidence}
    return judge(question, prediction)


def run(names: Sequence[str], taught: Sequence[tuple[str, str]], folder: Path) -> list[Outcome]:
    """Teach and ask each contender, in turn; what was learned stays in the folder.

    Args:
        names: keys of `NAMES`.
        taught: texts with their full intents.
        folder: a folder in it is named by what is taught and asked.
    """
    questions = read_questions(QUESTIONS / "validation.jsonl")
    asked = [question.text for question in questions]
    content = json.dumps({"taught": taught, "asked": asked})
    folder = folder / hashlib.sha256(content.encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    task = folder / "task.json"
    task.write_text(content, encoding="utf-8")
    outcomes = []
    for name in names:
        models, result = folder / name, folder / f"{name}.json"
        command = [*_stock_rasa()] if name == "stock_rasa" else [sys.executable, "-m", _MODULE, name]
        training = _train(name, command, task, models)
        print(f"{NAMES[name]}: {len(asked)} messages ...", file=sys.stderr, flush=True)
        _call([*command, "parse", str(task), str(models), str(result)], **_ONE_THREAD)
        outcomes.append(_outcome(name, questions, json.loads(result.read_text(encoding="utf-8")), training))
    return outcomes


def _train(name: str, command: Sequence[str], task: Path, models: Path) -> float:
    """The seconds of a processor that training takes, or took when it was done before."""
    done = models / "effort.json"
    if done.is_file():
        return float(json.loads(done.read_text(encoding="utf-8"))["processor"])
    patience = "; half an hour or more" if name == "stock_rasa" else ""
    print(f"{NAMES[name]}: training{patience} ...", file=sys.stderr, flush=True)
    shutil.rmtree(models, ignore_errors=True)
    models.mkdir()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _call([*command, "train", str(task), str(models)])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    done.write_text(json.dumps({"processor": taken}), encoding="utf-8")
    return taken


_MODULE = "evaluation.benchmarks.contender"


def _outcome(name: str, questions: Sequence[Question], result: dict[str, Any], training: float) -> Outcome:
    rows = [judged_label(q, label, sure) for q, (label, sure, _) in zip(questions, result["parsed"], strict=True)]
    all_figures = headline(rows)
    taken = [milliseconds for _, _, milliseconds in result["parsed"]]
    p50, p95 = (float(np.percentile(taken, percentile)) for percentile in (50, 95))
    figures = {figure: all_figures[figure] for figure in FIGURES}
    return Outcome(NAMES[name], figures, training, p50, p95, result["memory_mb"])


def _call(command: Sequence[str], **environment: str) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout[-3000:]}\nFailed: {' '.join(command)}")


def _stock_rasa() -> list[str]:
    """The command that runs stock Rasa, its environment made first where it is missing."""
    python = STOCK / ".venv" / "bin" / "python"
    if not python.is_file():
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        print("Making the environment of stock Rasa (2.5 GB, a minute or two) ...", file=sys.stderr, flush=True)
        _call([uv, "sync", "--project", str(STOCK), "--frozen", "--quiet", "--python", python_310()])
    return [str(python), str(STOCK / "run.py")]


def python_310() -> str:
    """An interpreter for stock Rasa: the first Python 3.10 that runs, or "3.10" for uv to bring one."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob("3.10.*/bin/python"))
    for candidate in [os.environ.get("PYTHON_310", ""), shutil.which("python3.10") or "", *map(str, installed)]:
        if candidate and subprocess.run([candidate, "--version"], capture_output=True, check=False).returncode == 0:
            return candidate
    return "3.10"


def table(outcomes: Sequence[Outcome]) -> str:
    """The figures, a column for each contender."""
    lines = [
        f"| | {' | '.join(outcome.name for outcome in outcomes)} |",
        f"| --- |{' --- |' * len(outcomes)}",
    ]
    for figure in FIGURES:
        cells = [outcome.figures[figure] for outcome in outcomes]
        lines.append(f"| {figure} | {' | '.join(f'{share.value:.1%} ({share.count}/{share.of})' for share in cells)} |")
    lines += [
        f"| training, seconds of a processor | {' | '.join(f'{outcome.training:.0f}' for outcome in outcomes)} |",
        f"| parse, p50 / p95 | {' | '.join(f'{o.parse_p50:.1f} / {o.parse_p95:.1f} ms' for o in outcomes)} |",
        f"| memory of the process | {' | '.join(f'{outcome.memory_mb:.0f} MB' for outcome in outcomes)} |",
    ]
    return "\n".join(lines)

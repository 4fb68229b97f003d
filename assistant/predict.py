"""Many questions at once, each as a fresh conversation through the same model, policies and selector."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.model import load_agent
from assistant.turn import take_turn

_PROGRESS_EVERY = 100


def predict_file(questions: Path, predictions: Path) -> int:
    """Answer every line of a JSON Lines file; the number of lines that could not be read.

    Each line of `questions` is `{"id": ..., "text": ...}`; each line written is `{"id", "kind", "kinds", "topics",
    "confidence", "latency_ms"}`, with `intent` and `rules` for whoever looks closer. A bad line is reported by number
    and the rest are done.
    """
    agent = load_agent()
    return asyncio.run(_predict(agent, questions, predictions))


async def _predict(agent: Any, questions: Path, predictions: Path) -> int:
    bad = done = 0
    try:
        total = questions.read_bytes().count(b"\n")
        predictions.parent.mkdir(parents=True, exist_ok=True)
        output = predictions.open("w", encoding="utf-8")
    except OSError as error:
        raise SystemExit(
            f"{error.filename}: {error.strerror}. Name a file that can be read, and one to write."
        ) from error
    with output:
        for number, question in _read(questions):
            if isinstance(question, str):
                bad += 1
                print(f"{questions}, line {number}: {question}", file=sys.stderr)
                continue
            output.write(json.dumps(await predict(agent, question), ensure_ascii=False) + "\n")
            done += 1
            if done % _PROGRESS_EVERY == 0:
                print(f"{done} of {total}", file=sys.stderr, flush=True)
    print(f"{done} answered, {bad} bad lines", file=sys.stderr)
    return bad


def _read(questions: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each non-empty line's number, with the question or with what is wrong with it."""
    with questions.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                question = json.loads(line.decode("utf-8"))
            except UnicodeDecodeError:
                yield number, "is not UTF-8"
                continue
            except ValueError as error:
                yield number, f"is not JSON: {error}"
                continue
            if not isinstance(question, dict) or not isinstance(question.get("text"), str) or "id" not in question:
                yield number, 'needs "id" and "text", the text a string'
                continue
            yield number, question


async def predict(agent: Any, question: dict[str, Any]) -> dict[str, Any]:
    """One question as a fresh conversation."""
    started = time.perf_counter()
    turn = await take_turn(agent, uuid.uuid4().hex, uuid.uuid4().hex, text=question["text"])
    latency = (time.perf_counter() - started) * 1000
    return {
        "id": question["id"],
        "kind": turn.kind,
        "kinds": [reply.kind for reply in turn.replies],
        "topics": turn.topics,
        "confidence": round(turn.understood.confidence, 4),
        "latency_ms": round(latency, 1),
        "intent": turn.understood.intent,
        "rules": turn.understood.rules,
    }

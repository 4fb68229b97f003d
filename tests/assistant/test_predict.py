"""Many questions at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant import predict as module

pytestmark = pytest.mark.model


@pytest.fixture
def predict_file(agent: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "load_agent", lambda: agent)
    return module.predict_file


def test_each_line_is_a_fresh_conversation(predict_file: Any, tmp_path: Path, vague: str) -> None:
    """The same unclear question twice is asked back twice, not handed over."""
    questions, predictions = tmp_path / "questions.jsonl", tmp_path / "out" / "predictions.jsonl"
    unclear = {"text": vague}
    lines = [{"id": 1, **unclear}, {"id": "two", **unclear}, {"id": 3, "text": "does it hurt?"}]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert 0 == predict_file(questions, predictions)
    rows = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    assert [(1, "clarify"), ("two", "clarify"), (3, "answer")] == [(row["id"], row["kind"]) for row in rows]
    assert {"id", "kind", "kinds", "topics", "confidence", "latency_ms"} <= set(rows[0])


def test_a_bad_line_is_reported_by_number_and_the_rest_done(
    predict_file: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not JSON, not UTF-8, no text: each is named, none stops the run."""
    questions, predictions = tmp_path / "questions.jsonl", tmp_path / "predictions.jsonl"
    good = b'{"id": 1, "text": "hello"}\n'
    questions.write_bytes(
        b"{oops\n" + good + b'{"id": 2}\n' + b'{"id": 3, "text": "\xff"}\n' + b"\n" + b'{"text": "x"}\n'
    )
    assert 4 == predict_file(questions, predictions)
    assert 1 == len(predictions.read_text(encoding="utf-8").splitlines())
    reported = capsys.readouterr().err
    assert all(f"line {number}:" in reported for number in (1, 3, 4, 6))


def test_a_missing_file_is_a_clear_error(predict_file: Any, tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(SystemExit, match=r"nowhere\.jsonl"):
        predict_file(tmp_path / "nowhere.jsonl", tmp_path / "predictions.jsonl")

"""The comparison: how labels are judged, how the baselines choose their threshold, what the tables say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assistant.encoder import ENCODER_FILE
from evaluation.benchmarks import side_by_side, tuned
from evaluation.benchmarks.__main__ import public_table
from evaluation.benchmarks.contender import Tfidf, threshold
from evaluation.benchmarks.public import Result, mean
from evaluation.benchmarks.side_by_side import FIGURES, Outcome, judged_label, table
from evaluation.figures import Share
from evaluation.judge import Outcome as Judgement
from evaluation.judge import Question

METALS = Question("1", "any lead in it?", "answer", "heavy_metals")
RED_FLAG = Question("2", "my throat is closing", "emergency", "emergency_anaphylaxis")


@pytest.mark.parametrize(
    ("question", "label", "outcome"),
    [
        (METALS, "safety/heavy_metals", Judgement.RIGHT),
        (METALS, "safety/mri", Judgement.WRONG_ANSWER),
        (METALS, "nlu_fallback", Judgement.ABSTAINED),
        (METALS, "emergency/eye", Judgement.FALSE_ALARM),
        (RED_FLAG, "emergency/anaphylaxis", Judgement.RIGHT),
        (RED_FLAG, "safety/mri", Judgement.WRONG_ANSWER),
        (RED_FLAG, "greet", Judgement.OTHER),
    ],
)
def test_a_label_is_judged_as_its_reply_would_be(question: Question, label: str, outcome: Judgement) -> None:
    """By the same judge as the product's replies."""
    assert outcome is judged_label(question, label, 0.9).outcome


def test_the_threshold_keeps_what_pays() -> None:
    """Above it right answers outweigh wrong ones by the most."""
    judged = [("a", 0.9, "a"), ("a", 0.8, "b"), ("b", 0.7, "b"), ("b", 0.6, "b"), ("a", 0.5, "b"), ("a", 0.4, "b")]
    assert 0.6 == threshold(judged)


def test_a_baseline_learns() -> None:
    """The likeliest label of a text like its examples, and how sure."""
    baseline = Tfidf()
    baseline.learn(["is there lead in it", "lead in the ink", "does it hurt", "how much does it hurt"], [*"aabb"])
    label, sure = baseline.judge("will it hurt")
    assert ("b", True) == (label, 0.5 < sure <= 1)


def test_what_was_learned_is_not_learned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was cut short goes on; one cut in the middle of a training begins that training again."""
    calls: list[str] = []
    monkeypatch.setattr(side_by_side, "_call", lambda command: calls.append(command[-1]))
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "half-written").touch()
    for _ in range(2):
        training = side_by_side._train("ours", ["train"], tmp_path / "task.json", tmp_path / "ours")
    assert [str(tmp_path / "ours")] == calls
    assert training >= 0
    assert not (tmp_path / "ours" / "half-written").exists()


def test_the_tables_have_a_row_for_every_figure() -> None:
    """What a task has no messages for stays empty."""
    shares = {figure: Share(1, 2) for figure in FIGURES}
    lines = table([Outcome("ours", shares, 70.2, 5.25, 9.0, 400.2)]).splitlines()
    assert 2 + len(FIGURES) + 3 == len(lines)
    assert "| training, seconds of a processor | 70 |" in lines
    result = Result("task", 0.9, 0.8, {"far": 0.7}, {"far": 0.6}, 0.5, {"far": 0.4}, {"far": 0.3})
    assert "| AUROC, near |  |" in public_table([result])


def test_several_choices_are_one_figure() -> None:
    """The mean of each figure."""
    one = Result("task", 0.9, 0.8, {"far": 0.7}, {"far": 0.6}, 0.5, {"far": 0.4}, {"far": 0.3}, 0.8)
    other = Result("task", 0.7, 0.6, {"far": 0.5}, {"far": 0.2}, 0.3, {"far": 0.0}, {"far": 0.1}, 0.7)
    both = mean([one, other])
    assert both.linear == pytest.approx(0.75)
    assert [0.8, 0.7, 0.4] == pytest.approx([both.accuracy, both.typo_accuracy, both.in_scope])
    by_distance = (both.auroc, both.fpr95, both.rejected, both.in_scope_strict)
    assert [0.6, 0.4, 0.2, 0.2] == pytest.approx([each["far"] for each in by_distance])


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What make was asked to tune on, and where to; it writes the product's encoder."""
    asked: list[dict[str, str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        settings = dict(part.split("=", 1) for part in command if "=" in part)
        asked.append({"target": settings["TARGET"], "examples": Path(settings["EXAMPLES"]).read_text(encoding="utf-8")})
        shutil.copy(ENCODER_FILE, settings["TARGET"])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(tuned.subprocess, "run", run)
    return asked


def test_an_encoder_is_tuned_once(commands: list[dict[str, str]], tmp_path: Path) -> None:
    """On the examples it is given; the same again is taken from the folder, others are tuned on anew."""
    for _ in range(2):
        encoder = tuned.tuned_encoder(["lost card", "new pin"], ["card", "pin"], tmp_path / "encoders")
    assert encoder.encode(["my card is gone"]).shape == (1, 384)
    assert [each["examples"] for each in commands] == ['["lost card", "card"]\n["new pin", "pin"]\n']
    assert [file.suffix for file in (tmp_path / "encoders").iterdir()] == [".onnx"]
    tuned.tuned_encoder(["lost card", "new pin"], ["pin", "card"], tmp_path / "encoders")
    assert len(commands) == 2


def test_an_encoder_that_could_not_be_tuned_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not the next time either, whatever was written of it."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        shutil.copy(ENCODER_FILE, next(part for part in command if part.startswith("TARGET=")).removeprefix("TARGET="))
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr(tuned.subprocess, "run", run)
    for _ in range(2):
        with pytest.raises(SystemExit, match="could not be tuned"):
            tuned.tuned_encoder(["lost card", "new pin"], ["card", "pin"], tmp_path)

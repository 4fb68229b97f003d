"""Figures over judged questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.evaluate import compare, table
from evaluation.figures import Share, as_json, calibration, confusions, headline, risk_coverage, worst
from evaluation.judge import Judged, Question, judge
from evaluation.report import write_page
from evaluation.typos import with_typos


def row(behaviour: str, topic: str, kind: str, *topics: str, confidence: float = 0.9, **more: Any) -> Judged:
    question = Question(f"{behaviour}-{topic}-{kind}", f"about <{topic}>", behaviour, topic, **more)
    prediction = {"id": question.id, "kind": kind, "topics": list(topics), "confidence": confidence, "latency_ms": 1.0}
    return judge(question, prediction)


ROWS = [
    row("answer", "mri", "answer", "mri", confidence=0.95),
    row("answer", "mri", "answer", "pain", confidence=0.75),
    row("answer", "pain", "clarify", confidence=0.4),
    row("emergency", "emergency_eye", "emergency", "emergency_eye"),
    row("emergency", "emergency_eye", "handoff"),
    row("answer", "pain", "emergency", "emergency_eye", tags=frozenset({"lookalike"})),
    row("answer", "pain", "answer", "pain", tags=frozenset({"lookalike"}), confidence=0.65),
]


def test_headline_counts() -> None:
    """Each figure over its own messages."""
    figures = headline(ROWS)
    assert (1, 2) == (figures["emergency recall"].count, figures["emergency recall"].of)
    assert (1, 2) == (figures["look-alike false alarms"].count, figures["look-alike false alarms"].of)
    wrong = figures["wrong answers, of all messages"]
    assert (1, 7) == (wrong.count, wrong.of)
    assert (2, 5) == (figures["answerable answered right"].count, figures["answerable answered right"].of)


def test_a_share_has_bounds_around_it() -> None:
    """And none of nothing."""
    share = Share(9, 10)
    assert 0 < share.low < 0.9 < share.high < 1
    assert (0.0, 0.0, 1.0) == (Share(0, 0).value, Share(0, 0).low, Share(0, 0).high)


def test_calibration_error_is_the_mean_gap() -> None:
    """Three answers in three bins: right at 0.95 and 0.65, wrong at 0.75."""
    assert pytest.approx((0.05 + 0.75 + 0.35) / 3) == calibration(ROWS).error
    assert 0.0 == calibration([]).error


def test_risk_grows_with_coverage() -> None:
    """The surest answers first."""
    coverage, risk = risk_coverage(ROWS)
    assert [1 / 7, 2 / 7, 3 / 7] == pytest.approx(coverage)
    assert [0, 1 / 7, 1 / 7] == pytest.approx(risk)


def test_confusions_and_the_worst() -> None:
    """A missed emergency is worse than a wrong answer."""
    assert [("mri", "pain", 1)] == confusions(ROWS)
    assert ["emergency-emergency_eye-handoff", "answer-mri-answer"] == [r.question.id for r in worst(ROWS)][:2]


def test_a_worse_figure_is_named(tmp_path: Path) -> None:
    """Each guarded figure in its own direction; a first report has nothing to be worse than."""
    accepted = tmp_path / "accepted.json"
    missed = row("emergency", "emergency_eye", "handoff")
    wrong = row("answer", "mri", "answer", "pain")
    found, right = (
        row("emergency", "emergency_eye", "emergency", "emergency_eye"),
        row("answer", "mri", "answer", "mri"),
    )
    good = as_json([found] * 10 + [right] * 10)
    assert [] == compare(good, accepted)
    accepted.write_text(json.dumps(good), encoding="utf-8")
    assert [] == compare(good, accepted)
    assert ["emergency recall"] == [
        line.partition(":")[0].strip() for line in compare(as_json([found] * 9 + [missed] + [right] * 10), accepted)
    ]
    assert [] == compare(as_json([found] * 10 + [right] * 8 + [wrong] * 2), accepted)
    assert ["wrong answers, of all messages"] == [
        line.partition(":")[0].strip() for line in compare(as_json([found] * 10 + [right] * 7 + [wrong] * 3), accepted)
    ]


def test_the_page_escapes_what_visitors_wrote(tmp_path: Any) -> None:
    """A message is text there, never markup."""
    path = tmp_path / "page.html"
    write_page(ROWS, path, "Title")
    page = path.read_text(encoding="utf-8")
    assert "about &lt;mri&gt;" in page
    assert "about <mri>" not in page
    assert any("emergency recall" in line for line in table(ROWS))


def test_typing_errors_are_repeatable_and_about_one_a_message() -> None:
    """The same seed gives the same errors; a short word is left alone."""
    text = "could somebody please explain whether this procedure hurts"
    assert with_typos(text, "7") == with_typos(text, "7")
    changed = sum(
        sum(a != b for a, b in zip(text.split(), with_typos(text, str(n)).split(), strict=True)) for n in range(400)
    )
    assert 0.8 < changed / 400 < 1.1
    assert "is it ok" == with_typos("is it ok", "1")

"""When to answer, ask back, warn or call it an emergency."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.gate import Gate, choose_gate, decide, wilson_upper

GATE = Gate()
SURE = [("safety/mri", 0.95), ("safety/pain", 0.03), ("emergency/eye", 0.02)]


def test_a_sure_topic_near_an_example_is_answered() -> None:
    """Both the probability and the nearness must do."""
    decision = decide(GATE, SURE, 0.8, [])
    assert ("safety/mri", "accepted") == (decision.label, decision.reason)


@pytest.mark.parametrize(("probability", "nearness"), [(GATE.answer - 0.01, 0.9), (0.99, GATE.near - 0.01)])
def test_an_unsure_topic_is_asked_back(probability: float, nearness: float) -> None:
    """Less than either threshold is not enough."""
    assert "nlu_fallback" == decide(GATE, [("safety/mri", probability)], nearness, []).label


def test_a_rule_suffices_whatever_the_classifier_says() -> None:
    """Its kind is taken, by the classifier's order where several hit."""
    hits: list[dict[str, str | None]] = [{"kind": "eye", "excuse": None}]
    assert "emergency/eye" == decide(GATE, SURE, 0.8, hits).label


def test_the_classifier_suffices_without_a_rule() -> None:
    """All emergency labels together count."""
    ranking = [("safety/mri", 0.7), ("emergency/eye", 0.16), ("emergency/stroke", 0.14)]
    assert "emergency/eye" == decide(GATE, ranking, 0.9, []).label


def test_an_excuse_raises_the_bar_and_a_weak_word_lowers_it() -> None:
    """The same alarm, judged by what the rules saw."""
    ranking = [("safety/mri", 0.8), ("emergency/eye", 0.2)]
    assert "safety/mri" == decide(GATE, ranking, 0.9, []).label
    assert "emergency/eye" == decide(GATE, ranking, 0.9, [{"kind": "eye", "excuse": "weak"}]).label
    higher = [("safety/mri", 0.5), ("emergency/eye", 0.5)]
    assert "emergency/eye" == decide(GATE, higher, 0.9, [{"kind": "eye", "excuse": "long_past"}]).label
    assert "emergency/eye" != decide(GATE, higher, 0.9, [{"kind": "eye", "excuse": "denied"}]).label


def test_a_doubtful_alarm_puts_the_warning_line_first() -> None:
    """The answer is given, and the warning with it."""
    decision = decide(GATE, [("safety/mri", 0.85), ("emergency/eye", 0.15)], 0.9, [])
    assert ("safety/mri", True) == (decision.label, decision.warns)
    assert not decide(GATE, SURE, 0.9, []).warns


def test_the_threshold_keeps_the_stated_risk() -> None:
    """With wrong answers at 0.6 and right ones above, the threshold comes to lie between."""
    names = np.array(["safety/a", "safety/b"])
    labels = np.array(["safety/a"] * 1000)
    right, wrong = [0.9, 0.1], [0.4, 0.6]
    probabilities = np.array([wrong] * 100 + [right] * 900, dtype=np.float32)
    assert 0.6 < choose_gate(labels, probabilities, names, 0.01).answer <= 0.9


def test_wilson_bound() -> None:
    """No error in a hundred still leaves a bound; no trial says nothing."""
    assert pytest.approx(0.037, abs=0.001) == wilson_upper(0, 100)
    assert 1.0 == wilson_upper(0, 0)

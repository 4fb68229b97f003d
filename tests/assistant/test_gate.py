"""When to answer, ask back, warn or call it an emergency."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.gate import Gate, Nearness, choose_gate, decide, wilson_upper

GATE = Gate()
NEAR = Nearness(own=0.9, rival=0.3)
SURE = [("safety/mri", 0.95), ("safety/pain", 0.03), ("emergency/eye", 0.02)]


def test_a_sure_topic_near_an_example_is_answered() -> None:
    """Both the probability and the nearness must do."""
    decision = decide(GATE, SURE, NEAR, [])
    assert ("safety/mri", "accepted") == (decision.label, decision.reason)


def test_an_unsure_topic_is_asked_back() -> None:
    """Just below the threshold is not enough."""
    assert "nlu_fallback" == decide(GATE, [("safety/mri", GATE.answer - 0.01)], NEAR, []).label


def test_confidence_grows_with_probability_and_nearness_and_falls_with_a_rival() -> None:
    """A probable topic whose examples are far away, or no nearer than another label's, is doubted."""
    gate = Gate(weight_probability=1.0, weight_nearness=4.0, weight_rival=-4.0, constant=-1.0)
    sure = gate.confidence(0.6, NEAR)
    assert sure > gate.confidence(0.6, Nearness(0.4, 0.3))
    assert sure > gate.confidence(0.6, Nearness(0.9, 0.8))
    assert gate.confidence(0.9, NEAR) > sure
    assert 0 < gate.confidence(0.0, Nearness(-1.0, 1.0)) < gate.confidence(1.0, Nearness(1.0, -1.0)) < 1


def test_a_rule_suffices_whatever_the_classifier_says() -> None:
    """Its kind is taken, by the classifier's order where several hit."""
    hits: list[dict[str, str | None]] = [{"kind": "eye", "excuse": None}]
    assert "emergency/eye" == decide(GATE, SURE, NEAR, hits).label


def test_the_classifier_suffices_without_a_rule() -> None:
    """All emergency labels together count."""
    ranking = [("safety/mri", 0.7), ("emergency/eye", 0.16), ("emergency/stroke", 0.14)]
    assert "emergency/eye" == decide(GATE, ranking, NEAR, []).label


def test_an_excuse_raises_the_bar_and_a_weak_word_lowers_it() -> None:
    """The same alarm, judged by what the rules saw."""
    ranking = [("safety/mri", 0.8), ("emergency/eye", 0.2)]
    assert "safety/mri" == decide(GATE, ranking, NEAR, []).label
    assert "emergency/eye" == decide(GATE, ranking, NEAR, [{"kind": "eye", "excuse": "weak"}]).label
    higher = [("safety/mri", 0.5), ("emergency/eye", 0.5)]
    assert "emergency/eye" == decide(GATE, higher, NEAR, [{"kind": "eye", "excuse": "long_past"}]).label
    assert "emergency/eye" != decide(GATE, higher, NEAR, [{"kind": "eye", "excuse": "denied"}]).label


def test_a_thin_alarm_in_another_language_is_handed_over_with_the_warning() -> None:
    """It takes more alarm there; a rule still suffices."""
    ranking = [("handoff/language", 0.6), ("emergency/eye", 0.2), ("emergency/stroke", 0.1)]
    decision = decide(GATE, ranking, NEAR, [])
    assert ("handoff/language", True) == (decision.label, decision.warns)
    assert "emergency/eye" == decide(GATE, ranking, NEAR, [{"kind": "eye", "excuse": None}]).label


def test_a_thin_alarm_in_spanish_is_none() -> None:
    """It takes more alarm there too, unless the rules saw something; the warning line stays."""
    ranking = [("handoff/booking", 0.6), ("emergency/eye", 0.4)]
    decision = decide(GATE, ranking, NEAR, [], "es")
    assert ("handoff/booking", True) == (decision.label, decision.warns)
    for excuse in (None, "weak", "long_past"):
        assert "emergency/eye" == decide(GATE, ranking, NEAR, [{"kind": "eye", "excuse": excuse}], "es").label
    assert "emergency/eye" == decide(GATE, [("emergency/eye", 0.6), *SURE], NEAR, [], "es").label


def test_a_doubtful_alarm_puts_the_warning_line_first() -> None:
    """The answer is given, and the warning with it."""
    decision = decide(GATE, [("safety/mri", 0.85), ("emergency/eye", 0.15)], NEAR, [])
    assert ("safety/mri", True) == (decision.label, decision.warns)
    assert not decide(GATE, SURE, NEAR, []).warns


def test_the_threshold_keeps_the_stated_risk() -> None:
    """Wrong topics are less probable and farther than right ones: the threshold lets the right ones through."""
    names = np.array(["safety/a", "safety/b"])
    labels = np.array(["safety/a"] * 1000)
    probabilities = np.array([[0.4, 0.6]] * 100 + [[0.9, 0.1]] * 900, dtype=np.float32)
    nearness = np.array([[0.4, 0.5]] * 100 + [[0.8, 0.2]] * 900, dtype=np.float32)
    gate = choose_gate(labels, probabilities, nearness, names, 0.01)
    assert gate.confidence(0.6, Nearness(0.4, 0.5)) < gate.answer <= gate.confidence(0.9, Nearness(0.8, 0.2))


def test_wilson_bound() -> None:
    """No error in a hundred still leaves a bound; no trial says nothing."""
    assert pytest.approx(0.037, abs=0.001) == wilson_upper(0, 100)
    assert 1.0 == wilson_upper(0, 0)


def test_another_language_is_never_answered_from_a_topic() -> None:
    """However sure the classifier is; Spanish may be handed over, refused or greeted by its own label."""
    assert "handoff/language" == decide(GATE, SURE, NEAR, [], "other").label
    assert "handoff/language" == decide(GATE, SURE, NEAR, [], "es").label
    ranking = [("safety/pain", 0.5), ("handoff/booking", 0.4)]
    assert "handoff/booking" == decide(GATE, ranking, NEAR, [], "es").label
    assert "handoff/language" == decide(GATE, ranking, NEAR, [], "other").label

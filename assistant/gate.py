"""When to answer, when to ask back and when to be silent on purpose: the thresholds, how they are chosen and used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME

EMERGENCY = "emergency/"
SAFETY = "safety/"
OTHER_EMERGENCY = "emergency/other"
OTHER_LANGUAGE = "handoff/language"

#: Excuses that need less alarm of the classifier to be overruled: the words may still be about today.
_LOOSE_EXCUSES = frozenset({"long_past", "before_visit"})
_WEAK = "weak"


class Nearness(NamedTuple):
    """Cosines from a message to the nearest example of a label, and to the nearest of any other label."""

    own: float
    rival: float


@dataclass(frozen=True)
class Gate:
    """Thresholds from 0 to 1. "Alarm" is the probability of all emergency labels together."""

    #: The least alarm that is an emergency where no rule hit.
    emergency: float = 0.25
    #: The same for a message in another language, of whose harmless ones the classifier knows less.
    emergency_foreign: float = 0.5
    #: The same where only weak rules hit.
    emergency_weak: float = 0.15
    #: The same where the rules' hits are excused as long past or before a visit.
    emergency_loose: float = 0.40
    #: The same where they are excused as denied, hypothetical, quoted or an idiom.
    emergency_excused: float = 0.65
    #: The least alarm at which any other reply begins with the warning line.
    warning: float = 0.12
    #: The least confidence in a safety topic to answer with it.
    answer: float = 0.6
    #: The least probability of a label whose reply can do no harm (small talk, handoff, refusal, out of scope).
    harmless: float = 0.15
    #: Confidence in a topic is the logistic function of: its probability's logit, the cosines to its nearest example
    #: and to the nearest of any other label, and a constant; so weighted that it is the share of topics that are
    #: right, out of fold.
    weight_probability: float = 1.0
    weight_nearness: float = 0.0
    weight_rival: float = 0.0
    constant: float = 0.0

    def confidence(self, probability: float, nearness: Nearness) -> float:
        """How sure to be of a topic of this probability."""
        score = (
            self.weight_probability * _logit(probability)
            + self.weight_nearness * nearness.own
            + self.weight_rival * nearness.rival
            + self.constant
        )
        return float(1 / (1 + np.exp(-score)))


@dataclass(frozen=True)
class Decision:
    """The full intent to act on, how sure, why it was chosen, and whether the reply begins with the warning line."""

    label: str
    confidence: float
    reason: str
    warns: bool = False


def decide(
    gate: Gate,
    ranking: Sequence[tuple[str, float]],
    nearness: Nearness,
    red_flags: Sequence[dict[str, str | None]],
    language: str = "en",
) -> Decision:
    """Choose the intent.

    Args:
        gate: the thresholds.
        ranking: full intents with their probabilities, best first.
        nearness: of the best one.
        red_flags: the rules' hits, each with `kind` and `excuse`.
        language: of the message: `en`, `es` or `other`. Only English is ever answered from a topic.
    """
    alarm = sum(p for label, p in ranking if label.startswith(EMERGENCY))
    excuses = {hit["excuse"] for hit in red_flags}
    if None in excuses:
        flagged = [f"{EMERGENCY}{hit['kind']}" for hit in red_flags if hit["excuse"] is None]
        best = next((label for label, _ in ranking if label in flagged), flagged[0])
        return Decision(best, max(alarm, gate.emergency), "red_flag")
    # Alarm in a language that was hardly taught is spread thin over everything; the rules know the worst of it.
    least = 0.0
    if language != "en" and not excuses:
        least = gate.emergency_foreign
    elif language == "other" or (language == "en" and ranking[0][0] == OTHER_LANGUAGE):
        least = gate.emergency_loose
    if alarm >= max(least, _least_alarm(gate, excuses)):
        kind = next((label for label, _ in ranking if label.startswith(EMERGENCY)), OTHER_EMERGENCY)
        return Decision(kind, alarm, "classifier_emergency")
    warns = alarm >= gate.warning or (_WEAK in excuses and alarm >= gate.warning / 2)
    if language != "en":
        return _in_another_language(gate, ranking, language, warns)
    label, probability = next(((name, p) for name, p in ranking if not name.startswith(EMERGENCY)), ranking[0])
    is_topic = label.startswith(SAFETY)
    confidence = gate.confidence(probability, nearness) if is_topic else probability
    if confidence >= (gate.answer if is_topic else gate.harmless):
        return Decision(label, confidence, "accepted", warns)
    return Decision(DEFAULT_NLU_FALLBACK_INTENT_NAME, confidence, "not_sure", warns)


def _in_another_language(gate: Gate, ranking: Sequence[tuple[str, float]], language: str, warns: bool) -> Decision:
    """Hand over, unless a Spanish message is understood as something that has a Spanish text and can do no harm."""
    possible = [(name, p) for name, p in ranking if not name.startswith((EMERGENCY, SAFETY))]
    label, probability = possible[0] if possible else (OTHER_LANGUAGE, 0.0)
    if language == "es" and probability >= gate.harmless:
        return Decision(label, probability, "accepted", warns)
    return Decision(OTHER_LANGUAGE, probability, "other_language", warns)


def _logit(probability: Any) -> Any:
    bounded = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(bounded / (1 - bounded))


def _least_alarm(gate: Gate, excuses: set[str | None]) -> float:
    """The threshold for a message with these excuses: the lowest of theirs."""
    if not excuses:
        return gate.emergency
    by_excuse = {
        excuse: gate.emergency_weak
        if excuse == _WEAK
        else gate.emergency_loose
        if excuse in _LOOSE_EXCUSES
        else gate.emergency_excused
        for excuse in excuses
    }
    return min(by_excuse.values())


def choose_gate(
    labels: npt.NDArray[np.str_],
    probabilities: npt.NDArray[np.float32],
    nearness: npt.NDArray[np.float32],
    names: npt.NDArray[np.str_],
    risk: float,
) -> Gate:
    """The gate with the least strict `answer` that keeps wrong answers at or below `risk` of all messages, out of fold.

    Args:
        labels: the true label of each example.
        probabilities: out-of-fold, shape (examples, names).
        nearness: of the best label, out-of-fold, shape (examples, 2): its own and its rival's cosine.
        names: the label of each column.
        risk: the share of messages that may get a wrong answer; held by its upper 95 % bound.
    """
    from sklearn.linear_model import LogisticRegression

    best = names[probabilities.argmax(axis=1)]
    top = probabilities.max(axis=1)
    is_topic = np.char.startswith(best, SAFETY)
    is_right = best == labels
    gate = Gate()
    if len(set(is_right[is_topic])) == 2:
        features = np.column_stack([_logit(top), nearness])[is_topic]
        fitted = LogisticRegression().fit(features, is_right[is_topic])
        (weight_probability, weight_nearness, weight_rival), (constant,) = fitted.coef_[0], fitted.intercept_
        gate = replace(
            gate,
            weight_probability=float(weight_probability),
            weight_nearness=float(weight_nearness),
            weight_rival=float(weight_rival),
            constant=float(constant),
        )
    confidence = np.array([gate.confidence(p, Nearness(*near)) for p, near in zip(top, nearness, strict=True)])
    wrong = is_topic & ~is_right
    for threshold in np.arange(0.30, 0.95, 0.001):
        errors = int((wrong & (confidence >= threshold)).sum())
        if wilson_upper(errors, len(labels)) <= risk:
            return replace(gate, answer=round(float(threshold), 3))
    return replace(gate, answer=0.95)


def wilson_upper(successes: int, trials: int, z: float = 1.96) -> float:
    """Upper end of Wilson's 95 % interval for a share (Wilson 1927)."""
    if trials == 0:
        return 1.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)))
    return (centre + spread) / (1 + z * z / trials)

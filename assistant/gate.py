"""When to answer, when to ask back and when to be silent on purpose: the thresholds, how they are chosen and used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME

EMERGENCY = "emergency/"
SAFETY = "safety/"
OTHER_EMERGENCY = "emergency/other"


@dataclass(frozen=True)
class Gate:
    """Thresholds, all on probabilities or cosines from 0 to 1."""

    #: The least probability of all emergency labels together that is treated as an emergency.
    emergency: float
    #: The same where a red-flag rule hit but has an excuse (denied, hypothetical, long past ...).
    emergency_excused: float
    #: The least probability of the best label to act on it.
    answer: float
    #: The least cosine to the nearest example of that label.
    near: float
    #: The least probability for labels whose reply can do no harm (small talk, handoff, refusal, out of scope).
    harmless: float


@dataclass(frozen=True)
class Decision:
    """The full intent to act on, how sure, and why it was chosen."""

    label: str
    confidence: float
    reason: str


def decide(
    gate: Gate,
    ranking: Sequence[tuple[str, float]],
    nearness: float,
    red_flags: Sequence[dict[str, str | None]],
) -> Decision:
    """Choose the intent.

    Args:
        gate: the thresholds.
        ranking: full intents with their probabilities, best first.
        nearness: cosine to the nearest example of the best one.
        red_flags: the rules' hits, each with `kind` and `excuse`.
    """
    alarm = sum(p for label, p in ranking if label.startswith(EMERGENCY))
    kind = next((label for label, _ in ranking if label.startswith(EMERGENCY)), OTHER_EMERGENCY)
    unexcused = [hit["kind"] for hit in red_flags if not hit["excuse"]]
    if unexcused:
        flagged = {f"{EMERGENCY}{name}" for name in unexcused}
        best = next((label for label, _ in ranking if label in flagged), f"{EMERGENCY}{unexcused[0]}")
        return Decision(best, max(alarm, gate.emergency), "red_flag")
    if alarm >= (gate.emergency_excused if red_flags else gate.emergency):
        return Decision(kind, alarm, "classifier_emergency")
    label, probability = next(((name, p) for name, p in ranking if not name.startswith(EMERGENCY)), ranking[0])
    if label.startswith(SAFETY):
        if probability >= gate.answer and nearness >= gate.near:
            return Decision(label, probability, "accepted")
    elif probability >= gate.harmless:
        return Decision(label, probability, "accepted")
    return Decision(DEFAULT_NLU_FALLBACK_INTENT_NAME, probability, "not_sure")


def choose_gate(
    labels: Sequence[str],
    probabilities: npt.NDArray[np.float32],
    nearness: npt.NDArray[np.float32],
    names: npt.NDArray[np.str_],
    risk: float,
) -> Gate:
    """The least strict thresholds that keep wrong answers at or below `risk` of all messages, out of fold.

    Args:
        labels: the true label of each example.
        probabilities: out-of-fold, shape (examples, names).
        nearness: out-of-fold, shape (examples,).
        names: the label of each column.
        risk: the share of messages that may get a wrong answer; held by its upper 95 % bound.
    """
    best = names[probabilities.argmax(axis=1)]
    top = probabilities.max(axis=1)
    truth = np.asarray(labels)
    answered = np.char.startswith(best, SAFETY)
    wrong = answered & (best != truth)
    answer = 0.95
    for threshold in np.arange(0.20, 0.96, 0.01):
        errors = int((wrong & (top >= threshold)).sum())
        if wilson_upper(errors, len(truth)) <= risk:
            answer = float(threshold)
            break
    return Gate(emergency=0.35, emergency_excused=0.6, answer=answer, near=0.35, harmless=0.3)


def wilson_upper(successes: int, trials: int, z: float = 1.96) -> float:
    """Upper end of Wilson's 95 % interval for a share (Wilson 1927)."""
    if trials == 0:
        return 1.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)))
    return (centre + spread) / (1 + z * z / trials)

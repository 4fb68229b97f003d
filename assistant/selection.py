"""What a message, or a tapped choice, stands for, in the shape Rasa's rules and retrieval actions read."""

from __future__ import annotations

from typing import Any

#: Intents whose reply is chosen by the part after the slash, by one rule for all of them.
RETRIEVAL_INTENTS = ("safety", "emergency", "refuse")
#: Intents whose part after the slash is read by an action of the action server.
REASONED_INTENTS = ("handoff",)

SPLIT_INTENTS = (*RETRIEVAL_INTENTS, *REASONED_INTENTS)


def base_intent(label: str) -> str:
    """`safety/mri` gives `safety`."""
    return label.partition("/")[0]


def parse_result(label: str, confidence: float, ranking: list[tuple[str, float]]) -> dict[str, Any]:
    """The intent, its ranking and the selector's output for a full intent such as `safety/mri`."""
    base = base_intent(label)
    selector: dict[str, Any] = {"all_retrieval_intents": list(SPLIT_INTENTS)}
    if base in SPLIT_INTENTS:
        selector[base] = {
            "response": {
                "responses": [],
                "confidence": confidence,
                "intent_response_key": label,
                "utter_action": f"utter_{label}",
            },
            "ranking": [],
        }
    return {
        "intent": {"name": base, "confidence": confidence},
        "intent_ranking": [{"name": name, "confidence": value} for name, value in ranking],
        "response_selector": selector,
    }


def choice_parse_data(text: str, label: str) -> dict[str, Any]:
    """The parse data of a tapped choice: it is certain, and no model is asked."""
    return {
        "text": text,
        "entities": [],
        "red_flags": [],
        "decision": "choice",
        **parse_result(label, 1.0, [(label, 1.0)]),
    }


def fallback_parse_data(text: str) -> dict[str, Any]:
    """The parse data of what is not understood, whatever the model would make of it."""
    return {
        "text": text,
        "entities": [],
        "red_flags": [],
        "decision": "not_sure",
        **parse_result("nlu_fallback", 0.0, []),
    }


def full_intent(parse_data: dict[str, Any]) -> str:
    """The full intent of parsed data: `safety/mri`, or `greet` where there is nothing after a slash."""
    name = (parse_data.get("intent") or {}).get("name") or ""
    selected = (parse_data.get("response_selector") or {}).get(name) or {}
    return str((selected.get("response") or {}).get("intent_response_key") or name)

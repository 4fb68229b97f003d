"""What a visitor who writes Spanish is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.language import language_of
from assistant.responses import spanish_name

ROOT = Path(__file__).resolve().parents[2]
#: Said in English to everyone: what belongs to a topic's answer, which exists in English only, and choices beside it.
_ENGLISH_ONLY = re.compile(r"utter_(?:safety/|ask_|again$|same_answer$|clarify$|callback_)")


def responses() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted((ROOT / "data").rglob("*.yml")):
        found |= yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}
    return found


RESPONSES = responses()
ENGLISH = [name for name in RESPONSES if not name.startswith("utter_es_") and not _ENGLISH_ONLY.match(name)]


@pytest.mark.parametrize("name", ENGLISH)
def test_it_is_said_in_spanish_too(name: str) -> None:
    """Emergencies, handing over, small talk and refusals; of the same kind, and really in Spanish."""
    spanish = RESPONSES.get(spanish_name(name))
    assert spanish, f"write {spanish_name(name)} in data/dialogue/spanish.yml"
    assert RESPONSES[name][0]["metadata"]["kind"] == spanish[0]["metadata"]["kind"]
    assert "es" == language_of(spanish[0]["text"])


def test_no_spanish_text_is_left_over() -> None:
    """Each belongs to a response that there is."""
    assert {name for name in RESPONSES if name.startswith("utter_es_")} == {spanish_name(name) for name in ENGLISH}


@pytest.mark.parametrize("name", [name for name in ENGLISH if name.startswith("utter_emergency/")])
def test_an_emergency_names_the_same_numbers(name: str) -> None:
    """911, 988 and the poison line stand in both."""

    def numbers(text: str) -> set[str]:
        return set(re.findall(r"\b(?:911|988|1-800-222-1222)\b", text))

    assert numbers(RESPONSES[name][0]["text"]) == numbers(RESPONSES[spanish_name(name)][0]["text"])

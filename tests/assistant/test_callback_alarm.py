"""A bare name or number that only sounds like an emergency, while a call-back request waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.callback import State, in_context
from assistant.selection import full_intent, parse_result
from tests.conftest import CLINIC, WriteClinic

ASKED = State(is_pending=True, is_active=True, asked="visitor_name", known={}, is_offered_now=False)
IDLE = State(is_pending=False, is_active=False, asked=None, known={}, is_offered_now=False)


def alarmed(confidence: float = 0.3, red_flags: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """What the pipeline makes of a message in which the classifier hears an emergency."""
    ranking = [("emergency/seizure", confidence), ("safety/mri", 0.1)]
    result = parse_result("emergency/seizure", confidence, ranking)
    decision = "red_flag" if red_flags else "classifier_emergency"
    return {**result, "decision": decision, "red_flags": list(red_flags), "warns": False}


async def read(text: str, parsed: dict[str, Any], state: State = ASKED) -> str:
    async def parse(_: str) -> dict[str, Any]:
        return parsed

    return full_intent(await in_context(parsed, text, state, parse))


@pytest.mark.parametrize("text", ["Maria Lopez", "(310) 555-0102", "jo@example.com", "Siobhan"])
async def test_a_bare_detail_is_a_detail(text: str, write_clinic: WriteClinic) -> None:
    """Like no example, it may come out as anything; the form goes on."""
    write_clinic(CLINIC)
    assert "give_details" == await read(text, alarmed())


async def test_a_number_without_a_word_is_never_an_alarm(write_clinic: WriteClinic) -> None:
    """However sure the classifier is; a rule still is one."""
    write_clinic(CLINIC)
    assert "give_details" == await read("(310) 555-0120", alarmed(0.95))
    assert not (await read("(310) 555-0120", alarmed(0.95), IDLE)).startswith("emergency")
    assert "emergency/seizure" == await read("911", alarmed(0.95), IDLE)
    flagged = alarmed(0.95, red_flags=({"kind": "seizure", "excuse": None},))
    assert "emergency/seizure" == await read("(310) 555-0120", flagged)


@pytest.mark.parametrize("text", ["chest pain", "I fainted", "Maria Lopez fainted", "help", "my throat"])
async def test_words_that_say_something_stay_an_emergency(text: str, write_clinic: WriteClinic) -> None:
    """However thin the alarm is."""
    write_clinic(CLINIC)
    assert "emergency/seizure" == await read(text, alarmed())


async def test_a_rule_or_a_sure_alarm_is_not_excused(write_clinic: WriteClinic) -> None:
    """Nor is anything while no one asked for a name."""
    write_clinic(CLINIC)
    assert "emergency/seizure" == await read("Maria Lopez", alarmed(0.7))
    assert "emergency/seizure" == await read("Maria Lopez", alarmed(red_flags=({"kind": "seizure", "excuse": None},)))
    assert "emergency/seizure" == await read("Maria Lopez", alarmed(), IDLE)


@pytest.mark.parametrize("text", ["cancel", "yes", "never mind", "No thanks."])
async def test_a_word_of_the_form_is_never_an_alarm(text: str, write_clinic: WriteClinic) -> None:
    """Alone it says nothing else, whether a request is under way or not; a rule still is an alarm."""
    write_clinic(CLINIC)
    for state in (ASKED, IDLE):
        assert not (await read(text, alarmed(0.95), state)).startswith("emergency")
    flagged = alarmed(0.95, red_flags=({"kind": "seizure", "excuse": None},))
    assert "emergency/seizure" == await read(text, flagged)


@pytest.mark.parametrize("text", ["cancel", "yes"])
async def test_a_word_of_the_form_gets_no_warning_line(text: str, write_clinic: WriteClinic) -> None:
    """A thin alarm, too thin for an emergency, is none either; a rule's is."""
    write_clinic(CLINIC)

    async def parse(_: str) -> dict[str, Any]:
        raise AssertionError("nothing is beside the word")

    parsed = {**parse_result("affirm", 0.8, [("affirm", 0.8)]), "decision": "accepted", "red_flags": [], "warns": True}
    assert not (await in_context(parsed, text, ASKED, parse))["warns"]
    flagged = {**parsed, "red_flags": [{"kind": "seizure", "excuse": "weak"}]}
    assert (await in_context(flagged, text, ASKED, parse))["warns"]

"""What Rasa's validator may say."""

from __future__ import annotations

import pytest

from scripts.rasa_data import EXPECTED_WARNINGS, unexpected


@pytest.fixture
def expected() -> list[str]:
    """One message for each warning that is expected."""
    return [f"{pattern} and so on" for pattern in EXPECTED_WARNINGS]


def test_expected_warnings_pass(expected: list[str]) -> None:
    """The named exceptions are no problem."""
    assert unexpected(expected) == []


def test_any_other_warning_is_a_problem(expected: list[str]) -> None:
    """What is not named is reported in its own words."""
    other = "The intent 'greet' is not used in any story or rule."
    assert unexpected([*expected, other]) == [other]


def test_an_exception_that_is_not_needed_is_a_problem(expected: list[str]) -> None:
    """An exception goes when its warning does."""
    (problem,) = unexpected(expected[1:])
    assert "Remove it from EXPECTED_WARNINGS" in problem


@pytest.mark.parametrize("reason", EXPECTED_WARNINGS.values())
def test_every_exception_has_a_reason(reason: str) -> None:
    """Nobody has to guess why a warning is let through."""
    assert len(reason.split()) > 5

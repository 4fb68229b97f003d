"""Names, numbers, addresses and times, found in what visitors write, and what they correct."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.details import LONGEST, correct, find_details


def found(text: str, **how: Any) -> dict[str, str]:
    """By the names without `visitor_`."""
    details = find_details(text, "US", **how).found
    return {field.removeprefix("visitor_"): value for field, value in details.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it's John, 310 555 0100", {"name": "John", "phone": "310 555 0100"}),
        ("I'm Maria Lopez, maria@example.com", {"name": "Maria Lopez", "email": "maria@example.com"}),
        ("Maria Lopez 310-555-0100", {"name": "Maria Lopez", "phone": "310-555-0100"}),
        ("my name is sam o'neil, call me on (310) 555-0100", {"name": "sam o'neil", "phone": "(310) 555-0100"}),
        ("Anne-Marie Dupont\n+33 1 23 45 67 89", {"name": "Anne-Marie Dupont", "phone": "+33 1 23 45 67 89"}),
        (
            "Jos\u00e9 Garc\u00eda, 555-0100, jose@example.com, after 5pm on weekdays",
            {
                "name": "Jos\u00e9 Garc\u00eda",
                "phone": "555-0100",
                "email": "jose@example.com",
                "best_time": "after 5pm on weekdays",
            },
        ),
        ("reach me at maria at example dot com", {"email": "maria@example.com"}),
        ("it's maria@example.co, not maria@example.com", {"email": "maria@example.co"}),
        ("not 310 555 0100, it's 310 555 0199", {"phone": "310 555 0199"}),
        ("My name is Grace", {"name": "Grace"}),
        ("310 555 0100 ext 12", {"phone": "310 555 0100 ext 12"}),
        ("phone: 310.555.0100. thanks!", {"phone": "310.555.0100"}),
    ],
)
def test_several_values_in_one_message(text: str, expected: dict[str, str]) -> None:
    """Each is found, with nothing around it."""
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "allergic to nickel",
        "I'm allergic to nickel",
        "bleeding",
        "I'm bleeding",
        "it's swollen",
        "I'm 34 and diabetic",
        "I am not sure",
        "is it safe?",
        "it is 2026-12-25",
        "10 to 12 sessions",
        "I had 3 sessions in 2024 and 2 in 2025",
        "",
        "   ",
        "\U0001f600",
        "What about John",
        "hi there",
        "thanks",
    ],
)
@pytest.mark.parametrize("welcome", [False, True])
def test_what_is_no_detail_is_left_alone(text: str, *, welcome: bool) -> None:
    """A worried message is never taken for a name, even where a name is awaited."""
    details = found(text, names_welcome=welcome)
    assert details == {}


@pytest.mark.parametrize(
    "name", ["Maria", "maria", "Maria Lopez", "Li", "O'Neil", "Jean-Luc Picard", "\u5f20\u4f1f", "Dr. Brown"]
)
def test_a_bare_name_counts_where_it_was_invited(name: str) -> None:
    """And nowhere else."""
    assert found(name, names_welcome=True) == {"name": name}
    assert found(name) == {}


@pytest.mark.parametrize("text", ["after 5pm", "weekday mornings", "tomorrow", "Mon-Fri 9-12", "any time"])
def test_a_bare_time_counts_in_the_form(text: str) -> None:
    """Outside of it "tomorrow" is a word like any other."""
    assert found(text, asked="request_confirmed") == {"best_time": text}
    assert found(text) == {}


def test_a_question_with_a_time_in_it_is_no_time_to_call() -> None:
    """ "Can I wash tomorrow?" is a question."""
    assert found("can I wash my hair tomorrow?", asked="request_confirmed") == {}


def test_a_number_that_was_asked_for_may_be_wrong() -> None:
    """Too short to be one, it is still what the visitor meant, and the form says what is wrong."""
    assert found("12345", asked="visitor_phone") == {"phone": "12345"}
    assert found("12345") == {}


def test_a_number_from_abroad_counts_where_no_country_is_known() -> None:
    """The form then asks for its country code."""
    assert find_details("030 1234567", None).visitor_phone == "030 1234567"


def test_what_is_asked_beside_the_details_is_left() -> None:
    """For the answer that the question gets."""
    details = find_details("Maria, 310 555 0100. Can I swim after the session?", "US")
    assert details.found == {"visitor_name": "Maria", "visitor_phone": "310 555 0100"}
    assert details.words_left == ["swim", "after", "session"]


KNOWN = {"visitor_name": "Maria Lopez", "visitor_phone": "(310) 555-0100", "visitor_email": "maria@example.com"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no, .co not .com", {"visitor_email": "maria@example.co"}),
        ("not .com, .co", {"visitor_email": "maria@example.co"}),
        ("it's .org instead of .com", {"visitor_email": "maria@example.org"}),
        ("the last digit is 7", {"visitor_phone": "(310) 555-0107"}),
        ("sorry the last digit should be a 7", {"visitor_phone": "(310) 555-0107"}),
        ("last two digits are 42", {"visitor_phone": "(310) 555-0142"}),
        ("it ends in 0199", {"visitor_phone": "(310) 555-0199"}),
        ("Marie not Maria", {"visitor_name": "Marie Lopez"}),
        ("it's Marie, not Maria", {"visitor_name": "Marie Lopez"}),
    ],
)
def test_a_correction_changes_what_it_names(text: str, expected: dict[str, str]) -> None:
    """One value, and in it only what was wrong."""
    known = KNOWN if "Mari" not in text else {**KNOWN, "visitor_email": "ml@example.com"}
    assert correct(text, known) == expected


@pytest.mark.parametrize(
    "text", ["does it hurt", "not now", "no, that's wrong", "last two digits are 7", "", "not sure, maybe"]
)
def test_what_corrects_nothing_changes_nothing(text: str) -> None:
    """A guess would send the clinic to a stranger."""
    assert correct(text, KNOWN) == {}


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing a visitor writes breaks it."""
    find_details(text, "US", asked="visitor_phone", names_welcome=True)
    correct(text, KNOWN)


def test_a_long_text_is_read_in_no_time() -> None:
    """As many characters as are read, made to trouble a regular expression, and ten thousand."""
    started = time.process_time()
    for piece in ("1 ", "a@", "mon ", "not a ", "I'm A ", "(", "1-", "a at b dot "):
        for length in (LONGEST, 10_000):
            text = (piece * length)[:length]
            find_details(text, "US", asked="visitor_phone", names_welcome=True)
            correct(text, KNOWN)
    assert time.process_time() - started < 5

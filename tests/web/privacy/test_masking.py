"""Masking covers personal data, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.privacy.masking import Kind, find, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm Dana, call me at 310-555-0142", "I'm [name], call me at [phone]"),
        ("my name is mike jones and i have a rash", "my name is [name] and i have a rash"),
        ("my husband Greg, born 3/4/1970", "my husband [name], born [date of birth]"),
        ("dana at gmail dot com or dana.k@example.com", "[e-mail] or [e-mail]"),
        ("I live on 230 Ocean Avenue, Unit 12, Santa Monica 90402", "I live on [address]"),
        ("member id W1234 56789", "member id [insurance number]"),
        ("4111 1111 1111 1111 on monday", "[card number] on monday"),
        ("me llamo Carmen Ruiz, mi tel es 655 12 34 56", "me llamo [name], mi tel es [phone]"),
        ("call three one zero 555 0100", "call [phone]"),
        ("MY NAME IS RICHARD COLE", "MY NAME IS [name]"),
        ("Natalie's scalp looked fine", "[name]'s scalp looked fine"),
        ("My name is Summer, I'm a swimmer", "My name is [name], I'm a swimmer"),
    ],
)
def test_personal_data_is_covered_by_its_kind(text: str, expected: str) -> None:
    """Each kind as visitors write it, and the words around stay."""
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my session was on 03/14/2025 and it still itches",
        "is it $2,500 or 1800 - 2400?",
        "can I use Aquaphor or Head & Shoulders, SPF 50",
        "I'm Mexican with skin type 4",
        "im bald and this is scary",
        "Dr said I should wait, needle 0.25 mm or 3RL",
        "Are you in Los Angeles or San Diego?",
        "CAS number 1333-86-4, CI 77266, LOT 20240311, pubmed 31257689",
        "I was born with alopecia, in Texas",
        "May I come in May? Will it hurt? I have a red mark",
        "soy alérgico a la penicilina, mi sesión fue el 14 de marzo",
        "",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Products, prices, sessions, needles and places are what visitors ask about."""
    assert masked(text) == text


def test_a_name_behind_the_first_part_of_a_long_message_is_found() -> None:
    """A long message is read in parts, and to its end."""
    text = "the scalp itches. " * 300 + "my name is Dana Whitfield"
    assert masked(text).endswith("itches. my name is [name]")
    assert "Dana" not in masked(text)


@given(st.text(max_size=300))
def test_found_pieces_are_in_order_and_apart(text: str) -> None:
    """Whatever is written: no error, and what is not found stays as it is."""
    found = find(text)
    places = [0, *(place for one in found for place in (one.start, one.end)), len(text)]
    assert places == sorted(places)
    assert all(one.start < one.end for one in found)
    kept = "".join(text[start:end] for start, end in zip(places[::2], places[1::2], strict=True))
    rest = masked(text)
    for kind in Kind:
        if f"[{kind}]" not in text:
            rest = rest.replace(f"[{kind}]", "")
    assert kept == rest or any(f"[{kind}]" in text for kind in Kind)

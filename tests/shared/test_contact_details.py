"""Phone numbers and e-mail addresses, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact_details import NotAnEmailAddress, NotAPhoneNumber, Phone, read_email, read_phone


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("310 555 0100", "US", Phone("(310) 555-0100", is_local=False)),
        ("+1 (310) 555.0100", "US", Phone("(310) 555-0100", is_local=False)),
        ("555-0100", "US", Phone("555-0100", is_local=True)),
        ("+49 30 123456", "US", Phone("+49 30 123456", is_local=False)),
        ("+49 30 123456", None, Phone("+49 30 123456", is_local=False)),
        ("030 123456", "DE", Phone("030 123456", is_local=False)),
        ("310 555 0100 ext. 5", "US", Phone("(310) 555-0100 ext. 5", is_local=False)),
    ],
)
def test_a_number_is_read_in_the_clinics_country(written: str, country: str | None, expected: Phone) -> None:
    """As people of that country write it; one without an area code stays as it is and is marked."""
    assert read_phone(written, country) == expected


@pytest.mark.parametrize(
    ("written", "country", "fault"),
    [
        ("310 555 0100", None, "no country"),
        ("12", "US", "wrong length"),
        ("+1 310 555 0100 9999", "US", "wrong length"),
        ("call me", "US", "no number"),
        ("", "US", "no number"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(written: str, country: str | None, fault: str) -> None:
    """The visitor is told what to write instead."""
    with pytest.raises(NotAPhoneNumber) as caught:
        read_phone(written, country)
    assert caught.value.fault == fault


@pytest.mark.parametrize("written", ["maria@example.com", " Maria.Lopez+x@EXAMPLE.com ", "m@sub.example.co"])
def test_an_address_is_taken_without_asking_a_name_server(written: str) -> None:
    """Its domain in lower case."""
    assert read_email(written).rpartition("@")[2] == written.strip().rpartition("@")[2].lower()


@pytest.mark.parametrize("written", ["maria", "maria@", "@example.com", "maria@example", "a b@example.com", ""])
def test_half_an_address_is_none(written: str) -> None:
    """Mail to it would be lost."""
    with pytest.raises(NotAnEmailAddress):
        read_email(written)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_is_refused(text: str) -> None:
    """Nothing a visitor writes breaks it."""
    for read in (lambda: read_phone(text, "US"), lambda: read_email(text)):
        try:
            read()
        except (NotAPhoneNumber, NotAnEmailAddress):
            continue

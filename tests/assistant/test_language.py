"""Which language a message is in."""

from __future__ import annotations

import pytest

from assistant.language import language_of


@pytest.mark.parametrize(
    "text",
    [
        "wats smp",
        "hw long b4 i can swim m8",
        "FUE or SMP first?",
        "i have alergy of the nikel, is danger for me the color?",
        "ok",
        "no",
        "",
        "12345",
        "lidocaine emla tktx??",
        "pls cn u tel me abt laser remval",
    ],
)
def test_english_with_errors_stays_english(text: str) -> None:
    """Typing errors, shorthand, names and other people's English are no other language."""
    assert "en" == language_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "hola",
        "gracias",
        "no puedo respirar",
        "me duele mucho la cabeza",
        "¿Cuánto cuesta?",
        "necesito ayuda",
        "me sangra",
    ],
)
def test_spanish_is_found_however_short(text: str) -> None:
    """Small words and unmistakable ones suffice."""
    assert "es" == language_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "est-ce que ça fait mal après la séance",
        "tut das sehr weh und wie lange dauert es",
        "Это больно?",
        "痛いですか",
        "هل هذا آمن",
    ],
)
def test_another_language_is_none_of_both(text: str) -> None:
    """Other alphabets, and other languages in Latin letters."""
    assert "other" == language_of(text)

"""The labelled messages, and how masking is measured on them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from evaluation.measure_masking import SPLITS, missed, read_message, read_split, score, table, wrong
from web.privacy.masking import Found, Kind


def test_the_set_is_large_and_has_look_alikes() -> None:
    """At least 300 messages, no one twice, a third and more without personal data, every kind in both halves."""
    halves = {split: read_split(split) for split in SPLITS}
    every = [message for half in halves.values() for message in half]
    assert len(every) >= 300
    assert len({message.text for message in every}) == len({message.id for message in every}) == len(every)
    assert 3 * sum(not message.pieces for message in every) >= len(every)
    for half in halves.values():
        kinds = Counter(piece.kind for message in half for piece in message.pieces)
        assert min(kinds[kind] for kind in Kind) >= 5


def test_a_label_is_read_and_taken_out_of_the_text() -> None:
    """The piece is where the words stand in the plain text."""
    message = read_message(json.dumps({"id": "1", "text": "I'm {name|Dana}, {phone|555 0100}"}))
    assert message.text == "I'm Dana, 555 0100"
    assert message.pieces == (Found(4, 8, Kind.NAME), Found(10, 18, Kind.PHONE))
    with pytest.raises(ValueError, match="colour"):
        read_message(json.dumps({"id": "1", "text": "{colour|red}"}))


def test_a_piece_half_covered_is_missed() -> None:
    """A surname that stays readable is a surname that stays readable; a hyphen is not."""
    message = read_message(json.dumps({"id": "1", "text": "{name|Dana Whitfield} called"}))
    assert missed(message, [Found(0, 4, Kind.NAME)]) == list(message.pieces)
    assert missed(message, [Found(0, 4, Kind.NAME), Found(5, 14, Kind.ADDRESS)]) == []
    assert wrong(message, [Found(15, 21, Kind.NAME)]) == [Found(15, 21, Kind.NAME)]


def test_scores_count_by_kind() -> None:
    """One of two names found, and a false phone."""
    messages = [
        read_message(json.dumps({"id": "1", "text": "{name|Dana} and {name|Kim}"})),
        read_message(json.dumps({"id": "2", "text": "needle 1003"})),
    ]
    found = {"Dana and Kim": [Found(0, 4, Kind.NAME)], "needle 1003": [Found(7, 11, Kind.PHONE)]}
    result = score(messages, lambda text: found[text])
    assert (result.recall["name"].count, result.recall["name"].of) == (1, 2)
    assert (result.precision["phone"].count, result.precision["phone"].of) == (0, 1)
    assert (result.untouched.count, result.untouched.of) == (0, 1)
    assert "| name | 50.0% (1 of 2) | 100.0% (1 of 1) |" in table({"validation": result})


@pytest.mark.parametrize("split", SPLITS)
def test_masking_is_as_good_as_the_document_says(split: str) -> None:
    """Well below the figures of docs/masking.md something broke."""
    result = score(read_split(split))
    assert result.recall["all"].value >= 0.95
    assert result.precision["all"].value >= 0.95
    assert result.untouched.value >= 0.95

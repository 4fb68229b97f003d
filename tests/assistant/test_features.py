"""The features of one message are those that it has among many."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from assistant.features import Terms, _read, _vectorizers
from assistant.spelling import READABLE
from assistant.tokens import SpacyTokenizer

TEXTS = ["is it safe", "is the ink safe for the scalp", "the ink, the ink!", "does it hurt", "how long does it last"]


def messages(*texts: str) -> list[Message]:
    made = [Message({TEXT: text, READABLE: text}) for text in texts]
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process(made)
    return made


@pytest.mark.parametrize("name", ["words", "letters"])
def test_a_message_alone_weighs_what_it_weighs_among_others(name: str) -> None:
    """The same terms and weights as the vectorizer gives, also where a word is said again or none is known."""
    vectorizer = _vectorizers()[name]
    vectorizer.fit(_read(name, messages(*TEXTS)))
    terms = Terms.of(vectorizer)
    asked = messages("is the ink safe, the ink of the scalp", "xyzzy", "", *TEXTS)
    expected = vectorizer.transform(_read(name, asked))
    for row, read in enumerate(_read(name, asked)):
        found, weights = terms.weights(read)
        assert found.tolist() == expected[row].indices.tolist()
        np.testing.assert_allclose(weights, expected[row].data, rtol=1e-6)
        assert weights.dtype == np.float32

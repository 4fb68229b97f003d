"""How a message is worded, as weighted terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant.features import LONGEST, SHORTEST, Terms
from assistant.spelling import READABLE
from assistant.tokens import SpacyTokenizer

TEXTS = ["is it safe", "is the ink safe for the scalp", "the ink , the ink !", "does it hurt", "how long does it last"]


def messages(*texts: str) -> list[Message]:
    made = [Message({TEXT: text, READABLE: text}) for text in texts]
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process(made)
    return made


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("words", {"ngram_range": (1, 2), "token_pattern": r"\S+"}),
        ("letters", {"analyzer": "char_wb", "ngram_range": (SHORTEST, LONGEST), "min_df": 2}),
    ],
)
def test_terms_weigh_what_scikit_learn_says(name: str, options: dict[str, Any]) -> None:
    """The same terms and weights as its vectorizer gives, also where a word is said again or none is known."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **options).fit(TEXTS)
    terms = Terms.learn(name, messages(*TEXTS))
    asked = ["is the ink safe , the ink of the scalp", "xyzzy", "", "a i", *TEXTS]
    expected = vectorizer.transform(asked)
    assert dict(terms.known) == vectorizer.vocabulary_
    for row, message in enumerate(messages(*asked)):
        found, weights = terms.weights(message)
        assert found.tolist() == sorted(expected[row].indices.tolist())
        in_order = np.argsort(expected[row].indices)
        np.testing.assert_allclose(weights, expected[row].data[in_order], rtol=1e-6)
        assert weights.dtype == np.float32

"""The sentence encoder."""

from __future__ import annotations

import numpy as np
import pytest

from assistant import encoder as module
from assistant.encoder import DIMENSIONS, EncoderFilesError, encoder


def test_similarities_are_those_of_the_model_card() -> None:
    """The vectors are the published model's, up to its quantization."""
    vectors = encoder().encode(
        ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    )
    assert (4, DIMENSIONS) == vectors.shape
    assert [0.6946, 0.9429, 0.2569] == pytest.approx(list(vectors[0] @ vectors[1:].T), abs=0.006)


def test_a_vector_does_not_depend_on_its_batch() -> None:
    """A message gets the same vector alone and among longer ones."""
    alone = encoder().encode(["does it hurt"])
    among = encoder().encode(["does it hurt", "a much longer message about ink and needles and healing", ""])
    np.testing.assert_array_equal(alone[0], among[0])


def test_a_file_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed weights file stops the start with what to do."""
    monkeypatch.setattr(module, "MODEL_SHA256", "0" * 64)
    with pytest.raises(EncoderFilesError, match="make setup"):
        module.Encoder()

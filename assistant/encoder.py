"""Sentence vectors: all-MiniLM-L6-v2, tuned on our examples (int8 ONNX), from the files of `assistant/weights/`.

Original: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). `make tune-encoder` makes the
weights; docs/decisions/tuned-encoder.md says why. A file whose hash is not the pinned one is refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

WEIGHTS = Path(__file__).with_name("weights")
#: The encoder as `make tune-encoder` writes it.
ENCODER_FILE = WEIGHTS / "encoder.onnx"
TOKENIZER_FILE = WEIGHTS / "tokenizer.json"
#: SHA-256 of the files a model was trained with; config.yml repeats it, so that a change of weights retrains.
MODEL_SHA256 = "f839358b4ca72e5a7aaf642fd0618ebc6958620327fd656d3394bfe39a84614a"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSIONS = 384
#: Tokens of a text that are read; the model was trained on 128 and accepts 512.
MAX_TOKENS = 256


def is_held_out(text: str) -> bool:
    """Whether an example is never shown to the encoder while it is tuned: one in five, by its own letters."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 5 == 0


class EncoderFilesError(RuntimeError):
    """The encoder's files are missing or are not the pinned ones."""


def _pinned(file: Path, sha256: str) -> Path:
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise EncoderFilesError(f"{file} is missing or is not the pinned file. Run `git checkout {WEIGHTS}`.")
    return file


class Encoder:
    """Text to a unit vector of `DIMENSIONS` floats; cosine similarity is then the dot product."""

    def __init__(self, model: Path | None = None) -> None:
        """Load the tuned weights, or those of another file of the same family, to compare with.

        Raises:
            EncoderFilesError: a file is missing or is not the pinned one.
        """
        model = model or _pinned(ENCODER_FILE, MODEL_SHA256)
        self._tokenizer = Tokenizer.from_file(str(_pinned(TOKENIZER_FILE, TOKENIZER_SHA256)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("ENCODER_THREADS", "1"))
        options.inter_op_num_threads = 1
        # Threads that wait in a loop take the processor from whatever else runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        # This one makes an addition and a normalization into one step that takes longer than both.
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), DIMENSIONS).

        Each text is run alone: in 8 bits a vector depends on what is run with it, and a visitor's message is alone too.
        """
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            vectors[row] = self._run(np.array([encoding.ids], dtype=np.int64))[0]
        return vectors

    def _run(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        if hidden.ndim == 3:
            hidden = hidden.mean(axis=1)
        norms = np.linalg.norm(hidden, axis=1, keepdims=True)
        unit: npt.NDArray[np.float32] = (hidden / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit


@cache
def encoder() -> Encoder:
    """The encoder of this process."""
    return Encoder()

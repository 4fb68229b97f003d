"""Where the model is and whether it is current."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from assistant import model as module
from assistant.model import MODEL_NAME, NoModelError, fingerprint, is_current, load_agent, model_path
from assistant.settings import Settings


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "settings", lambda: Settings(models_directory=tmp_path))
    return tmp_path


def test_no_model_says_what_to_do(models: Path) -> None:
    """The error names the place and the command."""
    assert not is_current()
    with pytest.raises(NoModelError, match="make train"):
        model_path()


def test_a_corrupt_model_says_what_to_do(models: Path) -> None:
    """A file that is no archive stops the start with a clear line."""
    (models / MODEL_NAME).write_bytes(b"no archive")
    with pytest.raises(NoModelError, match="make train"):
        load_agent()


def test_a_model_is_current_until_an_ingredient_or_the_file_changes(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamp holds the ingredients' hash and the model's own."""
    content = b"a model"
    (models / MODEL_NAME).write_bytes(content)
    stamp = {"fingerprint": fingerprint(), "sha256": hashlib.sha256(content).hexdigest()}
    (models / "assistant.fingerprint.json").write_text(json.dumps(stamp), encoding="utf-8")
    assert is_current()
    (models / MODEL_NAME).write_bytes(b"another model")
    assert not is_current()
    (models / MODEL_NAME).write_bytes(content)
    monkeypatch.setattr(module, "INGREDIENTS", ("config.yml",))
    assert not is_current()

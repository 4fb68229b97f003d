"""The trained model: where it is, whether it is current, training it, loading it in process."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from assistant.settings import ROOT, settings

logger = logging.getLogger(__name__)

#: What a model is made of. A component's helpers and its word lists are invisible to Rasa's own fingerprint. Red-flag
#: rules are not among them: they are read at start.
INGREDIENTS = (
    "config.yml",
    "domain.yml",
    "uv.lock",
    "data/**/*.yml",
    *(
        f"assistant/{name}"
        for name in (
            "classifier.py",
            "encoder.py",
            "features.py",
            "gate.py",
            "glossary.py",
            "glossary.txt",
            "known_words.txt",
            "language.py",
            "normalize.py",
            "selection.py",
            "shorthand.txt",
            "spelling.py",
            "tokens.py",
        )
    ),
)
MODEL_NAME = "assistant.tar.gz"
_STAMP = "assistant.fingerprint.json"
_PREVIOUS, _PREVIOUS_STAMP = "previous.tar.gz", "previous.fingerprint.json"


class NoModelError(RuntimeError):
    """There is no trained model, or the newest one can't be loaded."""


def fingerprint() -> str:
    """A hash over everything a model is made of."""
    digest = hashlib.sha256()
    for pattern in INGREDIENTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the model in `MODELS_DIRECTORY` was trained from the files as they are now."""
    directory = settings().models_directory
    try:
        stamp = json.loads((directory / _STAMP).read_text(encoding="utf-8"))
        model = (directory / MODEL_NAME).read_bytes()
    except (OSError, ValueError):
        return False
    return bool(stamp == {"fingerprint": fingerprint(), "sha256": hashlib.sha256(model).hexdigest()})


def train() -> Path:
    """Train a model from the project's data; the old one stays in place until the new one is whole."""
    from rasa.model_training import train as rasa_train

    from assistant.stored_domain import store_domain_as_json

    store_domain_as_json()
    directory = settings().models_directory
    directory.mkdir(parents=True, exist_ok=True)
    before = fingerprint()
    started = time.monotonic()
    building = directory / "building"
    result = rasa_train(
        domain=str(ROOT / "domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=[str(ROOT / "data")],
        output=str(building),
        force_training=True,
        fixed_model_name=MODEL_NAME.removesuffix(".tar.gz"),
    )
    if result.model is None:
        raise NoModelError(
            "Training gave no model. The lines above say what is wrong in data/, domain.yml or config.yml."
        )
    model = Path(result.model)
    stamp = {"fingerprint": before, "sha256": hashlib.sha256(model.read_bytes()).hexdigest()}
    target = directory / MODEL_NAME
    _keep_previous(directory)
    os.replace(model, target)
    building.rmdir()
    (directory / _STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    print(
        f"Trained {target.relative_to(ROOT) if target.is_relative_to(ROOT) else target} in "
        f"{time.monotonic() - started:.0f} s",
        file=sys.stderr,
    )
    return target


def _keep_previous(directory: Path) -> None:
    """Keep the model there is, to go back to."""
    for name, kept in ((MODEL_NAME, _PREVIOUS), (_STAMP, _PREVIOUS_STAMP)):
        if (directory / name).is_file():
            # A second name for the same file: the one that serves stays where it is until the new one takes its place.
            (directory / kept).unlink(missing_ok=True)
            os.link(directory / name, directory / kept)


def roll_back() -> None:
    """Put the model before the newest one in its place, and the newest in the place of that; again undoes it.

    Raises:
        NoModelError: there is no model before.
    """
    directory = settings().models_directory
    if not (directory / _PREVIOUS).is_file():
        raise NoModelError(f"There is no earlier model in {directory}. Nothing was changed.")
    for name, kept in ((MODEL_NAME, _PREVIOUS), (_STAMP, _PREVIOUS_STAMP)):
        newest, earlier, aside = directory / name, directory / kept, directory / f"{name}.aside"
        if newest.is_file():
            os.replace(newest, aside)
        if earlier.is_file():
            os.replace(earlier, newest)
        if aside.is_file():
            os.replace(aside, earlier)


def model_path() -> Path:
    """The model to serve.

    Raises:
        NoModelError: there is none.
    """
    path = settings().models_directory / MODEL_NAME
    if not path.is_file():
        raise NoModelError(f"There is no model at {path}. Run `make train`.")
    return path


def load_agent(**overrides: Any) -> Any:
    """An agent in this process, with the project's responses, its actions run in process, and conversations in memory.

    Args:
        overrides: arguments of `rasa.core.agent.Agent` to set otherwise.
    """
    from rasa.core.agent import Agent
    from rasa.shared.core.domain import Domain
    from rasa.utils.endpoints import EndpointConfig

    from assistant.actions_endpoint import check_schema_once
    from assistant.in_process_actions import InProcessActions
    from assistant.runner import run_in_order
    from assistant.stored_domain import read_domain_once
    from assistant.tracker_store import MemoryStore, without_fallback

    arguments: dict[str, Any] = {
        "tracker_store": MemoryStore(Domain.empty()),
        "generator": EndpointConfig(type="assistant.responses.ClinicResponses"),
        "action_endpoint": InProcessActions(),
        **overrides,
    }
    path = model_path()
    read_domain_once()
    try:
        agent = Agent.load(str(path), **arguments)
    except Exception as error:
        raise NoModelError(f"{path} can't be loaded: {error}. Run `make train`.") from error
    without_fallback(agent)
    run_in_order(agent)
    check_schema_once()
    return agent

"""Stock Rasa 3.6.21 with the product's content: what a project would be that `rasa init` began.

Its answers, topics and small talk are those of `data/`; what the product does beyond a stock Rasa (handing over, the
call-back request, follow-ups) is an answer here. Pipeline and policies are those Rasa takes when a project names none:
DIET, ResponseSelector, FallbackClassifier; Memoization, Rule, UnexpecTED and TED. A few examples of each intent and a
few epochs are enough here: how long a message takes does not depend on them, and training on all of them takes hours.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from evaluation.benchmarks.side_by_side import STOCK, python_310
from scripts.lint_content import ROOT, examples_of
from shared.clinic import clinic
from shared.located_yaml import read

EXAMPLES, EPOCHS = 8, 10
#: Intents whose reply needs the product's own code; here it is one sentence.
_OTHER_REPLY = "Please call the clinic, or leave your number with the contact form."
_FALLBACK = "nlu_fallback"


class _Variables(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _content() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Examples by full intent, and reply texts by response name."""
    examples: dict[str, list[str]] = defaultdict(list)
    replies: dict[str, str] = {}
    variables = _Variables(clinic().variables())
    for path in sorted((ROOT / "data").rglob("*.yml")):
        file = read(path)
        for intent, _, text in examples_of(file):
            if len(examples[intent]) < EXAMPLES:
                # Brackets mark entities.
                examples[intent].append(text.translate(str.maketrans("[](){}", "      ")))
        for name, variants in (file.content.get("responses") or {}).items():
            text = str(variants[0].get("text") or "")
            if text:
                replies[str(name)] = text.format_map(variables)
    return examples, replies


def project() -> dict[str, Any]:
    """The files of the project, by name, before they are written as YAML."""
    examples, replies = _content()
    retrieval = {intent.partition("/")[0] for intent in examples if "/" in intent}
    plain = sorted(intent for intent in examples if "/" not in intent and intent not in retrieval)
    responses = {
        f"utter_{intent}": [{"text": replies.get(f"utter_{intent}") or _OTHER_REPLY}] for intent in [*plain, _FALLBACK]
    }
    examples = {intent: rows for intent, rows in examples.items() if "/" in intent or intent in plain}
    for intent in examples:
        if "/" in intent:
            responses[f"utter_{intent}"] = [{"text": replies.get(f"utter_{intent}") or _OTHER_REPLY}]
    intents = sorted(retrieval) + plain
    steps = {intent: [{"intent": intent}, {"action": f"utter_{intent}"}] for intent in [*intents, _FALLBACK]}
    stories = [
        {"story": f"{first}, then a question", "steps": [*steps[first], *steps["safety"], *steps[first]]}
        for first in intents
    ]
    return {
        "domain.yml": {
            "version": "3.1",
            "intents": [*intents, _FALLBACK],
            "responses": responses,
            "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
        },
        "data/nlu.yml": {
            "version": "3.1",
            "nlu": [
                {"intent": intent, "examples": "".join(f"- {row}\n" for row in rows)}
                for intent, rows in sorted(examples.items())
            ],
        },
        "data/rules.yml": {
            "version": "3.1",
            "rules": [{"rule": _FALLBACK, "steps": steps[_FALLBACK]}],
        },
        "data/stories.yml": {"version": "3.1", "stories": stories},
        "config.yml": _config(),
        "endpoints.yml": {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "rasa.db"}},
        "credentials.yml": {"rest": None},
    }


def _config() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((STOCK / "config.yml").read_text(encoding="utf-8"))
    config["assistant_id"] = "stock"
    for component in config["pipeline"]:
        if "epochs" in component:
            component["epochs"] = EPOCHS
    config["policies"] = [
        {"name": "MemoizationPolicy"},
        {"name": "RulePolicy"},
        {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": EPOCHS},
        {"name": "TEDPolicy", "max_history": 5, "epochs": EPOCHS, "constrain_similarities": True},
    ]
    return config


def environment() -> dict[str, str]:
    """What its processes run with: no telemetry, and none of the product's settings."""
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "LOG_LEVEL": "ERROR",
    }


def rasa() -> str:
    """Stock Rasa's own command; its environment is made first where it is missing."""
    if not (STOCK / ".venv" / "bin" / "rasa").is_file():
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        print("Making the environment of stock Rasa (2.5 GB, a minute or two) ...", file=sys.stderr, flush=True)
        subprocess.run(
            [uv, "sync", "--project", str(STOCK), "--frozen", "--quiet", "--python", python_310()], check=True
        )
    return str(STOCK / ".venv" / "bin" / "rasa")


def trained(cache: Path) -> Path:
    """The folder of the project with a trained model, trained unless one of the same content is there."""
    files = project()
    name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]
    folder = cache / f"stock-{name}"
    if list(folder.glob("models/*.tar.gz")):
        return folder
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    print("Training stock Rasa, some minutes ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [rasa(), "train", "--fixed-model-name", "stock"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout[-3000:]}{done.stderr[-3000:]}\nStock Rasa could not be trained in {folder}.")
    return folder

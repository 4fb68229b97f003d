"""Stock Rasa, trained on examples, and what it makes of messages; run by this folder's own Python 3.10 environment.

    run.py train TASK MODELS            TASK: {"taught": [[text, label], ...], "asked": [text, ...]}
    run.py parse TASK MODELS RESULT     RESULT: {"memory_mb", "parsed": [[label, confidence, milliseconds], ...]}

Labels are plain intents here: of a retrieval intent the classifier would see the part before the slash alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

SLASH = "__"
MODEL = "stock"


def train(task: dict[str, Any], models: Path) -> None:
    """Write a model of the examples into the folder."""
    examples = models / "nlu.yml"
    taught = [Message.build(text=text, intent=label.replace("/", SLASH)) for text, label in task["taught"]]
    TrainingData(taught).persist_nlu(str(examples))
    train_nlu(str(Path(__file__).with_name("config.yml")), str(examples), str(models), fixed_model_name=MODEL)


async def parse(task: dict[str, Any], models: Path) -> dict[str, Any]:
    """What it makes of each message asked, and how long it took."""
    agent = Agent.load(str(models / f"{MODEL}.tar.gz"))
    await agent.parse_message("warm up")
    parsed = []
    for text in task["asked"]:
        started = time.perf_counter()
        intent = (await agent.parse_message(text))["intent"]
        taken = (time.perf_counter() - started) * 1000
        parsed.append([intent["name"].replace(SLASH, "/"), float(intent["confidence"]), taken])
    return {"memory_mb": _memory_mb(), "parsed": parsed}


def _memory_mb() -> float:
    """The resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1_000_000


def main() -> None:
    step, task, models = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")), Path(sys.argv[3])
    if step == "train":
        train(task, models)
    else:
        Path(sys.argv[4]).write_text(json.dumps(asyncio.run(parse(task, models))), encoding="utf-8")


if __name__ == "__main__":
    main()

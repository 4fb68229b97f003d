"""`python -m evaluation.measure`: size, training, start, memory and speed of this machine's copy, as a table.

Runs the product beside a running one: ports that are free, databases and models in a temporary folder.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from evaluation.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "evaluation" / "questions" / "validation.jsonl"
PROJECT = "smp-safety-assistant"
SESSIONS = 10
START_PATIENCE_SECONDS = 180
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str


def locked_closure(lock: dict[str, Any], roots: Sequence[dict[str, Any]]) -> set[str]:
    """The names of the packages that these dependencies of a uv.lock bring, extras followed, markers not."""
    packages = {package["name"]: package for package in lock["package"]}
    found: set[str] = set()
    waiting = [(root["name"], tuple(root.get("extra", ()))) for root in roots]
    done: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in done or name not in packages:
            continue
        done.add((name, extras))
        found.add(name)
        package = packages[name]
        wanted = list(package.get("dependencies", ()))
        for extra in extras:
            wanted += package.get("optional-dependencies", {}).get(extra, ())
        waiting += [(each["name"], tuple(each.get("extra", ()))) for each in wanted]
    return found


def installed_bytes(names: set[str]) -> int:
    """What the files of these packages take in this environment, compiled ones too; one not installed takes nothing."""
    return sum(_size_of(name) for name in names)


def _size_of(name: str) -> int:
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return 0
    listed = {Path(str(file.locate())) for file in files}
    compiled = {Path(importlib.util.cache_from_source(str(path))) for path in listed if path.suffix == ".py"}
    return sum(path.stat().st_size for path in listed | compiled if path.is_file())


def sizes() -> list[Row]:
    """The packages that running needs, and those that only development needs."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    project = next(package for package in lock["package"] if package["name"] == PROJECT)
    runtime = locked_closure(lock, project["dependencies"])
    development = locked_closure(lock, project["dev-dependencies"]["dev"]) - runtime
    return [
        Row("Packages for running", f"{installed_bytes(runtime) / _MEGABYTE:,.0f} MB in {len(runtime)}"),
        Row(
            "Packages for development, beside them",
            f"{installed_bytes(development) / _MEGABYTE:,.0f} MB in {len(development)}",
        ),
    ]


def _environment(folder: Path, models: Path) -> dict[str, str]:
    web, rasa, actions = (str(free_port()) for _ in range(3))
    endless = str(10**6)
    return {
        **os.environ,
        "WEB_PORT": web,
        "RASA_PORT": rasa,
        "ACTIONS_PORT": actions,
        "RASA_URL": f"http://127.0.0.1:{rasa}",
        "ACTION_SERVER_URL": f"http://127.0.0.1:{actions}/webhook",
        "DATABASE_URL": f"sqlite:///{folder / 'web.sqlite3'}",
        "TRACKER_DATABASE_URL": f"sqlite:///{folder / 'tracker.sqlite3'}",
        "MODELS_DIRECTORY": str(models),
        "RASA_CACHE_DIRECTORY": str(folder / "cache"),
        "MESSAGES_PER_MINUTE_PER_SESSION": endless,
        "MESSAGES_PER_MINUTE_PER_ADDRESS": endless,
        "SESSIONS_PER_HOUR_PER_ADDRESS": endless,
    }


def _python(*arguments: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"python -m {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The three processes, ended at the end."""
    commands = {"actions": ["actions"], "rasa": ["assistant", "serve"], "web": ["web", "serve"]}
    with ExitStack() as stack:
        processes = {}
        for name, command in commands.items():
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(_end, process)
            processes[name] = process
        yield processes


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(client: httpx.Client, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ended = [name for name, process in processes.items() if process.poll() is not None]
        if ended:
            sys.exit(f"{', '.join(ended)} ended at start. Start the product with `make run` to see why.")
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    sys.exit(f"Not ready after {START_PATIENCE_SECONDS} s.")


def memory_bytes(process: int) -> int:
    """Proportional set size of a process and its children: memory they share with others counts in part."""
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    return sum(_pss(member) for member in family)


def _pss(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    # Linux alone knows the proportional size; elsewhere the resident one stands in.
    return int(getattr(full, "pss", full.rss))


def percentiles(milliseconds: Sequence[float]) -> str:
    """`p50 12 ms, p95 20 ms`."""
    middle, high = np.percentile(milliseconds, [50, 95])
    return f"p50 {middle:.0f} ms, p95 {high:.0f} ms"


def _questions(number: int) -> list[str]:
    rows = QUESTIONS.read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["text"] for row in rows if row.strip()][:number]


def _talk(client: httpx.Client, number: int) -> list[float]:
    """Milliseconds for each message, one after the other, the sessions in turn."""
    tokens = [client.post("/api/chat/sessions", json={}).raise_for_status().json()["token"] for _ in range(SESSIONS)]
    spent = []
    for index, text in enumerate(_questions(number)):
        started = time.perf_counter()
        response = client.post(
            "/api/chat/messages",
            json={"client_message_id": f"measure-{index}", "text": text},
            headers={"Authorization": f"Bearer {tokens[index % SESSIONS]}"},
        )
        spent.append((time.perf_counter() - started) * 1000)
        kinds = [reply["kind"] for reply in response.raise_for_status().json()["replies"]]
        if "notice" in kinds:
            sys.exit(f"Message {index} was answered with an outage notice, so its time means nothing.")
    return spent


def _in_process(folder: Path, environment: dict[str, str], number: int) -> list[float]:
    questions, predictions = folder / "questions.jsonl", folder / "predictions.jsonl"
    rows = [json.dumps({"id": index, "text": text}) for index, text in enumerate(_questions(number))]
    questions.write_text("\n".join(rows) + "\n", encoding="utf-8")
    _python("assistant", "predict", str(questions), str(predictions), environment=environment)
    return [json.loads(row)["latency_ms"] for row in predictions.read_text(encoding="utf-8").splitlines()]


def measure(folder: Path, messages: int, *, train: bool) -> Iterator[Row]:
    """The rows of the table, each as soon as it is known."""
    yield from sizes()
    models = ROOT / "models"
    if train:
        models = folder / "models"
    environment = _environment(folder, models)
    if train:
        started = time.monotonic()
        _python("assistant", "train", "--force", environment=environment)
        yield Row("Training, forced, loading included", f"{time.monotonic() - started:.0f} s")
    _python("web", "migrate", "--verbosity", "0", environment=environment)
    with httpx.Client(base_url=f"http://127.0.0.1:{environment['WEB_PORT']}", timeout=60, trust_env=False) as client:
        started = time.monotonic()
        with _running(environment) as processes:
            _wait_until_ready(client, processes)
            yield Row("Start until /health/ready is 200", f"{time.monotonic() - started:.1f} s")
            spent = _talk(client, messages)
            yield Row(f"A message through the website API ({len(spent)}, {SESSIONS} sessions)", percentiles(spent))
            total = 0
            for name, process in processes.items():
                used = memory_bytes(process.pid)
                total += used
                yield Row(f"Memory of {name} after these (PSS)", f"{used / _MEGABYTE:.0f} MB")
            yield Row("Memory of all three", f"{total / _MEGABYTE:.0f} MB")
    spent = _in_process(folder, environment, messages)
    yield Row(f"A turn in process ({len(spent)} fresh conversations)", percentiles(spent))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.measure", description=__doc__)
    parser.add_argument("--no-train", action="store_true", help="use the model there is, and leave training out")
    parser.add_argument("--messages", type=int, default=200, help="how many messages to send")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n\n| what | measured |\n| --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(Path(folder), arguments.messages, train=not arguments.no_train):
            print(f"| {row.what} | {row.value} |", flush=True)


if __name__ == "__main__":
    main()

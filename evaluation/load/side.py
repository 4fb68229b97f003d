"""One of the two sides: its processes, when they are ready, what they take, and how they answer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil

from evaluation.load import stock
from evaluation.load.generator import Door, Outcome, Task
from evaluation.measure import ROOT, _end, _environment, memory_bytes
from evaluation.ports import free_port

PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Command:
    """A process: how it is started and where."""

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@dataclass
class Side:
    """Running processes by name, and how long they took until they were ready."""

    door: Door
    url: str
    processes: dict[str, subprocess.Popen[bytes]]
    start_seconds: float

    def memory(self) -> dict[str, float]:
        """Megabytes by process: proportional set size, children included."""
        return {name: memory_bytes(process.pid) / 1_000_000 for name, process in self.processes.items()}

    def processor(self) -> dict[str, float]:
        """Seconds of a processor that each process has taken since it began."""
        times = {name: psutil.Process(process.pid).cpu_times() for name, process in self.processes.items()}
        return {name: spent.user + spent.system for name, spent in times.items()}

    def ask(self, texts: Sequence[str], *, clients: int, messages: int, folder: Path) -> Outcome:
        """Put the load on it, from a process of its own."""
        return ask(Task(self.door, [self.url], list(texts), clients, messages), folder)


def ask(task: Task, folder: Path) -> Outcome:
    """Run the generator in a process of its own."""
    given, result = folder / "task.json", folder / "result.json"
    given.write_text(json.dumps(asdict(task)), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "evaluation.load.generator", str(given), str(result)], cwd=ROOT, check=True)
    return Outcome(**json.loads(result.read_text(encoding="utf-8")))


@contextmanager
def running(commands: Sequence[Command], logs: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes, ended at the end; what they say is in the folder of logs."""
    with ExitStack() as stack:
        processes = {}
        for command in commands:
            with (logs / f"{command.name}.log").open("ab") as log:
                process = subprocess.Popen(
                    list(command.arguments),
                    cwd=command.folder,
                    env=dict(command.environment),
                    stdout=log,
                    stderr=log,
                )
            stack.callback(_end, process)
            processes[command.name] = process
        yield processes


def wait_until(is_ready: Callable[[], bool], processes: Mapping[str, subprocess.Popen[bytes]], logs: Path) -> None:
    """Wait until the processes are ready; ends the program when one of them ends, or none is in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for name, process in processes.items():
            if process.poll() is not None:
                sys.exit(f"{_end_of_log(logs, name)}\n{name} ended at start.")
        if is_ready():
            return
        time.sleep(0.1)
    said = "\n".join(f"--- {name}\n{_end_of_log(logs, name)}" for name in processes)
    sys.exit(f"{said}\nNot ready after {PATIENCE_SECONDS} s.")


def _end_of_log(logs: Path, name: str) -> str:
    return (logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def _answers(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    return answers


@contextmanager
def ours(folder: Path, **settings: str) -> Iterator[Side]:
    """The product: web, worker, rasa, actions, with new databases in the folder."""
    environment = {**_environment(folder, ROOT / "models"), **settings}
    python = sys.executable
    subprocess.run([python, "-m", "web", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    parts = {
        "rasa": ("assistant", "serve"),
        "actions": ("actions",),
        "web": ("web", "serve"),
        "worker": ("web", "worker"),
    }
    commands = [Command(name, [python, "-m", *arguments], ROOT, environment) for name, arguments in parts.items()]
    url = f"http://127.0.0.1:{environment['WEB_PORT']}"
    started = time.monotonic()
    with running(commands, folder) as processes:
        wait_until(_answers(f"{url}/health/ready"), processes, folder)
        yield Side("website", url, processes, time.monotonic() - started)


@contextmanager
def stock_rasa(folder: Path, project: Path) -> Iterator[Side]:
    """Stock Rasa with its REST channel and its tracker in SQLite."""
    port = str(free_port())
    arguments = [
        stock.rasa(),
        "run",
        "--enable-api",
        "--port",
        port,
        "-i",
        "127.0.0.1",
        "--model",
        "models/stock.tar.gz",
    ]
    started = time.monotonic()
    (project / "rasa.db").unlink(missing_ok=True)
    with running([Command("stock", arguments, project, stock.environment())], folder) as processes:
        url = f"http://127.0.0.1:{port}"
        wait_until(_answers(f"{url}/status"), processes, folder)
        yield Side("rest", url, processes, time.monotonic() - started)

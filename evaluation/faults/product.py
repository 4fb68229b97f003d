"""The real processes on ports of their own, with databases in a temporary folder, each of which can be stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg

from evaluation.faults.proxy import FaultProxy
from evaluation.ports import free_port

if TYPE_CHECKING:
    from evaluation.faults.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
_COMMANDS = {
    "actions": ("actions",),
    "rasa": ("assistant", "serve"),
    "web": ("web", "serve"),
    "worker": ("web", "worker"),
}
START_PATIENCE_SECONDS = 300
#: Short, so that a slow part is slow soon.
RASA_TIMEOUT_SECONDS = 2


def wait_until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)


class Product:
    """Web, worker, Rasa and action server, with a fault proxy before Rasa."""

    def __init__(self, folder: Path, models: Path, postgres: Postgres | None = None) -> None:
        self.folder = folder
        self.postgres = postgres
        self.web_database, self.tracker_database = folder / "web.sqlite3", folder / "tracker.sqlite3"
        self._ports = {name: free_port() for name in ("web", "rasa", "actions")}
        self.proxy = FaultProxy(f"http://127.0.0.1:{self._ports['rasa']}")
        self.environment = {
            **os.environ,
            "WEB_PORT": str(self._ports["web"]),
            "RASA_PORT": str(self._ports["rasa"]),
            "ACTIONS_PORT": str(self._ports["actions"]),
            "RASA_URL": self.proxy.url,
            "ACTION_SERVER_URL": f"http://127.0.0.1:{self._ports['actions']}/webhook",
            "DATABASE_URL": postgres.url if postgres else f"sqlite:///{self.web_database}",
            "TRACKER_DATABASE_URL": f"sqlite:///{self.tracker_database}",
            "MODELS_DIRECTORY": str(models),
            "RASA_TIMEOUT_SECONDS": str(RASA_TIMEOUT_SECONDS),
            "RASA_TELEMETRY_ENABLED": "false",
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self._ports['web']}", timeout=60, trust_env=False)

    def migrate(self) -> None:
        """Make the tables."""
        self._run("web", "migrate", "--verbosity", "0")

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True)

    def start(self, *names: str, **environment: str) -> None:
        """Start processes; settings given here are theirs alone. A number behind a name: another one of its kind."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    [sys.executable, "-m", *_COMMANDS[name.rstrip("0123456789")]],
                    cwd=ROOT,
                    env={**self.environment, **environment},
                    stdout=log,
                    stderr=log,
                )

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process."""
        self._processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End a process at once, without a chance to put anything in order."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """End a process as an operator does."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def has_ended(self, name: str) -> bool:
        """Whether a process ended by itself."""
        return self._processes[name].poll() is not None

    def process_id(self, name: str) -> int:
        """The id of a process."""
        return self._processes[name].pid

    def parts(self) -> dict[str, str]:
        """What `/health/ready` says of each part; empty when web does not answer."""
        try:
            parts: dict[str, str] = self.http.get("/health/ready").json()["parts"]
        except (httpx.HTTPError, ValueError):
            return {}
        return parts

    def wait_for(self, *names: str) -> None:
        """Wait until parts are well."""

        def are_well() -> bool:
            parts = self.parts()
            return all(parts.get(name) == "ok" for name in names)

        wait_until(are_well, START_PATIENCE_SECONDS, f"{', '.join(names)} well; the logs are in {self.folder}")

    def close(self) -> None:
        """End everything that was started."""
        for name, process in self._processes.items():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.terminate()
            del name
        for process in self._processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.proxy.shutdown()
        self.http.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Read web's database; `?` stands for a value."""
        if self.postgres is not None:
            with psycopg.connect(self.postgres.url) as connection:
                return connection.execute(statement.replace("?", "%s").encode(), values).fetchall()
        with contextlib.closing(sqlite3.connect(self.web_database, timeout=30)) as database:
            return database.execute(statement, values).fetchall()

    def times_handled(self, conversation: str, message: int) -> int:
        """How often Rasa's memory of a conversation holds a message."""
        with contextlib.closing(sqlite3.connect(self.tracker_database, timeout=30)) as database:
            row = database.execute("SELECT events FROM conversations WHERE sender_id = ?", (conversation,)).fetchone()
        events = json.loads(row[0]) if row else []
        return sum(event["event"] == "user" and event.get("message_id") == str(message) for event in events)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """An SQLite database in which no one else can write."""
    with contextlib.closing(
        sqlite3.connect(database, timeout=30, isolation_level=None, check_same_thread=False)
    ) as own:
        own.execute("BEGIN IMMEDIATE")
        yield
        own.execute("ROLLBACK")

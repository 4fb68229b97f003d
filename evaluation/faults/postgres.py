"""A PostgreSQL of our own that can be stopped in the middle of things."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from evaluation.ports import free_port

_USER = "postgres"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs; None where it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class Postgres:
    """A cluster in a folder, on a port of its own. Its server refuses to run as root, so then it runs as `postgres`."""

    def __init__(self, folder: Path, installed: Path) -> None:
        self._programs, self._data = installed, folder / "postgres"
        self._port = free_port()
        self._data.mkdir()
        self._as: list[str] = []
        if os.geteuid() == 0:
            self._as = ["runuser", "-u", _USER, "--"]
            os.chown(self._data, pwd.getpwnam(_USER).pw_uid, pwd.getpwnam(_USER).pw_gid)
            folder.chmod(0o755)
        self._run("initdb", "-D", str(self._data), "-U", _USER, "-A", "trust", "-N")

    @property
    def url(self) -> str:
        """For `DATABASE_URL`."""
        return f"postgres://{_USER}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self._port} -k {self._data} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), *arguments]
        subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

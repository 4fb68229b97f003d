"""`python -m evaluation.scale`: throughput by the number of Rasa servers, on PostgreSQL and Redis, into docs/scale.md.

The same code as on one small server: two web processes, a worker, one to four Rasa servers. What a machine gives is
bounded by its cores, so processor time a message is measured too: the plan for more machines is made from that.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import matplotlib as mpl
import numpy as np
import psutil
import psycopg

from evaluation.documents import when_and_where, write_section
from evaluation.faults.postgres import Postgres, programs
from evaluation.load.generator import Task
from evaluation.load.side import Command, ask, running, wait_until
from evaluation.measure import ROOT, _environment, _questions
from evaluation.ports import free_port

mpl.use("Agg")
from matplotlib import pyplot as plt

PAGE, PLOT = ROOT / "docs" / "scale.md", ROOT / "docs" / "images" / "scale.png"
WEBS, CLIENTS = 2, 16
#: Share of a core that may be busy at the peak, and how much busier the peak is than the day's mean.
BUSY, PEAK = 0.6, 5.0
DAYS = (100_000, 1_000_000)


@dataclass(frozen=True)
class Point:
    """What so many Rasa servers gave."""

    replicas: int
    throughput: float
    p50: float
    p95: float
    #: Milliseconds of processor a message, by part.
    web: float
    rasa: float
    worker: float
    postgres: float
    failed: int


@contextmanager
def services(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL with two databases and a Redis, of our own; the settings that name them."""
    installed, redis = programs(), shutil.which("redis-server")
    if installed is None or redis is None:
        sys.exit("PostgreSQL and Redis have to be installed: apt-get install postgresql redis-server")
    postgres = Postgres(folder, installed)
    postgres.start()
    port = free_port()
    process = subprocess.Popen(
        [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE tracker")
        yield {
            "DATABASE_URL": postgres.url,
            "TRACKER_DATABASE_URL": postgres.url.replace("postgres://", "postgresql://").removesuffix("postgres")
            + "tracker",
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        }
    finally:
        process.terminate()
        process.wait()
        postgres.stop()


@contextmanager
def product(folder: Path, replicas: int, given: dict[str, str]) -> Iterator[tuple[list[str], dict[str, list[int]]]]:
    """The addresses of the web processes, and the process ids by part."""
    rasas, webs = [free_port() for _ in range(replicas)], [free_port() for _ in range(WEBS)]
    environment = {
        **_environment(folder, ROOT / "models"),
        **given,
        "RASA_URL": ",".join(f"http://127.0.0.1:{port}" for port in rasas),
        "MESSAGES_PER_MINUTE_PER_CHANNEL": str(10**6),
    }
    python = sys.executable
    subprocess.run([python, "-m", "web", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    commands = [
        Command("actions", [python, "-m", "actions"], ROOT, environment),
        Command("worker", [python, "-m", "web", "worker"], ROOT, environment),
        *(
            Command(f"rasa{n}", [python, "-m", "assistant", "serve"], ROOT, {**environment, "RASA_PORT": str(port)})
            for n, port in enumerate(rasas)
        ),
        *(
            Command(f"web{n}", [python, "-m", "web", "serve"], ROOT, {**environment, "WEB_PORT": str(port)})
            for n, port in enumerate(webs)
        ),
    ]
    urls = [f"http://127.0.0.1:{port}" for port in webs]
    health = [f"http://127.0.0.1:{port}/webhooks/gateway/health" for port in rasas]
    with running(commands, folder) as processes:
        wait_until(lambda: all(map(_answers, [*health, *(f"{url}/health/ready" for url in urls)])), processes, folder)
        yield (
            urls,
            {
                part: [process.pid for name, process in processes.items() if name.startswith(part)]
                for part in ("web", "rasa", "worker")
            },
        )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _spent(ids: Sequence[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in ids]
    return float(sum(each.user + each.system for each in times))


def _postgres_spent() -> float:
    """Seconds of this machine's PostgreSQL processes that are there now; those that ended are missed."""
    total = 0.0
    for process in psutil.process_iter(["name", "cpu_times"]):
        if process.info["name"] == "postgres" and process.info["cpu_times"]:
            total += process.info["cpu_times"].user + process.info["cpu_times"].system
    return total


def in_order(urls: Sequence[str]) -> None:
    """One visitor's messages through both web processes in turn: each answered once, in order.

    Raises:
        SystemExit: they are not.
    """
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=url, timeout=60, trust_env=False)) for url in urls]
        token = clients[0].post("/api/chat/sessions", json={}).raise_for_status().json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        sent = [uuid.uuid4().hex for _ in range(10)]
        for number, each in enumerate(sent):
            body = {"client_message_id": each, "text": f"does it hurt, question {number}"}
            clients[number % len(clients)].post("/api/chat/messages", json=body, headers=headers).raise_for_status()
        read = clients[1].get("/api/chat/messages", headers=headers).raise_for_status().json()["messages"]
    if [message["client_message_id"] for message in read] != sent or not all(message["replies"] for message in read):
        sys.exit("Messages of one visitor through two web processes are not answered in order.")


def measure(replicas: int, messages: int, given: dict[str, str]) -> Point:
    """Start so many Rasa servers and put the load on."""
    texts = _questions(300)
    with tempfile.TemporaryDirectory(prefix="scale-") as name, product(Path(name), replicas, given) as (urls, parts):
        folder = Path(name)
        in_order(urls)
        ask(Task("website", urls, texts, CLIENTS, 60), folder)
        before = {part: _spent(ids) for part, ids in parts.items()}
        before_postgres = _postgres_spent()
        outcome = ask(Task("website", urls, texts, CLIENTS, messages), folder)
        each = {part: (_spent(ids) - before[part]) / messages * 1000 for part, ids in parts.items()}
        postgres = (_postgres_spent() - before_postgres) / messages * 1000
    p50, p95 = (float(np.percentile(outcome.milliseconds, p)) for p in (50, 95))
    rate = messages / outcome.seconds
    return Point(replicas, rate, p50, p95, each["web"], each["rasa"], each["worker"], postgres, outcome.failed)


def plan(points: Sequence[Point], day: int) -> str:
    """How many processes and cores so many messages a day need at their peak."""
    rate = day / 86_400 * PEAK
    cost = {part: float(np.median([getattr(point, part) for point in points])) for part in ("web", "rasa", "postgres")}
    cores = {part: rate * milliseconds / 1000 / BUSY for part, milliseconds in cost.items()}
    replicas = {part: max(2, int(np.ceil(cores[part]))) for part in ("web", "rasa")}
    total = sum(cores.values())
    return (
        f"| {day:,} | {day / 86_400:.1f} | {rate:.0f} | {replicas['web']} | {replicas['rasa']} | "
        f"{cores['postgres']:.1f} | {total:.1f} |"
    )


def section(points: Sequence[Point]) -> str:
    """The part of docs/scale.md that the command writes."""
    rows = [
        f"| {p.replicas} | {p.throughput:.1f} | {p.p50:.0f} | {p.p95:.0f} "
        f"| {p.web:.1f} | {p.rasa:.1f} | {p.worker:.1f} | {p.postgres:.1f} |"
        for p in points
    ]
    plans = [plan(points, day) for day in DAYS]
    return f"""## Measured

{when_and_where()}; printed by `make scale`.

{WEBS} web processes, a worker, PostgreSQL and Redis, {CLIENTS} clients, each in conversations of ten messages,
all on this one machine, which the generator shares: where its cores are full, another rasa server adds nothing. So the
last four columns are what more machines are planned from: processor time a message, in milliseconds as all times here.

| rasa servers | messages a second | p50 | p95 | web | rasa | worker | postgres |
| --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}

![Throughput against the number of Rasa servers](images/scale.png)

## Planned

From the median processor time above: the peak is {PEAK:.0f} times the day's mean, and a core is busy for {BUSY:.0%} of
it. Two of each are the least, so that one may be away.

| messages a day | mean a second | peak a second | web | rasa | cores for PostgreSQL | cores in all |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(plans)}
"""


def draw(points: Sequence[Point]) -> None:
    """The plot beside the table."""
    figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axis.plot([p.replicas for p in points], [p.throughput for p in points], marker="o", color="#1f6f6b")
    axis.set(
        xlabel="Rasa servers",
        ylabel="messages a second",
        ylim=(0, 1.15 * max(p.throughput for p in points)),
        xticks=[p.replicas for p in points],
    )
    axis.set_title(f"{WEBS} web processes, {os.cpu_count()} cores, {CLIENTS} clients", fontsize=10)
    axis.grid(visible=True, axis="y", alpha=0.3)
    PLOT.parent.mkdir(exist_ok=True)
    figure.savefig(PLOT, dpi=130)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two Rasa servers and few messages; writes nothing")
    parser.add_argument("--messages", type=int, default=300)
    arguments = parser.parse_args()
    points = []
    with tempfile.TemporaryDirectory(prefix="scale-services-") as name, services(Path(name)) as given:
        for replicas in (2,) if arguments.quick else (1, 2, 3):
            points.append(measure(replicas, 60 if arguments.quick else arguments.messages, given))
            print(points[-1], flush=True)
    if not arguments.quick:
        draw(points)
        write_section(PAGE, "scale", section(points))
    if any(point.failed for point in points):
        sys.exit("Not every message was answered as it should be.")


if __name__ == "__main__":
    main()

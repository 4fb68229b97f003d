"""One fault each, in the middle of a call-back request."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.faults.product import Product, locked, wait_until
from evaluation.faults.proxy import Mode
from evaluation.faults.surroundings import clock_jumps, many_connections, redis_restarts, slow_callers
from evaluation.faults.visitor import NAME, Sent, Visitor


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    fault: str
    seen: str
    kept: str
    resumed: str
    lost: int
    doubled: int


@dataclass(frozen=True)
class Scenario:
    """A fault and how it is made. `is_quick`: it needs no second start of Rasa."""

    fault: str
    run: Callable[[Product, Visitor], str]
    is_quick: bool = True


def play(scenario: Scenario, product: Product, number: int) -> Row:
    """A conversation with the fault in its middle; what is counted is read from the databases at the end."""
    visitor = Visitor(product, number)
    visitor.start()
    visitor.say("I want to speak to a person")
    before = len(visitor.sent)
    resumed = scenario.run(product, visitor)
    faulty = visitor.sent[before:]
    return Row(
        fault=scenario.fault,
        seen="; ".join(_counted([shown for message in faulty for shown in message.shown])),
        kept=f"{visitor.kept()} of {len(visitor.sent)}",
        resumed=resumed,
        lost=visitor.lost(),
        doubled=visitor.doubled(),
    )


def _counted(words: list[str]) -> list[str]:
    return [f"{word} ({words.count(word)})" if words.count(word) > 1 else word for word in dict.fromkeys(words)]


def _finish(visitor: Visitor) -> str:
    """All is well again: every message gets its answer, and the request is sent."""
    started = time.monotonic()
    visitor.wait_for_answers()
    seconds = time.monotonic() - started
    if not visitor.requests():
        visitor.say("yes")
    return f"answered within {max(1, round(seconds))} s"


def _leaves_details(visitor: Visitor) -> None:
    """Two steps of the form while the fault lasts."""
    visitor.say(NAME)
    visitor.say(visitor.phone)


def _misbehaving(mode: Mode) -> Callable[[Product, Visitor], str]:
    def run(product: Product, visitor: Visitor) -> str:
        product.proxy.mode = mode
        try:
            _leaves_details(visitor)
        finally:
            product.proxy.mode = "pass"
        return _finish(visitor)

    return run


def _rasa_slow(product: Product, visitor: Visitor) -> str:
    product.signal("rasa", signal.SIGSTOP)
    try:
        _leaves_details(visitor)
        # What web gave up on is still waiting at Rasa's door, and Rasa goes on with it.
    finally:
        product.signal("rasa", signal.SIGCONT)
    return _finish(visitor)


def _actions_down(product: Product, visitor: Visitor) -> str:
    product.kill("actions")
    try:
        _leaves_details(visitor)
    finally:
        product.start("actions")
    product.wait_for("actions")
    return _finish(visitor)


def _actions_down_at_the_yes(product: Product, visitor: Visitor) -> str:
    _leaves_details(visitor)
    product.kill("actions")
    try:
        said = visitor.say("yes")
    finally:
        product.start("actions")
    _never_sent(said, visitor)
    product.wait_for("actions")
    return _finish(visitor)


def _never_sent(said: Sent, visitor: Visitor) -> None:
    """'Sent' must not be said of what is not stored."""
    if said.shown == ["form"] and not visitor.requests():
        raise AssertionError('The visitor was told "sent", and nothing is stored.')


def _web_locked(product: Product, visitor: Visitor) -> str:
    with locked(product.web_database):
        visitor.say(NAME)
    visitor.send_again()
    visitor.say(visitor.phone)
    return _finish(visitor)


@contextlib.contextmanager
def _locked_from_the_turn_on(product: Product) -> Iterator[threading.Event]:
    """Web's database is locked once the message is in the inbox and Rasa is asked, until the event is set."""
    release, held = threading.Event(), threading.Event()
    holders: list[threading.Thread] = []

    def hold() -> None:
        with locked(product.web_database):
            held.set()
            release.wait(30)

    def before_turn() -> None:
        if not holders:
            holders.append(threading.Thread(target=hold))
            holders[0].start()
            held.wait(10)

    product.proxy.before_turn = before_turn
    try:
        yield release
    finally:
        product.proxy.before_turn = None
        release.set()
        for holder in holders:
            holder.join()


def _web_locked_at_the_commit(product: Product, visitor: Visitor) -> str:
    _leaves_details(visitor)
    with _locked_from_the_turn_on(product) as release:
        said = visitor.say("yes")
        _never_sent(said, visitor)
        release.set()
    return _finish(visitor)


def _tracker_locked(product: Product, visitor: Visitor) -> str:
    with locked(product.tracker_database):
        _leaves_details(visitor)
    return _finish(visitor)


def _disk_full(product: Product, visitor: Visitor) -> str:
    process = product.process_id("web")
    worker = product.process_id("worker")
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    for each in (process, worker):
        resource.prlimit(each, resource.RLIMIT_FSIZE, (1, hard))
    try:
        visitor.say(NAME)
    finally:
        for each in (process, worker):
            resource.prlimit(each, resource.RLIMIT_FSIZE, (soft, hard))
    visitor.send_again()
    visitor.say(visitor.phone)
    return _finish(visitor)


def _web_killed(product: Product, visitor: Visitor) -> str:
    """In the middle of the turn that sends the request: it is in the inbox, and Rasa is at it."""
    _leaves_details(visitor)
    is_asked = threading.Event()

    def before_turn() -> None:
        if not is_asked.is_set():
            is_asked.set()
            time.sleep(1)

    product.proxy.before_turn = before_turn
    sender = threading.Thread(target=visitor.say, args=("yes",))
    sender.start()
    is_asked.wait(10)
    product.kill("web")
    sender.join()
    product.proxy.before_turn = None
    product.start("web")
    product.wait_for("database")
    return _finish(visitor)


def _worker_killed(product: Product, visitor: Visitor) -> str:
    product.proxy.mode = "error"
    _leaves_details(visitor)
    is_asked = threading.Event()

    def before_turn() -> None:
        is_asked.set()
        time.sleep(0.5)

    product.proxy.mode = "pass"
    product.proxy.before_turn = before_turn
    is_asked.wait(30)
    product.kill("worker")
    product.proxy.before_turn = None
    product.start("worker")
    return _finish(visitor)


def _rasa_killed(product: Product, visitor: Visitor) -> str:
    product.kill("rasa")
    _leaves_details(visitor)
    product.start("rasa")
    product.wait_for("rasa")
    return _finish(visitor)


def _model(breaks: Callable[[Path], None]) -> Callable[[Product, Visitor], str]:
    def run(product: Product, visitor: Visitor) -> str:
        product.stop("rasa")
        broken = product.folder / f"models-{visitor.number}"
        broken.mkdir()
        breaks(broken)
        product.start("rasa", MODELS_DIRECTORY=str(broken))
        # It ends and says why, or stays without a model; either way it must not say that it is well.
        deadline = time.monotonic() + 45
        while time.monotonic() < deadline and not product.has_ended("rasa"):
            if product.parts().get("rasa") == "ok":
                raise AssertionError("Rasa says that it is well with a broken model.")
            time.sleep(0.5)
        ended = product.has_ended("rasa")
        _leaves_details(visitor)
        if not ended:
            product.stop("rasa")
        product.start("rasa")
        product.wait_for("rasa")
        return _finish(visitor)

    return run


def _is_missing(folder: Path) -> None:
    shutil.rmtree(folder / "none", ignore_errors=True)


def _is_corrupt(folder: Path) -> None:
    (folder / "assistant.tar.gz").write_bytes(b"\x1f\x8b" + b"not a model" * 1000)


def _too_long(product: Product, visitor: Visitor) -> str:
    """Longer than an answer is any use. Web and worker run with a shorter limit for it."""
    for name in ("web", "worker"):
        product.kill(name)
    product.start("web", "worker", RESUME_MINUTES="0.05")
    product.wait_for("database", "worker")
    product.proxy.mode = "error"
    said = visitor.say("Can a person call me about my appointment?")
    tasks = "SELECT count(*) FROM conversations_stafftask WHERE conversation_id = ? AND state = 'new'"
    wait_until(lambda: product.rows(tasks, visitor.conversation)[0][0] == 1, 30, "a task for staff")
    told = "SELECT count(*) FROM notifications_notification WHERE kind = 'failed_handoff'"
    wait_until(lambda: product.rows(told)[0][0] >= 1, 10, "a notification")
    product.proxy.mode = "pass"
    for name in ("web", "worker"):
        product.kill(name)
    product.start("web", "worker")
    product.wait_for("database", "worker")
    # The visitor's page offers to send it again, and then it is answered and the task done.
    visitor.deliver(said)
    return "a task for staff, and the clinic notified; sent again later: answered"


def _postgres_stopped(product: Product, visitor: Visitor) -> str:
    assert product.postgres is not None  # noqa: S101 (played on a product that has one)
    visitor.say(NAME)
    product.postgres.stop()
    try:
        visitor.say(visitor.phone)
    finally:
        product.postgres.start()
    product.wait_for("database")
    visitor.send_again()
    return _finish(visitor)


def _postgres_restarts_in_the_turn(product: Product, visitor: Visitor) -> str:
    assert product.postgres is not None  # noqa: S101 (played on a product that has one)
    _leaves_details(visitor)
    restarts: list[None] = []

    def before_turn() -> None:
        if not restarts and product.postgres is not None:
            restarts.append(None)
            product.postgres.restart()

    product.proxy.before_turn = before_turn
    try:
        _never_sent(visitor.say("yes"), visitor)
    finally:
        product.proxy.before_turn = None
    product.wait_for("database")
    return _finish(visitor)


def _around(
    play_out: Callable[[Product, Visitor, str], str],
) -> Callable[[Product, Visitor], str]:
    def run(product: Product, visitor: Visitor) -> str:
        what = play_out(product, visitor, NAME)
        if what.startswith("not tried"):
            _leaves_details(visitor)
        _finish(visitor)
        return what

    return run


#: Played on a product of its own, with PostgreSQL as web's database.
POSTGRES_SCENARIOS = (
    Scenario("PostgreSQL stopped", _postgres_stopped, is_quick=False),
    Scenario("PostgreSQL restarting in the middle of the yes", _postgres_restarts_in_the_turn, is_quick=False),
)

SCENARIOS = (
    Scenario("Rasa slow (stopped, then going on)", _rasa_slow),
    Scenario("Rasa answers with an error", _misbehaving("error")),
    Scenario("Rasa answers with an empty body", _misbehaving("empty"), is_quick=False),
    Scenario("Rasa says nothing", _misbehaving("silent"), is_quick=False),
    Scenario("Rasa answers with something else", _misbehaving("garbage"), is_quick=False),
    Scenario("Rasa's answer gets lost after the turn", _misbehaving("lose the answer")),
    Scenario("Action server killed", _actions_down),
    Scenario("Action server killed at the yes", _actions_down_at_the_yes, is_quick=False),
    Scenario("Web's database locked", _web_locked, is_quick=False),
    Scenario("Web's database locked from the turn on, at the yes", _web_locked_at_the_commit),
    Scenario("Rasa's database locked", _tracker_locked, is_quick=False),
    Scenario("Disk full for web and worker", _disk_full, is_quick=False),
    Scenario("Web killed in the middle of the yes", _web_killed),
    Scenario("Worker killed while it resumes", _worker_killed, is_quick=False),
    Scenario("Rasa away for longer than an answer is of use", _too_long, is_quick=False),
    Scenario("Rasa killed", _rasa_killed, is_quick=False),
    Scenario("Clock an hour on, then an hour back", _around(clock_jumps), is_quick=False),
    Scenario("Redis killed and started again", _around(redis_restarts), is_quick=False),
    Scenario("1,000 connections that say nothing", _around(many_connections)),
    Scenario("200 callers who send byte by byte", _around(slow_callers)),
    Scenario("Model file missing at Rasa's start", _model(_is_missing), is_quick=False),
    Scenario("Model file corrupt at Rasa's start", _model(_is_corrupt), is_quick=False),
)

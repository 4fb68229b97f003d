"""A pytest plugin: a real browser on the real public process, against a Rasa that says what the test tells it to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from evaluation.ports import free_port
from tests.conftest import CLINIC
from tests.widget.support import ClinicSite, FakeRasa

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_SECONDS = 60


def _serve(server: FakeRasa | ClinicSite) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def _rasa_server() -> Iterator[FakeRasa]:
    server = FakeRasa()
    for _ in _serve(server):
        yield server


@pytest.fixture
def rasa_server(_rasa_server: FakeRasa) -> FakeRasa:
    """Rasa, as quick to answer and as forgetful as at its start."""
    _rasa_server.reset()
    return _rasa_server


@pytest.fixture(scope="session")
def clinic_site() -> Iterator[ClinicSite]:
    """A clinic's own website, of another origin than the assistant."""
    server = ClinicSite()
    for _ in _serve(server):
        yield server


class Process:
    """The public process on a free port, which can be stopped and started again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"http://localhost:{environment['WEB_PORT']}"

    def start(self) -> None:
        command = [sys.executable, "-m", "web", "serve"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                httpx.get(f"{self.address}/health/live", trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "web did not start"
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


def _environment(folder: Path, rasa_server: FakeRasa, clinic_site: ClinicSite) -> dict[str, str]:
    port = free_port()
    clinic = folder / "clinic.yml"
    clinic.write_text(CLINIC, encoding="utf-8")
    return {
        **os.environ,
        "WEB_PORT": str(port),
        "CLINIC_FILE": str(clinic),
        "DATABASE_URL": f"sqlite:///{folder / 'web.sqlite3'}",
        "RASA_URL": f"http://127.0.0.1:{rasa_server.server_address[1]}",
        "WIDGET_ORIGINS": clinic_site.address,
        "WIDGET_RELEASES": str(folder / "releases"),
        "MESSAGES_PER_MINUTE_PER_SESSION": "1000",
        "MESSAGES_PER_MINUTE_PER_ADDRESS": "10000",
        "SESSIONS_PER_HOUR_PER_ADDRESS": "10000",
    }


@pytest.fixture(scope="session")
def process(
    _rasa_server: FakeRasa, clinic_site: ClinicSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """The assistant's public process, with a database of its own."""
    environment = _environment(tmp_path_factory.mktemp("site"), _rasa_server, clinic_site)
    subprocess.run([sys.executable, "-m", "web", "migrate", "--verbosity", "0"], env=environment, check=True)
    process = Process(environment)
    process.start()
    clinic_site.assistant = process.address
    yield process
    process.stop()


@pytest.fixture
def site(process: Process, rasa_server: FakeRasa, clinic_site: ClinicSite) -> str:
    """The assistant's address."""
    clinic_site.reset()
    return process.address


# A browser for each module: while Playwright is in use, no test may run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("There is no Chromium. `apt-get install chromium` brings one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Another browser profile. What its pages complain about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def new(**options: object) -> BrowserContext:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
        contexts.append(context)
        return context

    yield new
    for context in contexts:
        context.close()
    assert [] == complaints


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()

"""`python -m evaluation.widget`: size and speed of the website widget beside deep-chat's, into docs/benchmarks.md.

Both run on an empty page of their own in Chromium, its processor slowed down four times, in turns: once from this
machine with no network in the figures, once over a network as slow as a phone's. deep-chat comes from npm, once, into
`results/`.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from evaluation.documents import BENCHMARKS, when_and_where, write_section
from evaluation.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
RIVAL, RIVAL_VERSION = "deep-chat", "2.4.2"
SLOWER = 4
RUNS = 9
#: Lighthouse's "slow 4G": round trip in milliseconds, bytes a second.
PHONE_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 93_750}
PATIENCE_SECONDS = 60
#: Long enough for what a page does by itself after it loaded.
QUIET_MS = 1000

#: Waits in the page for the field to be there and visible; milliseconds since the click, with the frame that shows it.
_UNTIL_USABLE = """(field) => new Promise((resolve) => {
  const look = () => {
    const parts = field.split(" >> ");
    const found = parts.reduce((root, part) => root && (root.shadowRoot ?? root).querySelector(part), document);
    if (!found || !found.getBoundingClientRect().height) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - window.clicked)));
  };
  look();
})"""
_ON_CLICK = 'addEventListener("pointerdown", () => (window.clicked ??= performance.now()), { capture: true });'


@dataclass(frozen=True)
class Candidate:
    """A chat on a page: its HTML, what to click, and the field a visitor then types into."""

    name: str
    page: str
    button: str
    field: str


@dataclass(frozen=True)
class Sample:
    """One visit, in milliseconds: from click to usable; what the main thread did before the click, and after it; how
    much of that was script."""

    usable: float
    main_before: float
    main_after: float
    script: float


def candidates(assistant: str) -> list[Candidate]:
    """Ours with its own launcher; deep-chat behind a plain button that brings it on the first click."""
    brings = (
        'document.querySelector("#open").onclick = async () => { await import("/deep-chat.js"); '
        'document.body.append(document.createElement("deep-chat")); };'
    )
    ours = f'<script type="module" src="{assistant}/widget/loader.js"></script>'
    theirs = f'<button id="open">Chat</button><script type="module">{brings}</script>'
    return [
        Candidate("smp-chat", ours, "smp-chat >> .launcher", "smp-chat >> textarea"),
        Candidate(RIVAL, theirs, "#open", "deep-chat >> #text-input"),
    ]


def bring_rival(folder: Path) -> bytes:
    """deep-chat's bundle, from npm unless it was brought before.

    Raises:
        SystemExit: npm is missing.
    """
    archive = folder / f"{RIVAL}-{RIVAL_VERSION}.tgz"
    if not archive.is_file():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("There is no npm to bring deep-chat. `apt-get install nodejs npm` brings it.")
        folder.mkdir(exist_ok=True)
        command = [npm, "pack", f"{RIVAL}@{RIVAL_VERSION}", "--loglevel=error", "--pack-destination", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(archive) as packed:
        bundle = packed.extractfile("package/dist/deepChat.bundle.js")
        return bundle.read() if bundle else b""


def widget_sizes(assistant: str) -> dict[str, int]:
    """Bytes as they travel, of each file an English visitor's browser loads."""
    sizes = {}
    with httpx.Client(base_url=f"{assistant}/widget/", trust_env=False) as client:
        loader = client.get("loader.js").text
        names = ["loader.js", *re.findall(r'"((?:chat|language-en)\.[0-9a-f]+\.js)"', loader)]
        for name in names:
            with client.stream("GET", name, headers={"Accept-Encoding": "gzip"}) as response:
                response.raise_for_status()
                sizes[name] = len(b"".join(response.iter_raw()))
    return sizes


def sample(browser: Browser, address: str, candidate: Candidate, *, is_phone: bool) -> Sample:
    """One visit with an empty cache."""
    context = browser.new_context(has_touch=True)
    try:
        page = context.new_page()
        page.add_init_script(_ON_CLICK)
        devtools = context.new_cdp_session(page)
        devtools.send("Performance.enable")
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        if is_phone:
            devtools.send("Network.enable")
            devtools.send("Network.emulateNetworkConditions", PHONE_NETWORK)

        def spent() -> tuple[float, float]:
            metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
            return 1000 * metrics["TaskDuration"], 1000 * metrics["ScriptDuration"]

        page.goto(f"{address}/{candidate.name}")
        page.locator(candidate.button).wait_for()
        page.wait_for_timeout(QUIET_MS)
        main_before, script_before = spent()
        # A finger, which is nowhere before it taps; a mouse would bring the files while it comes nearer.
        page.locator(candidate.button).tap(no_wait_after=True)
        usable = float(page.evaluate(_UNTIL_USABLE, candidate.field))
        page.wait_for_timeout(QUIET_MS)
        main, script = spent()
        return Sample(usable, main_before, main - main_before, script - script_before)
    finally:
        context.close()


Taken = dict[str, list[Sample]]


def measure(address: str, chats: list[Candidate], runs: int) -> tuple[Taken, Taken]:
    """Every candidate `runs` times, in turns, without a network and over a phone's.

    One visit of each before that is not counted.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium. `apt-get install chromium` brings one.")
    near: Taken = {chat.name: [] for chat in chats}
    far: Taken = {chat.name: [] for chat in chats}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for run in range(runs + 1):
            for chat in chats:
                for taken, is_phone in ((near, False), (far, True)):
                    one = sample(browser, address, chat, is_phone=is_phone)
                    if run:
                        taken[chat.name].append(one)
            print(f"Run {run} of {runs}", flush=True)
        browser.close()
    return near, far


def table(sizes: dict[str, int], rival: bytes, near: Taken, far: Taken) -> str:
    """The section of the document."""
    loader, whole = sizes["loader.js"], sum(sizes.values())

    def row(what: str, taken: Taken, field: str) -> str:
        cells = []
        for samples in taken.values():
            values = [getattr(one, field) for one in samples]
            cells.append(f"{statistics.median(values):.0f} ms ({min(values):.0f} to {max(values):.0f})")
        return f"| {' | '.join([what, *cells])} |"

    return "\n".join(
        [
            "## The website widget",
            "",
            f"{when_and_where()}; printed by `make widget-size`.",
            f"Chromium with its processor slowed down {SLOWER} times, an empty page, an empty cache; the median of",
            f"{RUNS} visits (least to most), in turns. A plain button's click brings {RIVAL} {RIVAL_VERSION}",
            "from npm. The phone's network is Lighthouse's slow 4G; all else is without a network. KB are 1,000 bytes.",
            "",
            f"| | smp-chat | {RIVAL} |",
            "| --- | --- | --- |",
            f"| before the click, gzip | {loader / 1000:.1f} KB | the page's own button |",
            f"| everything, gzip | {whole / 1000:.1f} KB | {len(_gzip(rival)) / 1000:.1f} KB |",
            row("from click to usable, phone's network", far, "usable"),
            row("from click to usable", near, "usable"),
            row("main thread before the click", near, "main_before"),
            row("main thread from the click on", near, "main_after"),
            row("of that, script", near, "script"),
        ]
    )


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


@contextmanager
def _assistant(folder: Path) -> Iterator[str]:
    """The public process; opening the chat needs no other."""
    port = free_port()
    environment = {
        **os.environ,
        "WEB_PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder / 'web.sqlite3'}",
        "WIDGET_RELEASES": str(folder / "releases"),
    }
    process = subprocess.Popen([sys.executable, "-m", "web", "serve"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            try:
                httpx.get(f"{address}/health/live", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    sys.exit("The public process did not start.")
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _host(chats: list[Candidate], rival: bytes) -> Iterator[str]:
    """A page for each candidate, named after it, and deep-chat's bundle."""
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>'
    files = {f"/{chat.name}": ("text/html", f"{head}<h1>Page</h1>{chat.page}".encode()) for chat in chats}
    files["/deep-chat.js"] = ("text/javascript", rival)
    files = {path: (kind, _gzip(content)) for path, (kind, content) in files.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, content = files.get(self.path, ("text/plain", _gzip(b"")))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    rival = bring_rival(ROOT / "results")
    with tempfile.TemporaryDirectory() as folder, _assistant(Path(folder)) as assistant:
        chats = candidates(assistant)
        with _host(chats, rival) as address:
            near, far = measure(address, chats, RUNS)
        section = table(widget_sizes(assistant), rival, near, far)
    write_section(BENCHMARKS, "widget", section)
    print(f"\n{section}\n\nWritten into {BENCHMARKS.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()

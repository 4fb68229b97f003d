"""`python -m scripts.console_screens FOLDER`: every screen of the console, on a phone and on a desktop, from the demo.

Starts the demo on a database of its own, logs in, goes through the menu, and opens the first row of every list.
With `--docs` it renews the pictures of docs/images as well.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from evaluation.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
#: Pages that are not the first row of a list.
BESIDE = (
    "/console/account",
    "/console/requests/?show=done",
    "/console/content/?show=doubted",
    "/console/content/?show=unsigned",
    "/console/content/topics/pain",
    "/console/content/proposals",
    "/console/content/replies",
    "/console/content/reply?name=utter_greet",
    "/console/overview/?days=365",
)


@dataclass(frozen=True)
class Device:
    """Where a screen is looked at."""

    name: str
    width: int
    height: int
    is_dark: bool


DEVICES = (Device("phone", 390, 844, is_dark=False), Device("desktop", 1280, 860, is_dark=False))
DARK = (Device("phone-dark", 390, 844, is_dark=True), Device("desktop-dark", 1280, 860, is_dark=True))
#: Pictures of the documents: address, device, file.
PICTURES = (
    ("/console/requests/", DEVICES[0], "requests.png"),
    ("/console/overview/", DEVICES[1], "overview.png"),
    ("/console/content/topics/pain", DEVICES[1], "topic.png"),
    ("/console/queue", DEVICES[1], "queue.png"),
    ("/console/queue", DEVICES[0], "conversation.png"),
)


@contextmanager
def demo(conversations: int) -> Iterator[tuple[str, str]]:
    """The demo's address and password, while it runs."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
            "WEB_PORT": str(port),
            "WIDGET_RELEASES": f"{folder}/releases",
            # A person with a password is all that can be shown here.
            "ENVIRONMENT": "development",
            "STAFF_SECOND_FACTOR": "False",
        }
        web = [sys.executable, "-m", "web"]
        subprocess.run([*web, "migrate", "--verbosity", "0"], env=environment, cwd=ROOT, check=True)
        made = subprocess.run(
            [*web, "demo", "--conversations", str(conversations)],
            env=environment, cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        password = re.search(r"as demo, password (\S+)", made.stdout)
        if password is None:
            sys.exit(f"The demo told no password:\n{made.stdout}")
        server = subprocess.Popen([*web, "serve", "--alone"], env=environment, cwd=ROOT)
        try:
            _wait(port)
            yield f"http://localhost:{port}", password[1]
        finally:
            server.terminate()
            server.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def log_in(browser: Browser, site: str, password: str, device: Device, name: str = "demo") -> Page:
    """A page of someone who has logged in."""
    scheme = "dark" if device.is_dark else "light"
    context = browser.new_context(viewport={"width": device.width, "height": device.height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{site}/console/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def addresses(page: Page, site: str) -> list[str]:
    """Every screen: what the menu leads to, the first row of each list, and what lies beside."""
    menu = page.locator("nav.menu a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    found = list(menu)
    for address in menu:
        page.goto(f"{site}{address}")
        row = page.locator(".rows a.title").first
        if row.count():
            found.append(row.get_attribute("href") or address)
    return list(dict.fromkeys([*found, *BESIDE]))


def name_of(address: str) -> str:
    """An address as the name of a picture; the ids in it say nothing."""
    path, _, query = address.removeprefix("/console/").partition("?")
    kept = re.search(r"(?:show|days|name)=(\w+)", query)
    path = re.sub(r"[0-9a-f-]{36}|\b\d+$", "one", path)
    return "-".join(part for part in [*re.split(r"\W+", path), kept[1] if kept else ""] if part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="left out: only what --docs asks for")
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--docs", action="store_true", help="renew the pictures of docs/images")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium. `apt-get install chromium` brings one.")
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with demo(options.conversations) as (site, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for device in (*DEVICES, *DARK) if options.folder else ():
            page = log_in(browser, site, password, device)
            for address in addresses(page, site):
                page.goto(f"{site}{address}")
                page.screenshot(path=options.folder / f"{name_of(address)}-{device.name}.png", full_page=True)
            print(f"{device.name}: done", flush=True)
        for address, device, picture in PICTURES if options.docs else ():
            page = log_in(browser, site, password, device)
            page.goto(f"{site}{address}")
            if picture == "conversation.png":
                page.locator(".rows a.title").nth(1).click()
                page.wait_for_load_state()
            kept = ROOT / "docs" / "images" / picture
            page.screenshot(path=kept)
            # Few colours are enough, and make a small file.
            Image.open(kept).convert("RGB").quantize(96).save(kept, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()

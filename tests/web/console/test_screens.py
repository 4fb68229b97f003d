"""Every screen of the console: WCAG 2.2 AA by axe, and nothing beyond the width of a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scripts.console_screens import DARK, DEVICES, Device, addresses, name_of
from tests.web.console.conftest import DemoSite

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _found_by_axe(page: Page) -> list[tuple[str, str, str]]:
    results = Axe().run(page, options=RULES)
    return [
        (rule["id"], str(node["target"]), str(node.get("failureSummary")))
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("device", [DEVICES[0], DARK[1]], ids=lambda device: device.name)
def test_axe_finds_nothing_on_any_screen(demo_site: DemoSite, device: Device) -> None:
    """On a phone in daylight and on a laptop in the dark; and no page complains of a policy."""
    page = demo_site.person("demo", device)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    found = {}
    for address in addresses(page, demo_site.address):
        page.goto(f"{demo_site.address}{address}")
        found[name_of(address)] = _found_by_axe(page)
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert len(found) >= 12
    assert complaints == []


def test_every_screen_fits_a_phone(demo_site: DemoSite) -> None:
    """At 320 pixels, as with large letters: only tables and the menu scroll sideways."""
    page = demo_site.person("demo", Device("small", 320, 700, is_dark=False))
    wide = []
    for address in addresses(page, demo_site.address):
        page.goto(f"{demo_site.address}{address}")
        if not page.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth"):
            wide.append(name_of(address))
    assert wide == []

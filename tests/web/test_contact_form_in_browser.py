"""The contact form in a real browser, with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.web.test_home_in_browser import CHROMIUM, FakeRasa, rasa, reply, site

pytestmark = pytest.mark.browser
__all__ = ["rasa", "site"]

HANDOFF = {"id": "6f1d2c1e-0000-4000-8000-000000000001", "reason": "prices", "status": "offered"}
#: The form takes nothing that was filled in faster than people can.
A_PERSON_NEEDS_MS = 3_500


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def form(request: pytest.FixtureRequest, site: str) -> Iterator[Page]:
    """The empty form on a phone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 375, "height": 812}, java_script_enabled=request.param)
        page.goto(f"{site}/contact/")
        yield page
        if folder := os.environ.get("SCREENSHOTS"):
            name = "with-js" if request.param else "without-js"
            page.screenshot(path=Path(folder) / f"contact-{name}.png", full_page=True)
        browser.close()


def test_a_visitor_leaves_name_and_number(form: Page) -> None:
    """Labels lead to their fields, what is wrong is said at its field, and nothing written is lost."""
    form.get_by_label("Your name").fill("Jordan")
    form.get_by_label("Phone").fill("12")
    form.get_by_label("Message (optional)").fill("Please call about Friday.")
    form.wait_for_timeout(A_PERSON_NEEDS_MS)
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_contain_text("not sent yet")
    phone = form.get_by_label("Phone")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_accessible_description(
        "A phone number or an e-mail address is enough. This phone number has too few or too many digits."
    )
    expect(form.get_by_label("Message (optional)")).to_have_value("Please call about Friday.")
    if folder := os.environ.get("SCREENSHOTS"):
        form.screenshot(path=Path(folder) / "contact-errors.png", full_page=True)
    phone.fill("(310) 555-0199")
    form.wait_for_timeout(A_PERSON_NEEDS_MS)
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("heading", name="Thank you")).to_be_visible()


def test_the_page_fits_a_phone_and_a_keyboard(form: Page) -> None:
    """Nothing is cut off, the trap is never reached, and every field that people see is."""
    assert form.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth")
    reached = []
    for _ in range(12):
        form.keyboard.press("Tab")
        focused = form.locator("*:focus")
        reached.append(focused.get_attribute("name") if focused.count() else None)
    assert "website" not in reached
    assert {"name", "phone", "email", "best_time", "reason", "message"} <= set(reached)


def test_a_link_from_the_chat_knows_what_it_is_about(site: str, rasa: FakeRasa) -> None:
    """The reason is filled in on the server; nothing of it stands in the address."""
    contact = {"phone": None, "phone_text": None, "form_url": None}
    rasa.replies = [reply("Ask the clinic.", "handoff", contact=contact, handoff=HANDOFF)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(site)
        page.get_by_label("Your question").fill("how much is it")
        page.get_by_role("button", name="Send").click()
        link = page.get_by_role("log").get_by_role("link", name="Contact form").last
        address = link.get_attribute("href") or ""
        assert "prices" not in address
        page.goto(address)
        expect(page.get_by_label("What is it about?")).to_have_value("prices")
        browser.close()

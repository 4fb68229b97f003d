"""The contact form in a real browser, with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.support import FakeRasa, Widget, a_handoff

pytestmark = pytest.mark.browser

#: The form takes nothing that was filled in faster than people can.
A_PERSON_NEEDS_MS = 3_500


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def form(request: pytest.FixtureRequest, site: str, new_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    """The empty form on a phone."""
    page = new_context(viewport={"width": 375, "height": 812}, java_script_enabled=request.param).new_page()
    page.goto(f"{site}/contact/")
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        name = "with-js" if request.param else "without-js"
        page.screenshot(path=Path(folder) / f"contact-{name}.png", full_page=True)


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


def test_a_link_from_the_chat_knows_what_it_is_about(page: Page, site: str, rasa_server: FakeRasa) -> None:
    """The reason is filled in on the server; nothing of it stands in the address."""
    rasa_server.replies = [a_handoff()]
    page.goto(site)
    chat = Widget(page)
    chat.open()
    link = chat.ask_and_wait("can I come on Friday?").get_by_role("link", name="Contact form")
    address = link.get_attribute("href") or ""
    assert "booking" not in address
    page.goto(address)
    expect(page.get_by_label("What is it about?")).to_have_value("booking")

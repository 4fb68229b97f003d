"""A reviewer on a phone, between two clients: what needs a look, one conversation, one call."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.console_screens import DEVICES
from tests.web.console.conftest import DemoSite

pytestmark = pytest.mark.browser

PHONE = DEVICES[0]


def test_a_reviewer_clears_the_riskiest_conversation_and_goes_on(demo_site: DemoSite) -> None:
    """Opens the first of the queue, says what a message should have been, and is at the next with one tap."""
    page = demo_site.person("rita", PHONE)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    waiting = int(page.locator("nav.menu [aria-current] .count").inner_text())
    page.locator(".rows a.title").first.click()
    expect(page.get_by_role("list", name="Transcript")).to_be_visible()
    page.locator("form.marking").first.get_by_role("button", name="No topic yet").click()
    expect(page.get_by_text("Should be:").first).to_be_visible()
    address = page.url.split("?")[0]
    page.get_by_role("button", name="Reviewed, and on to the next").click()
    page.wait_for_url(lambda url: url.split("?")[0] != address)
    expect(page.get_by_role("list", name="Transcript")).to_be_visible()
    page.goto(f"{demo_site.address}/console/queue")
    expect(page.locator("nav.menu [aria-current] .count")).to_have_text(str(waiting - 1))


def test_a_reviewer_calls_back_who_waits_the_longest(demo_site: DemoSite) -> None:
    """Sees no number before taking the request; then one to tap; says what came of it; it is gone from the queue."""
    page = demo_site.person("rita", PHONE)
    page.get_by_role("link", name=re.compile("Requests")).click()
    free = page.locator(".rows > li").filter(has_not=page.locator(".chip", has_text=re.compile("Ramos|Mayer")))
    link = free.locator("a.title").first
    address = link.get_attribute("href") or ""
    link.click()
    expect(page.locator("a[href^='tel:'], a[href^='mailto:']")).to_have_count(0)
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("a[href^='tel:'], a[href^='mailto:']").first).to_be_visible()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Choose what came of it")).to_be_visible()
    page.get_by_label("What came of it?").select_option("booked")
    page.get_by_label("Note for your colleagues").fill("Friday at ten.")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("status").filter(has_text="Closed")).to_be_visible()
    expect(page.locator(f".rows a[href='{address}']")).to_have_count(0)
    page.get_by_role("link", name="Closed").click()
    expect(page.locator(f".rows a[href='{address}']")).to_be_visible()


def test_a_reviewer_sees_only_what_the_role_allows(demo_site: DemoSite) -> None:
    """No way to propose or sign, in the menu or by its address."""
    page = demo_site.person("rita", PHONE)
    page.goto(f"{demo_site.address}/console/content/topics/mri")
    expect(page.get_by_role("heading", name="What the assistant says")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Sign|Propose"))).to_have_count(0)
    page.goto(f"{demo_site.address}/console/content/reply?name=utter_greet")
    expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()

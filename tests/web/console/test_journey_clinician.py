"""A clinician on a laptop: reads an answer and its sources, signs it, and takes that back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.console_screens import DEVICES
from tests.web.console.conftest import DemoSite

pytestmark = pytest.mark.browser

LAPTOP = DEVICES[1]


def test_a_clinician_signs_what_is_not_signed(demo_site: DemoSite) -> None:
    """Not without saying that it was read; then visitors read the name, until it is taken back."""
    page = demo_site.person("carl", LAPTOP)
    page.get_by_role("link", name="Content", exact=True).click()
    page.get_by_role("link", name=re.compile("Not signed")).click()
    page.locator(".rows > li").filter(has=page.locator(".chip", has_text=re.compile("^Not signed$"))).first.locator(
        "a.title"
    ).click()
    expect(page.get_by_label("Your name, as visitors read it")).to_have_value("Dr. Carl Conti")
    page.get_by_role("button", name="Sign this wording").click()
    expect(page.get_by_text("then tick this")).to_be_visible()
    page.get_by_label(re.compile("I have read this wording")).check()
    page.get_by_role("button", name="Sign this wording").click()
    expect(page.get_by_role("status").filter(has_text="Signed.")).to_be_visible()
    expect(page.locator(".heading .chip.good")).to_have_text("Signed by Dr. Carl Conti")
    page.get_by_role("button", name="Take the signature back").click()
    expect(page.locator(".heading .chip")).to_have_text("Not signed")


def test_a_clinician_sees_what_changed_since_a_signature(demo_site: DemoSite) -> None:
    """The answer that was reworded is first among those to sign, with the words that went and came."""
    page = demo_site.person("carl", LAPTOP)
    page.goto(f"{demo_site.address}/console/content/?show=unsigned")
    row = page.locator(".rows > li").first
    expect(row).to_contain_text("Changed since it was signed")
    row.locator("a.title").click()
    expect(page.locator("#signature ~ blockquote del").first).to_be_visible()


def test_requests_and_figures_of_visitors_are_not_the_clinicians(demo_site: DemoSite) -> None:
    """The menu has what the role may open, and an address typed by hand is refused."""
    page = demo_site.person("carl", LAPTOP)
    expect(page.locator("nav.menu a", has_text="Requests")).to_have_count(0)
    page.goto(f"{demo_site.address}/console/requests/")
    expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()

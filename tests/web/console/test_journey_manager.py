"""A manager on a laptop: how it goes, what is asked in vain, and a better wording."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scripts.console_screens import DEVICES
from tests.web.console.conftest import DemoSite

pytestmark = pytest.mark.browser

LAPTOP = DEVICES[1]


def test_a_manager_reads_the_figures_of_a_quarter(demo_site: DemoSite) -> None:
    """By period and channel, each picture beside its table, without a script."""
    page = demo_site.person("mary", LAPTOP)
    page.get_by_role("link", name="Overview").click()
    messages = page.locator(".cards .card").filter(has_text="Messages").first
    month = messages.locator("strong").inner_text()
    page.get_by_label("Period", exact=True).select_option("90")
    page.get_by_role("button", name="Show").click()
    expect(messages.locator("strong")).not_to_have_text(month)
    assert page.locator("svg.chart").count() == page.locator(".panel table").count() >= 9
    page.get_by_label("Channel", exact=True).select_option("whatsapp")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#channels")).to_have_count(0)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_manager_proposes_a_better_wording(demo_site: DemoSite) -> None:
    """A promise is refused with what to say instead, and the words are still there; the second try is kept."""
    page = demo_site.person("mary", LAPTOP)
    page.get_by_role("link", name="Content", exact=True).click()
    page.get_by_role("link", name=re.compile("Asked most")).click()
    page.locator(".rows a.title").first.click()
    wording = page.get_by_label("New wording")
    wording.fill("SMP is completely safe.")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("Say instead:")).to_be_visible()
    expect(wording).to_have_value("SMP is completely safe.")
    wording.fill("Ask the clinic before you book, and bring a list of your medicines.")
    page.get_by_label("Why (optional)").fill("Shorter.")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("status").filter(has_text="Kept")).to_be_visible()
    page.goto(f"{demo_site.address}/console/content/proposals")
    mine = page.locator("article.proposal").filter(has_text="bring a list of your medicines")
    expect(mine.locator("ins").first).to_be_visible()
    mine.get_by_role("button", name="Take it back").click()
    expect(mine.locator(".chip", has_text="Taken back")).to_be_visible()


def test_a_manager_frees_the_request_of_a_colleague(demo_site: DemoSite) -> None:
    """Who is away holds up no visitor."""
    rita = demo_site.person("rita", LAPTOP)
    rita.goto(f"{demo_site.address}/console/requests/")
    free = rita.locator(".rows > li").filter(has_not=rita.locator(".chip", has_text=re.compile("Ramos|Mayer")))
    free.locator("a.title").last.click()
    rita.get_by_role("button", name="Take it").click()
    mary = demo_site.person("mary", LAPTOP)
    mary.goto(rita.url)
    expect(mary.get_by_text("Rita Ramos has taken this request")).to_be_visible()
    mary.get_by_role("button", name="Free it for others").click()
    mary.goto(rita.url)
    mary.get_by_role("button", name="Take it").click()
    expect(mary.locator("a[href^='tel:'], a[href^='mailto:']").first).to_be_visible()

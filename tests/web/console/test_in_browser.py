"""The console in a real browser: axe in states that are not an address, keys, no scripts, printing, second factor."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import totp
from playwright.sync_api import BrowserContext, Page, expect

from scripts.console_screens import demo

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
NewContext = Callable[..., BrowserContext]


class Console:
    """The console of a process with made-up conversations in it."""

    def __init__(self, address: str, password: str) -> None:
        self.address, self.password = address, password

    def log_in(self, page: Page, name: str = "demo") -> None:
        page.goto(f"{self.address}/console/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(self.password)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()

    def open(self, page: Page, path: str) -> None:
        page.goto(f"{self.address}/console/{path}")


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    """A demo of its own: what is done here changes its queue."""
    with demo(300) as (address, password):
        yield Console(address, password)


@pytest.fixture(params=["phone-dark", "desktop-light"])
def screen(request: pytest.FixtureRequest, new_context: NewContext) -> Page:
    size, theme = request.param.split("-")
    options = PHONE if size == "phone" else DESKTOP
    return new_context(**options, color_scheme=theme, reduced_motion="reduce").new_page()


def assert_axe_finds_nothing(page: Page, state: str) -> None:
    results = Axe().run(page, options=RULES)
    found = [
        (rule["id"], node["target"], node.get("failureSummary"))
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]
    assert [] == found, state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{state}: scrolls sideways"


def test_axe_finds_nothing_in_lists_and_a_conversation(screen: Page, console: Console) -> None:
    """With filters open, chosen lines, a search, all details and dialogs open, a note, a tag, a mark."""
    console.log_in(screen)
    console.open(screen, "conversations?kind=answer&q=the")
    screen.locator("summary").first.click()
    screen.get_by_text("More", exact=True).click()
    assert_axe_finds_nothing(screen, "list")
    console.open(screen, "conversations?kind=answer")
    screen.locator(".rows .title").first.click()
    screen.get_by_label("A note for the others").fill("Called back.")
    screen.get_by_role("button", name="Add note").click()
    screen.get_by_label("Tags").fill("odd one")
    screen.get_by_role("button", name="Tag", exact=True).click()
    screen.get_by_role("button", name="No topic yet").first.click()
    for details in screen.locator("main details").all():
        details.evaluate("node => node.open = true")
    assert_axe_finds_nothing(screen, "conversation")
    screen.get_by_role("link", name="Another …").first.click()
    expect(screen.get_by_role("dialog")).to_be_visible()
    assert_axe_finds_nothing(screen, "picker")
    screen.keyboard.press("Escape")
    screen.locator("body").press("?")
    expect(screen.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_axe_finds_nothing(screen, "keys")


def test_axe_finds_nothing_where_accounts_are_managed(screen: Page, console: Console) -> None:
    """A person, a link, a page that is not open to one's role, a page that is not there."""
    console.log_in(screen, "ada")
    console.open(screen, "people")
    screen.locator(".rows .title").last.click()
    assert_axe_finds_nothing(screen, "person")
    console.open(screen, "people")
    screen.get_by_role("link", name="Dr. Carl").click()
    screen.get_by_role("button", name="New link to set a password").click()
    link = screen.get_by_label("Link").input_value()
    assert_axe_finds_nothing(screen, "link")
    console.open(screen, "queue")
    assert_axe_finds_nothing(screen, "refused")
    screen.goto(f"{console.address}{re.sub('^https?://[^/]+', '', link)}")
    assert_axe_finds_nothing(screen, "welcome")


def test_a_reviewer_works_with_the_keyboard_alone(new_context: NewContext, console: Console) -> None:
    """Down the queue, open, mark, review and on to the next, back to the list, undo."""
    page = new_context(**DESKTOP).new_page()
    console.log_in(page, "rita")
    console.open(page, "queue")
    count = int(page.locator(".menu .count").first.inner_text())
    titles = page.locator(".rows .title").all_inner_texts()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".rows .title").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Conversation")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_label("Find a topic or behaviour")).to_be_focused()
    page.keyboard.type("mri")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Should be:").first).to_be_visible()
    first = page.url
    page.keyboard.press("e")
    page.wait_for_url(lambda address: "/conversations/" in address and address.split("?")[0] != first.split("?")[0])
    page.keyboard.press("g")
    expect(page.locator(".menu .count").first).to_have_text(str(count - 1))
    assert page.locator(".rows .title").first.inner_text() == titles[1]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    expect(page.locator(".menu .count").first).to_have_text(str(count - 2))
    page.keyboard.press("u")
    expect(page.locator(".menu .count").first).to_have_text(str(count - 1))


def test_single_keys_can_be_turned_off(new_context: NewContext, console: Console) -> None:
    """For whoever speaks to the computer, or hits keys by chance; and they do nothing in a field."""
    page = new_context(**DESKTOP).new_page()
    console.log_in(page, "rita")
    console.open(page, "conversations")
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    expect(page.get_by_role("searchbox")).to_have_value("jk?")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.get_by_label("Single keys do these things").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator(".rows .is-current")).to_have_count(0)


def test_a_list_shows_what_changed_meanwhile(new_context: NewContext, console: Console) -> None:
    """Another person reviews a conversation, and it leaves this person's queue by itself."""
    mine, others = (new_context(**DESKTOP).new_page() for _ in range(2))
    console.log_in(mine, "rita")
    console.log_in(others, "mary")
    console.open(mine, "queue")
    first = mine.locator(".rows .title").first.get_attribute("href") or ""
    console.open(others, "queue")
    others.locator(".rows input[type=checkbox]").first.check()
    others.get_by_role("button", name="Reviewed").first.click()
    expect(others.get_by_text("State: Reviewed")).to_be_visible()
    gone = mine.locator(f'.rows .title[href="{first}"]')
    expect(gone).to_have_count(0)


def test_it_works_without_scripts(new_context: NewContext, console: Console) -> None:
    """Find, open, mark as anything, review."""
    page = new_context(**PHONE, java_script_enabled=False).new_page()
    console.log_in(page, "rita")
    console.open(page, "conversations?kind=answer")
    page.locator(".rows .title").first.click()
    page.get_by_role("link", name="Another …").first.click()
    page.get_by_role("button", name="Booking", exact=True).click()
    expect(page.get_by_text("Should be: Booking")).to_be_visible()
    page.get_by_role("button", name="Needs an engineer").click()
    expect(page.get_by_role("heading", name="State: Needs an engineer")).to_be_visible()


def test_the_second_factor_with_an_app(new_context: NewContext, console: Console) -> None:
    """The picture is drawn, the key can be typed, and the next login asks for the code."""
    page = new_context(**PHONE).new_page()
    console.log_in(page, "ada")
    console.open(page, "account/second-factor")
    expect(page.get_by_role("img", name="Picture with the key, for the app").locator("svg")).to_be_visible()
    drawn = page.locator(".qr svg path").last.bounding_box()
    frame = page.locator(".qr svg").bounding_box()
    assert drawn is not None
    assert frame is not None
    # All of it is seen, with a margin around it: else no phone can read it.
    assert frame["x"] < drawn["x"]
    assert drawn["x"] + drawn["width"] < frame["x"] + frame["width"]
    assert drawn["y"] + drawn["height"] < frame["y"] + frame["height"]
    key = base64.b32decode(_padded(page.locator("main code").inner_text().replace(" ", "")))
    assert_axe_finds_nothing(page, "second factor")
    page.get_by_label("Code").fill(f"{totp(key):06d}")
    page.keyboard.press("Enter")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    assert_axe_finds_nothing(page, "backup codes")
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(console.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert_axe_finds_nothing(page, "verify")
    page.get_by_label("Code").fill(codes[3])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 8)


def test_a_page_can_be_printed(new_context: NewContext, console: Console, tmp_path: Path) -> None:
    """The transcript alone, without menu and controls."""
    page = new_context(**DESKTOP).new_page()
    console.log_in(page, "rita")
    console.open(page, "conversations?kind=answer")
    page.locator(".rows .title").first.click()
    page.emulate_media(media="print")
    expect(page.locator(".transcript .bubble").first).to_be_visible()
    for hidden in (".menu", ".bar", "aside", ".marking"):
        for one in page.locator(hidden).all():
            expect(one).to_be_hidden()

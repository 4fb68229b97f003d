"""WCAG 2.2 AA: axe in every state, keyboard and focus, screen readers, large text, narrow screens, right to left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.support import SOURCE, FakeRasa, Widget, a_handoff, a_question, an_emergency, reply

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
NewContext = Callable[..., BrowserContext]


def assert_axe_finds_nothing(page: Page, state: str) -> None:
    # What still moves has other colours than what stands.
    page.evaluate("Promise.all(document.getAnimations({ subtree: true }).map((one) => one.finished.catch(() => {})))")
    results = Axe().run(page, options=RULES)
    found = [
        (rule["id"], node["target"], node.get("failureSummary"))
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]
    assert [] == found, state


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing_in_any_state(
    new_context: NewContext, site: str, rasa_server: FakeRasa, theme: str, language: str
) -> None:
    """From the closed launcher to the receipt, with the page around it."""
    context = new_context(color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(site)
    page.locator(f"[name=language][value={language}]").check()
    widget = Widget(page)
    assert_axe_finds_nothing(page, "closed")
    widget.open()
    assert_axe_finds_nothing(page, "open")
    rasa_server.replies = [
        reply(f"See https://example.org or call us.\n- {kind}", kind, topic="pain", sources=[SOURCE])
        for kind in ("answer", "refuse", "out_of_scope", "smalltalk", "form")
    ]
    rasa_server.replies += [an_emergency(), a_handoff(), a_handoff("requested"), a_question()]
    widget.ask()
    expect(widget.replies).to_have_count(9)
    widget.host.locator("summary").first.click()
    widget.host.locator(".feedback button").first.click()
    expect(widget.host.locator("[aria-pressed=true]")).to_have_count(1)
    assert_axe_finds_nothing(page, "every kind of reply")
    rasa_server.is_down = True
    widget.ask()
    expect(widget.host.locator(".notice")).to_have_count(1)
    widget.host.locator(".more").click()
    assert_axe_finds_nothing(page, "notice, menu")
    widget.host.locator(".menu .danger").click()
    widget.host.locator(".ask .danger").click()
    expect(widget.host.locator(".ask [role=alert]")).not_to_be_empty()
    assert_axe_finds_nothing(page, "deletion that failed")
    rasa_server.is_down = False
    page.route("**/api/chat/messages", lambda route: route.fulfill(status=422, body="{}"))
    widget.ask()
    expect(widget.host.locator(".visitor.refused")).to_have_count(1)
    page.unroute("**/api/chat/messages")
    page.route("**/api/chat/messages", lambda route: route.abort())
    widget.ask()
    expect(widget.host.locator(".visitor.unsent")).to_have_count(1)
    assert_axe_finds_nothing(page, "refused, unsent, down")
    context.set_offline(True)
    assert_axe_finds_nothing(page, "offline")
    context.set_offline(False)
    page.unroute("**/api/chat/messages")
    widget.host.locator(".ask .danger").click()
    expect(widget.host.locator(".receipt")).to_be_visible()
    assert_axe_finds_nothing(page, "receipt")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_the_chat_could_not_be_loaded(new_context: NewContext, site: str, theme: str) -> None:
    """Neither in that note nor in the hint."""
    page = new_context(color_scheme=theme).new_page()
    page.goto(site)
    page.locator("smp-chat").evaluate("chat => chat.setAttribute('hint-after', '0')")
    page.evaluate("document.body.append(document.querySelector('smp-chat').cloneNode(true))")
    page.locator("smp-chat").first.evaluate("chat => chat.remove()")
    expect(page.locator("smp-chat [part=hint]")).to_be_visible()
    assert_axe_finds_nothing(page, "hint")
    page.route("**/widget/**", lambda route: route.abort())
    page.locator("smp-chat .launcher").click()
    expect(page.locator("smp-chat .note[role=alert]")).to_be_visible()
    assert_axe_finds_nothing(page, "not loaded")


def test_a_conversation_with_the_keyboard_alone(widget: Widget, rasa_server: FakeRasa) -> None:
    """From the page into the chat, to an answer's sources and a choice, and back to the launcher."""
    page = widget.page
    rasa_server.replies = [reply(topic="pain", sources=[SOURCE]), a_question()]
    widget.launcher.focus()
    page.keyboard.press("Enter")
    expect(widget.panel).to_be_visible()
    assert widget.is_focused(widget.field)
    page.keyboard.type("does it hurt?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("really")
    page.keyboard.press("Enter")
    expect(widget.replies).to_have_count(2)
    assert ["does it hurt?\nreally"] == rasa_server.texts
    assert widget.is_focused(widget.field)

    def tab_to(locator: str, key: str) -> None:
        for _ in range(20):
            page.keyboard.press(key)
            if widget.is_focused(widget.host.locator(locator).first):
                return
        pytest.fail(f"{locator} can't be reached with {key}")

    tab_to(".clarify .button", "Shift+Tab")
    tab_to("summary", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(widget.host.get_by_role("link", name="A study of inks")).to_be_visible()
    tab_to("details a", "Tab")
    tab_to(".clarify .button", "Tab")
    rasa_server.replies = [reply("About scans.")]
    page.keyboard.press("Enter")
    expect(widget.replies).to_have_count(3)
    assert widget.is_focused(widget.field), "the focus is not lost with the button"
    page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    assert widget.is_focused(widget.launcher)


def test_escape_closes_the_menu_first(chat: Widget) -> None:
    """And the focus goes back to what opened it."""
    more = chat.page.get_by_role("button", name="More about this conversation")
    more.click()
    assert chat.is_focused(chat.page.get_by_role("button", name="Download this conversation"))
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_visible()
    assert chat.is_focused(more)


def test_the_focus_goes_back_to_the_link_that_opened_it(widget: Widget) -> None:
    """Not to the launcher that was not used."""
    link = widget.page.get_by_role("link", name="Ask about needles")
    link.focus()
    widget.page.keyboard.press("Enter")
    expect(widget.panel).to_be_visible()
    widget.page.get_by_role("button", name="Close the chat").click()
    expect(link).to_be_focused()


def test_what_a_screen_reader_is_told(chat: Widget, rasa_server: FakeRasa) -> None:
    """The tree: a named dialog, a log that is read as it grows, replies with their speaker, links and buttons named."""
    rasa_server.replies = [an_emergency(), reply(topic="pain", sources=[SOURCE]), a_handoff()]
    chat.ask("help")
    expect(chat.replies).to_have_count(3)
    expect(chat.log).to_have_attribute("aria-live", "polite")
    expect(chat.panel).to_match_aria_snapshot(
        """
        - dialog "Safety assistant":
          - heading "Safety assistant" [level=2]
          - paragraph: Example Clinic · Automated, with sources
          - button "More about this conversation"
          - button "Close the chat"
          - status
          - log "Conversation":
            - paragraph: /Hello! Ask me/
            - paragraph: /I'm an automated assistant, not a person/
            - paragraph:
              - link "Emergency? Call 911 now."
            - paragraph: /leave out names/
            - text: "You:"
            - paragraph: help
            - alert:
              - text: "Assistant:"
              - paragraph: This may be an emergency
              - link "Call 911"
              - paragraph: /Call 911 now/
              - group "Was this helpful?":
                - button "Yes"
                - button "No"
            - text: "Assistant:"
            - paragraph: An answer.
            - group: Sources (1)
            - group "Was this helpful?":
              - button "Yes"
              - button "No"
            - text: "Assistant:"
            - paragraph:
              - text: Please call
              - link "(310) 555-0100"
              - text: /leave your name/
            - link "Call (310) 555-0100"
            - link "Contact form (opens in a new tab)"
            - button "Ask for a call back"
            - group "Was this helpful?":
              - button "Yes"
              - button "No"
          - alert
          - text: Your question
          - textbox "Your question"
          - button "Send"
          - link "Call (310) 555-0100"
          - link "Contact form (opens in a new tab)"
        """
    )


PHONE_SIZE = {"width": 320, "height": 568}


def assert_all_is_in_reach(widget: Widget) -> None:
    """No control is cut off or lies outside, and nothing has to be scrolled sideways."""
    page = widget.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    width = page.evaluate("innerWidth")
    for control in widget.panel.locator("button, a, textarea, summary").all():
        if not control.is_visible():
            continue
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 0.5
        assert box["height"] >= 24 or control.evaluate("node => getComputedStyle(node).display === 'inline'")


@pytest.mark.parametrize("font_size", ["100%", "200%"])
def test_a_small_phone(new_context: NewContext, site: str, rasa_server: FakeRasa, font_size: str) -> None:
    """320 pixels wide, with text twice as large too: the chat covers the page, and all of it can be reached."""
    rasa_server.replies = [an_emergency(), a_handoff(), reply(topic="pain", sources=[SOURCE])]
    page = new_context(viewport=PHONE_SIZE, has_touch=True, is_mobile=True).new_page()
    page.goto(site)
    page.locator("smp-chat").evaluate(f"chat => chat.style.fontSize = '{font_size}'")
    widget = Widget(page)
    widget.launcher.tap()
    expect(widget.panel).to_be_visible()
    assert widget.panel.evaluate("panel => panel.matches(':modal')"), "nothing behind it can be reached"
    widget.ask()
    expect(widget.replies).to_have_count(3)
    assert_all_is_in_reach(widget)
    page.get_by_role("button", name="Close the chat").tap()
    expect(widget.panel).to_be_hidden()


def test_on_a_wide_screen_the_page_stays_usable(chat: Widget) -> None:
    """The panel is beside the page, not over it."""
    assert not chat.panel.evaluate("panel => panel.matches(':modal')")
    chat.page.get_by_role("link", name="What it is").click()
    expect(chat.panel).to_be_visible()


def test_turning_the_phone_keeps_what_was_typed(chat: Widget) -> None:
    """The panel changes between beside and over the page with its text and its focus."""
    chat.field.fill("half a sentence")
    chat.page.set_viewport_size(PHONE_SIZE)
    expect(chat.host.locator(".panel:modal")).to_be_visible()
    expect(chat.field).to_have_value("half a sentence")
    assert chat.is_focused(chat.field)
    chat.page.set_viewport_size({"width": 1280, "height": 800})
    expect(chat.host.locator(".panel:not(:modal)")).to_be_visible()


def test_right_to_left(page: Page, site: str, rasa_server: FakeRasa) -> None:
    """On a page that runs from right to left the chat does too; what is written from left to right stays so."""
    page.goto(site)
    page.evaluate("document.documentElement.dir = 'rtl'")
    widget = Widget(page)
    assert widget.launcher.bounding_box()["x"] < 200  # type: ignore[index]
    widget.open()
    widget.ask_and_wait()
    visitor, answer = widget.host.locator(".visitor").bounding_box(), widget.replies.bounding_box()
    assert visitor is not None
    assert answer is not None
    assert visitor["x"] < answer["x"]
    assert "ltr" == widget.replies.locator("p").first.evaluate("p => getComputedStyle(p).direction")


def test_without_motion(new_context: NewContext, site: str) -> None:
    """A visitor who wants no motion sees none."""
    page = new_context(reduced_motion="reduce").new_page()
    page.goto(site)
    widget = Widget(page)
    widget.open()
    widget.ask_and_wait()
    names = "all => all.map((node) => getComputedStyle(node).animationName)"
    assert {"none"} == set(widget.host.locator(".panel, .card, .typing").evaluate_all(names))

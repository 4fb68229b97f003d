"""A conversation, from the first look to the receipt of its deletion."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.widget.support import (
    PHONE,
    PHONE_TEXT,
    SOURCE,
    FakeRasa,
    Widget,
    a_handoff,
    a_question,
    an_emergency,
    reply,
)

pytestmark = pytest.mark.browser


def test_before_the_first_message(chat: Widget, rasa_server: FakeRasa) -> None:
    """A visitor is told that it is a bot, what to do in an emergency, and about privacy; the server hears nothing."""
    intro = chat.host.locator(".intro")
    expect(intro).to_contain_text("I'm an automated assistant, not a person")
    expect(intro).to_contain_text("leave out names and private health details")
    expect(intro.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    assert chat.page.evaluate("Object.keys(localStorage).length") == 0
    assert [] == rasa_server.asked


def test_a_starter_question_is_one_tap(chat: Widget, rasa_server: FakeRasa) -> None:
    """It is sent as it is written, and the starters make room."""
    chat.page.get_by_role("button", name="What is in the ink?").click()
    expect(chat.replies).to_have_count(1)
    assert ["What is in the ink?"] == rasa_server.texts
    expect(chat.host.locator(".starters")).to_have_count(0)


def test_sources_are_folded_under_an_answer(chat: Widget, rasa_server: FakeRasa) -> None:
    """They show on request, and open beside the page without telling where they were opened."""
    rasa_server.replies = [reply(topic="pain", sources=[SOURCE])]
    answer = chat.ask_and_wait()
    link = answer.get_by_role("link", name="A study of inks")
    expect(link).to_be_hidden()
    answer.get_by_text("Sources (1)").click()
    expect(link).to_be_visible()
    expect(link).to_have_attribute("href", SOURCE["url"])
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(answer).to_contain_text("A journal")


def test_a_choice_is_a_button(chat: Widget, rasa_server: FakeRasa) -> None:
    """It sends its id and shows its title."""
    rasa_server.replies = [a_question()]
    chat.ask_and_wait("scan")
    rasa_server.replies = [reply()]
    chat.page.get_by_role("button", name="MRI scans").press("Enter")
    expect(chat.replies).to_have_count(2)
    assert "safety/mri" == rasa_server.asked[1]["choice"]
    expect(chat.sent).to_have_text(["scan", "MRI scans"])


def test_an_emergency_is_unmistakable(chat: Widget, rasa_server: FakeRasa) -> None:
    """A label in words, the alert role that screen readers speak at once, and the emergency line before the text."""
    rasa_server.replies = [an_emergency()]
    chat.ask_and_wait("help")
    alert = chat.log.get_by_role("alert")
    expect(alert).to_contain_text("This may be an emergency")
    call = alert.get_by_role("link", name="Call 911")
    expect(call).to_have_attribute("href", "tel:911")
    assert call.bounding_box()["y"] < alert.locator(".text").bounding_box()["y"]  # type: ignore[index]


def test_an_emergency_of_the_past_is_not_announced_again(chat: Widget, rasa_server: FakeRasa) -> None:
    """After a reload it looks the same, and no alert interrupts."""
    rasa_server.replies = [an_emergency()]
    chat.ask_and_wait("help")
    chat.page.reload()
    chat.open()
    expect(chat.replies).to_contain_text("This may be an emergency")
    expect(chat.log.get_by_role("alert")).to_have_count(0)


def test_an_emergency_opens_a_closed_chat(chat: Widget, rasa_server: FakeRasa) -> None:
    """A visitor who closed the panel while waiting sees it all the same."""
    rasa_server.replies = [an_emergency()]
    rasa_server.goes_on.clear()
    chat.ask("help")
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    rasa_server.goes_on.set()
    expect(chat.panel).to_be_visible()
    expect(chat.log.get_by_role("alert")).to_be_visible()


def test_a_handoff_can_be_tapped(chat: Widget, rasa_server: FakeRasa) -> None:
    """Phone as a tel link, in the text too; the form of this very handoff; and a wish to be called back."""
    rasa_server.replies = [a_handoff()]
    card = chat.ask_and_wait("book me in")
    for name in (f"Call {PHONE_TEXT}", PHONE_TEXT):
        expect(card.get_by_role("link", name=name, exact=True)).to_have_attribute("href", f"tel:{PHONE}")
    link = card.get_by_role("link", name="Contact form").get_attribute("href")
    assert link is not None
    card.get_by_role("button", name="Ask for a call back").click()
    expect(chat.replies).to_have_count(2)
    assert "please call me back" == rasa_server.asked[1]["text"]
    chat.page.goto(link)
    expect(chat.page.get_by_label("What is it about?")).to_have_value("booking")


def test_a_request_that_was_made_says_so(chat: Widget, rasa_server: FakeRasa) -> None:
    """And offers no second one."""
    rasa_server.replies = [a_handoff("requested")]
    card = chat.ask_and_wait("done")
    expect(card).to_contain_text("The clinic has your request")
    expect(card.get_by_role("button", name="Ask for a call back")).to_have_count(0)


def test_helpful_or_not(chat: Widget) -> None:
    """It is kept by the server, can be changed, and is still there after a reload."""
    card = chat.ask_and_wait()
    no = card.get_by_role("button", name="No", exact=True)
    card.get_by_role("button", name="Yes").click()
    expect(card.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    no.click()
    expect(no).to_have_attribute("aria-pressed", "true")
    chat.page.reload()
    chat.open()
    expect(chat.replies.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_waiting_visitor_sees_that_an_answer_comes(chat: Widget, rasa_server: FakeRasa) -> None:
    """And nothing of it once it is there."""
    rasa_server.goes_on.clear()
    chat.ask()
    expect(chat.log.get_by_text("The assistant is writing")).to_be_visible()
    rasa_server.goes_on.set()
    expect(chat.replies).to_have_count(1)
    expect(chat.log.get_by_text("The assistant is writing")).to_be_hidden()


def test_the_transcript(chat: Widget, rasa_server: FakeRasa, tmp_path: Path) -> None:
    """A text file with what was said, by whom, and the sources."""
    rasa_server.replies = [reply("An answer.", topic="pain", sources=[SOURCE])]
    chat.ask_and_wait("does it hurt?")
    with chat.page.expect_download() as download:
        chat.menu("Download this conversation")
    assert "conversation.txt" == download.value.suggested_filename
    download.value.save_as(tmp_path / "conversation.txt")
    text = (tmp_path / "conversation.txt").read_text(encoding="utf-8")
    assert "You: does it hurt?" in text
    assert "Assistant: An answer." in text
    assert SOURCE["url"] in text


def test_deletion_asks_first_and_gives_a_receipt(chat: Widget, rasa_server: FakeRasa) -> None:
    """Nothing of the conversation stays: not on the screen, not in the browser, not with Rasa."""
    chat.ask_and_wait()
    chat.menu("Delete this conversation")
    chat.page.get_by_role("button", name="Keep it").click()
    expect(chat.sent).to_have_count(1)
    chat.menu("Delete this conversation")
    chat.page.get_by_role("button", name="Delete", exact=True).click()
    expect(chat.log).to_contain_text("Receipt ")
    expect(chat.sent).to_have_count(0)
    assert 1 == len(rasa_server.forgotten)
    assert [0, 0] == chat.page.evaluate("[localStorage.length, sessionStorage.length]")


def test_a_deletion_that_failed_says_so(chat: Widget, rasa_server: FakeRasa) -> None:
    """Nothing was deleted, so everything is still there, and it can be tried again."""
    chat.ask_and_wait()
    rasa_server.is_down = True
    chat.menu("Delete this conversation")
    chat.page.get_by_role("button", name="Delete", exact=True).click()
    expect(chat.host.locator(".ask [role=alert]")).to_contain_text("could not be deleted right now, and nothing was")
    expect(chat.sent).to_have_count(1)
    rasa_server.is_down = False
    chat.page.get_by_role("button", name="Delete", exact=True).click()
    expect(chat.log).to_contain_text("Receipt ")

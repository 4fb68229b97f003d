"""No message is lost, and none is handled twice: offline, failures, reloads, tabs, pages."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from tests.plugins.browser import Process
from tests.widget.support import PHONE, FakeRasa, Widget, a_question, reply

pytestmark = pytest.mark.browser

MESSAGES = "**/api/chat/messages"


def second_tab(context: BrowserContext, site: str) -> Widget:
    page = context.new_page()
    page.goto(site)
    other = Widget(page)
    other.open()
    return other


def test_offline_and_back(chat: Widget, context: BrowserContext, rasa_server: FakeRasa) -> None:
    """What is written offline is shown as unsent, with the phone at hand, and sent by itself, in order, once."""
    context.set_offline(True)
    expect(chat.banner).to_contain_text("You are offline")
    expect(chat.banner.get_by_role("link", name="Call (310)")).to_have_attribute("href", f"tel:{PHONE}")
    chat.ask("first")
    chat.ask("second")
    expect(chat.host.get_by_text("Not sent yet")).to_have_count(2)
    context.set_offline(False)
    expect(chat.replies).to_have_count(2)
    expect(chat.banner).to_be_empty()
    assert ["first", "second"] == rasa_server.texts
    assert 0 == chat.page.evaluate("sessionStorage.length")


def test_what_was_written_offline_survives_a_reload(chat: Widget, rasa_server: FakeRasa) -> None:
    """And is sent without the chat being opened again."""
    chat.page.route("**/api/chat/**", lambda route: route.abort())
    chat.ask("kept")
    expect(chat.host.get_by_text("Not sent yet")).to_be_visible()
    chat.page.unroute("**/api/chat/**")
    chat.page.reload()
    expect(chat.launcher).to_have_class("launcher news")
    assert ["kept"] == rasa_server.texts
    chat.open()
    expect(chat.replies).to_have_count(1)


def test_an_answer_that_got_lost_is_not_asked_for_twice(chat: Widget, rasa_server: FakeRasa) -> None:
    """The server got the message and its answer did not arrive: sending it again handles nothing again."""
    lost = []

    def lose_the_first(route: Route) -> None:
        if not lost and route.request.method == "POST":
            lost.append(route.fetch())
            route.abort("connectionreset")
        else:
            route.continue_()

    chat.page.route(MESSAGES, lose_the_first)
    chat.ask("does it hurt?")
    expect(chat.replies).to_have_count(1)
    expect(chat.sent).to_have_text(["does it hurt?"])
    assert ["does it hurt?"] == rasa_server.texts


def test_a_failing_server_is_tried_again(chat: Widget, rasa_server: FakeRasa) -> None:
    """With phone and form in sight at the first failure, and a way not to wait."""
    chat.page.route("**/api/chat/sessions", lambda route: route.fulfill(status=503, body="<html>busy</html>"))
    chat.ask()
    expect(chat.banner).to_contain_text("The assistant can't be reached right now")
    for name in ("Call (310)", "Contact form", "Call 911"):
        expect(chat.banner.get_by_role("link", name=name)).to_be_visible()
    chat.page.unroute("**/api/chat/sessions")
    chat.banner.get_by_role("button", name="Try again").click()
    expect(chat.replies).to_have_count(1)
    expect(chat.banner).to_be_empty()
    assert 1 == len(rasa_server.asked)


def test_it_is_tried_again_without_help(chat: Widget, rasa_server: FakeRasa) -> None:
    """The visitor need not do anything."""
    failures = []

    def fail_twice(route: Route) -> None:
        if len(failures) < 2:
            failures.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    chat.page.route("**/api/chat/sessions", fail_twice)
    chat.ask()
    expect(chat.replies).to_have_count(1)
    assert 2 == len(failures)


def test_too_many_is_a_matter_of_time(chat: Widget, rasa_server: FakeRasa) -> None:
    """The message is kept, and the visitor told; no phone number is called for that."""
    limited = '{"error": {"code": "too_many", "message": "Slow."}, "contact": {}}'
    chat.page.route(MESSAGES, lambda route: route.fulfill(status=429, body=limited))
    chat.ask()
    expect(chat.banner).to_contain_text("sent in a moment")
    chat.page.unroute(MESSAGES)
    chat.host.get_by_role("button", name="Send now").click()
    expect(chat.replies).to_have_count(1)


def test_what_can_never_be_accepted_is_said_so(chat: Widget, rasa_server: FakeRasa) -> None:
    """It is not tried for ever, and the next message goes through."""
    chat.page.route(MESSAGES, lambda route: route.fulfill(status=422, body='{"error": {"code": "invalid"}}'))
    chat.ask("first")
    expect(chat.host.get_by_text("This could not be accepted")).to_be_visible()
    chat.page.unroute(MESSAGES)
    chat.ask("second")
    expect(chat.replies).to_have_count(1)
    assert ["second"] == rasa_server.texts


def test_a_text_that_is_too_long_stays_in_the_field(chat: Widget, rasa_server: FakeRasa) -> None:
    """Nothing of it is lost, and the reason is told."""
    chat.ask("x" * 10_001)
    expect(chat.panel.get_by_text("too long for one message")).to_be_visible()
    assert 10_001 == len(chat.field.input_value())
    assert [] == rasa_server.asked


def test_double_send(chat: Widget, rasa_server: FakeRasa) -> None:
    """Enter twice, or a second click on a starter, is one message."""
    chat.field.fill("does it hurt?")
    chat.field.evaluate("field => { field.form.requestSubmit(); field.form.requestSubmit(); }")
    expect(chat.replies).to_have_count(1)
    assert ["does it hurt?"] == rasa_server.texts


def test_a_reload_in_the_middle_of_an_answer(chat: Widget, rasa_server: FakeRasa) -> None:
    """The message is there at once, its answer when it comes, and Rasa was asked once."""
    rasa_server.goes_on.clear()
    chat.ask("does it hurt?")
    expect(chat.sent).to_have_count(1)
    while not rasa_server.asked:
        chat.page.wait_for_timeout(20)
    chat.page.reload()
    chat.open()
    expect(chat.sent).to_have_text(["does it hurt?"])
    rasa_server.goes_on.set()
    expect(chat.replies).to_have_count(1)
    assert 1 == len(rasa_server.asked)


def test_another_page_of_the_site_keeps_the_conversation(chat: Widget, site: str, rasa_server: FakeRasa) -> None:
    """With titles of choices instead of their ids, and what was typed and not sent."""
    rasa_server.replies = [a_question()]
    chat.ask_and_wait("scan")
    chat.page.get_by_role("button", name="MRI scans").click()
    expect(chat.replies).to_have_count(2)
    chat.field.fill("half a senten")
    chat.page.goto(f"{site}/?page=2")
    chat.open()
    expect(chat.sent).to_have_text(["scan", "MRI scans"])
    expect(chat.replies).to_have_count(2)
    expect(chat.field).to_have_value("half a senten")


def test_a_second_tab_follows(chat: Widget, context: BrowserContext, site: str, rasa_server: FakeRasa) -> None:
    """Both tabs are one conversation, in the same order, whoever writes."""
    chat.ask_and_wait("one")
    other = second_tab(context, site)
    expect(other.sent).to_have_text(["one"])
    other.ask_and_wait("two")
    expect(chat.sent).to_have_text(["one", "two"])
    chat.ask_and_wait("three")
    expect(other.sent).to_have_text(["one", "two", "three"])
    expect(other.replies).to_have_count(3)
    assert 1 == len({turn["conversation"] for turn in rasa_server.asked})


def test_news_that_comes_during_a_reading_is_read_too(chat: Widget, context: BrowserContext, site: str) -> None:
    """What the server answers is older than what another tab tells meanwhile."""
    chat.ask_and_wait("one")
    other = second_tab(context, site)
    expect(other.sent).to_have_text(["one"])
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    other.page.route("**/api/chat/messages?after=*", hold_the_first)
    other.page.evaluate("dispatchEvent(new Event('focus'))")
    while not held:
        other.page.wait_for_timeout(20)
    chat.ask_and_wait("two")
    other.page.wait_for_timeout(200)
    route, response = held[0]
    route.fulfill(response=response)
    expect(other.sent).to_have_text(["one", "two"])


def test_tabs_that_start_at_once_share_a_conversation(
    chat: Widget, context: BrowserContext, site: str, rasa_server: FakeRasa
) -> None:
    """Neither overwrites the other's session."""
    other = second_tab(context, site)
    chat.ask("one")
    other.ask("two")
    for tab in (chat, other):
        expect(tab.replies).to_have_count(2)
        assert ["one", "two"] == sorted(tab.sent.all_inner_texts())
    assert 1 == len({turn["conversation"] for turn in rasa_server.asked})


def test_deletion_in_one_tab_clears_the_other(chat: Widget, context: BrowserContext, site: str) -> None:
    """What was deleted is seen nowhere; a new message begins a new conversation."""
    chat.ask_and_wait("private")
    other = second_tab(context, site)
    expect(other.sent).to_have_count(1)
    other.menu("Delete this conversation")
    other.page.get_by_role("button", name="Delete", exact=True).click()
    expect(other.log).to_contain_text("Receipt ")
    expect(chat.sent).to_have_count(0)
    chat.ask_and_wait("new")
    expect(other.sent).to_have_text(["new"])


def test_a_session_that_is_over_loses_no_message(chat: Widget, rasa_server: FakeRasa) -> None:
    """The message goes into a new conversation, and the visitor is told."""
    chat.ask_and_wait("old")
    chat.page.evaluate("localStorage.setItem('smp-chat.token', 'expired')")
    chat.ask("new")
    expect(chat.sent).to_have_text(["new"])
    expect(chat.replies).to_have_count(1)
    expect(chat.log).to_contain_text("The earlier conversation has ended")
    assert ["old", "new"] == rasa_server.texts


def test_a_long_conversation_is_restored_whole(chat: Widget, site: str) -> None:
    """More messages than one answer of the server holds."""
    chat.ask_and_wait("message 0")
    token = chat.page.evaluate("localStorage.getItem('smp-chat.token')")
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        for number in range(1, 105):
            body = {"client_message_id": str(number), "text": f"message {number}"}
            client.post(f"{site}/api/chat/messages", json=body).raise_for_status()
    chat.page.reload()
    chat.open()
    expect(chat.sent).to_have_text([f"message {number}" for number in range(105)])


def test_when_rasa_is_down_the_visitor_gets_a_way_and_may_ask_again(chat: Widget, rasa_server: FakeRasa) -> None:
    """Emergency line, phone and form; the same message is answered once Rasa is back."""
    rasa_server.is_down = True
    notice = chat.ask_and_wait("does it hurt?")
    expect(notice).to_contain_text("If this is an emergency, call")
    expect(notice.get_by_role("link", name="Contact form")).to_be_visible()
    rasa_server.is_down = False
    rasa_server.replies = [reply("It can.")]
    notice.get_by_role("button", name="Ask again").click()
    expect(chat.replies).to_have_text(["Assistant: It can.Was this helpful?YesNo"])
    expect(chat.sent).to_have_count(1)
    assert 1 == len({turn["message_id"] for turn in rasa_server.asked})


def test_a_server_that_is_gone(page: Page, site: str, process: Process) -> None:
    """The page is open and the server dies: phone and form at once; when it is back, the chat opens."""
    page.goto(site)
    widget = Widget(page)
    expect(widget.launcher).to_be_visible()
    process.stop()
    try:
        widget.launcher.click()
        alert = page.get_by_role("alert")
        expect(alert.get_by_role("link", name="(310) 555-0100")).to_have_attribute("href", f"tel:{PHONE}")
        expect(alert.get_by_role("link", name="Contact form")).to_be_visible()
        expect(alert.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    finally:
        process.start()
    page.get_by_role("button", name="Try again").click()
    expect(widget.panel).to_be_visible()

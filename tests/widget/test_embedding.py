"""On the pages of others: another origin under a strict policy, frames, themes, languages, events."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.support import ClinicSite, FakeRasa, Widget, a_handoff, an_emergency, reply

pytestmark = pytest.mark.browser


def open_on(page: Page, address: str) -> Widget:
    page.goto(address)
    widget = Widget(page)
    widget.open()
    return widget


def test_another_origin_with_a_strict_policy(
    page: Page, site: str, clinic_site: ClinicSite, rasa_server: FakeRasa
) -> None:
    """One line, no inline style or script, no request to anyone else, no cookie, and only the token is kept."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    widget = open_on(page, clinic_site.address)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    rasa_server.replies = [reply(), an_emergency(), a_handoff()]
    widget.ask()
    expect(widget.replies).to_have_count(3)
    expect(widget.launcher).to_be_hidden()
    assert "rgb(11, 93, 102)" == widget.host.locator(".header").evaluate("h => getComputedStyle(h).backgroundColor")
    hosts = {f"{address.scheme}://{address.netloc}" for address in map(urlsplit, requested)}
    assert {site, clinic_site.address} == hosts
    assert [] == page.context.cookies()
    assert ["smp-chat.token"] == page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")


def test_the_launcher_comes_first_and_the_rest_on_use(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """Before the first use one file is loaded."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(urlsplit(request.url).path))
    page.goto(clinic_site.address)
    widget = Widget(page)
    expect(widget.launcher).to_be_visible()
    assert ["/", "/widget/loader.js"] == [path for path in requested if "favicon" not in path]
    widget.open()
    assert {"chat", "language-en", "loader"} == {
        path.removeprefix("/widget/").split(".")[0] for path in requested if path.startswith("/widget/")
    }


def test_a_site_that_is_not_allowed(page: Page, site: str, clinic_site: ClinicSite, rasa_server: FakeRasa) -> None:
    """Its visitors still get phone and form; the server takes no message from there."""
    address = clinic_site.address.replace("127.0.0.1", "localhost")
    widget = open_on(page, address)
    widget.ask()
    expect(widget.banner.get_by_role("link", name="Contact form")).to_be_visible()
    assert [] == rasa_server.asked


def test_the_pinned_version(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """Taken from the page; the browser runs this very version, or, when a byte differs, none."""
    page.goto(site)
    clinic_site.body = page.locator("#pinned").text_content() or ""
    assert 'integrity="sha256-' in clinic_site.body
    widget = open_on(page, clinic_site.address)
    expect(widget.panel).to_be_visible()
    clinic_site.body = clinic_site.body.replace("sha256-", "sha256-A")
    page.goto(clinic_site.address)
    expect(page.get_by_role("link", name="Contact us")).to_be_visible()
    assert not page.evaluate("Boolean(customElements.get('smp-chat'))")


def test_a_file_that_was_tampered_with_is_not_run(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """The loader holds the hashes of what it brings; the visitor gets the clinic's phone."""
    changed = {"body": "export class Chat {}", "headers": {"Access-Control-Allow-Origin": "*"}}
    page.route("**/widget/**/chat.*.js", lambda route: route.fulfill(content_type="text/javascript", **changed))
    page.route("**/widget/chat.*.js", lambda route: route.fulfill(content_type="text/javascript", **changed))
    page.goto(clinic_site.address)
    Widget(page).launcher.click()
    expect(page.get_by_role("alert").get_by_role("link", name="(310) 555-0100")).to_be_visible()


def test_without_scripts(new_context: Callable[..., BrowserContext], site: str) -> None:
    """Phone and form stay on the page."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto(site)
    way = page.locator("smp-chat")
    expect(way.get_by_role("link", name="(310) 555-0100")).to_be_visible()
    expect(way.get_by_role("link", name="contact form")).to_be_visible()


def test_in_a_frame(page: Page, site: str, clinic_site: ClinicSite, rasa_server: FakeRasa) -> None:
    """The page for frames, on an allowed site: the chat stands open and answers."""
    clinic_site.policy = f"default-src 'none'; frame-src {site}"
    clinic_site.body = f'<iframe src="{site}/embed" title="Safety assistant" width="400" height="640"></iframe>'
    page.goto(clinic_site.address)
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your question").fill("does it hurt?")
    frame.get_by_role("button", name="Send").click()
    expect(frame.locator("smp-chat .turn .reply")).to_have_count(1)
    expect(frame.get_by_role("button", name="Close the chat")).to_have_count(0)
    assert ["does it hurt?"] == rasa_server.texts


def test_in_a_frame_without_storage(page: Page, site: str, clinic_site: ClinicSite, rasa_server: FakeRasa) -> None:
    """A site in a sandbox that keeps nothing: the conversation works as long as the page is open."""
    page.goto(clinic_site.address)
    page.add_init_script(
        "for (const kind of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, kind, { get() { throw new DOMException('no', 'SecurityError'); } });"
        "window.BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };"
    )
    widget = open_on(page, clinic_site.address)
    widget.ask_and_wait("one")
    widget.ask_and_wait("two")
    assert 1 == len({turn["conversation"] for turn in rasa_server.asked})


def test_links_of_the_page_open_it(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """By click, and by an address that ends in it."""
    clinic_site.body += '<a href="#smp-chat">Ask us</a>'
    page.goto(clinic_site.address)
    page.get_by_role("link", name="Ask us").click()
    expect(Widget(page).panel).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{clinic_site.address}/#smp-chat")
    expect(Widget(page).field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{clinic_site.address}/")


def test_events_hold_no_text(page: Page, site: str, clinic_site: ClinicSite, rasa_server: FakeRasa) -> None:
    """A page's analytics learn that something happened, not what was said, nor that it was an emergency."""
    page.add_init_script(
        "window.told = [];"
        "for (const name of ['open', 'sent', 'reply', 'feedback', 'deleted', 'close'])"
        " document.addEventListener(`smp-chat-${name}`, ({ detail }) => window.told.push([name, detail]));"
    )
    widget = open_on(page, clinic_site.address)
    rasa_server.replies = [an_emergency(), reply(), a_handoff()]
    widget.ask("private")
    expect(widget.replies).to_have_count(3)
    widget.replies.nth(1).get_by_role("button", name="Yes").click()
    expect(widget.host.locator("[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    assert [
        ["open", None],
        ["sent", None],
        ["reply", {"handled": "other"}],
        ["reply", {"handled": "answer"}],
        ["reply", {"handled": "handoff"}],
        ["feedback", {"helpful": True}],
        ["close", None],
    ] == page.evaluate("window.told")


def test_the_hint_comes_once(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """Where a visit begins; it can be dismissed, and a reload or another page of the site does not bring it back."""
    clinic_site.body = '<smp-chat hint="Questions?" hint-after="0"></smp-chat>' + clinic_site.body
    page.goto(clinic_site.address)
    hint = page.locator("smp-chat [part=hint]")
    expect(hint).to_contain_text("Questions?")
    hint.get_by_role("button", name="Dismiss").click()
    expect(hint).to_have_count(0)
    page.reload()
    expect(page.locator("smp-chat .launcher")).to_be_visible()
    page.wait_for_timeout(200)
    expect(hint).to_have_count(0)


def test_it_takes_the_sites_looks_and_language(page: Page, site: str, clinic_site: ClinicSite) -> None:
    """Language of the page, corner, greeting and colours; the bot's disclosure stays whatever the greeting."""
    clinic_site.html = '<html lang="es-MX">'
    clinic_site.body = '<smp-chat position="start" theme="dark" greeting="Buenas"></smp-chat>' + clinic_site.body
    page.goto(clinic_site.address)
    page.locator("smp-chat").evaluate("chat => chat.style.setProperty('--smp-chat-accent-dark', 'rgb(1, 200, 3)')")
    widget = Widget(page)
    expect(widget.launcher).to_contain_text("¿Dudas de seguridad?")
    assert widget.launcher.bounding_box()["x"] < 100  # type: ignore[index]
    widget.open()
    expect(widget.host.locator(".intro")).to_contain_text("Buenas")
    expect(widget.host.locator(".intro")).to_contain_text("Soy un asistente automático, no una persona")
    expect(page.get_by_role("textbox", name="Su pregunta")).to_be_visible()
    assert "rgb(1, 200, 3)" == widget.host.locator(".header").evaluate("h => getComputedStyle(h).backgroundColor")


def test_the_demo_pages_snippet_and_switches(
    new_context: Callable[..., BrowserContext], site: str, clinic_site: ClinicSite
) -> None:
    """The snippet is copied as it has to be pasted, and works; theme and language change the chat on the page."""
    context = new_context(permissions=["clipboard-read", "clipboard-write"], color_scheme="light")
    page = context.new_page()
    page.goto(site)
    page.locator("[data-copy=snippet]").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    snippet = page.evaluate("navigator.clipboard.readText()")
    assert httpx.get(snippet.split('src="')[1].split('"')[0], trust_env=False).status_code == 200
    page.get_by_label("Dark").check()
    assert "rgb(142, 216, 223)" == page.locator("smp-chat .launcher").evaluate(
        "b => getComputedStyle(b).backgroundColor"
    )
    page.get_by_label("Español").check()
    expect(page.locator("smp-chat .launcher")).to_contain_text("¿Dudas")
    clinic_site.body = snippet
    open_on(page, clinic_site.address)

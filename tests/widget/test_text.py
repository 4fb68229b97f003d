"""Whatever a reply holds stays text; only a safe few things become more."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.widget.support import FakeRasa, Widget, reply

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "<svg/onload=document.title='hacked'>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style><math><mtext></mtext></math>",
    "</div></dialog><h1>outside</h1>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "[click](javascript:alert(1)) ![x](https://evil.example/pixel.png)",
    "javascript:alert(1) vbscript:x data:text/html,<script>alert(1)</script> file:///etc/passwd",
    "JaVaScRiPt:alert(1) java\nscript:alert(1) \x01javascript:alert(1)",
    "https://fda.gov@evil.example/ https://user:secret@evil.example/",
    "https:// http://[ https://%zz.example mailto: tel:",
    "\u202ehttps://example.org/gpj.exe\u202c \u2066isolated \u2068and more",
    "\u202e" * 500 + "turned",
    "a" + "\u0301" * 3000,
    "\ufeff\u200b\u200d\u2028\u2029 invisible",
    "W" * 5000,
    "word " * 9000,
    "\n" * 5000 + "- item\n" * 5000,
    "https://example.org/" + "a" * 5000,
    "\U0001f600" * 2000 + "\ud7ff",
]


def test_hostile_replies(chat: Widget, rasa_server: FakeRasa) -> None:
    """Nothing runs, nothing is loaded, nothing leaves its card, and the chat goes on."""
    requests: list[str] = []
    title = chat.page.title()
    chat.page.on("dialog", lambda dialog: pytest.fail(f"A reply opened a dialog: {dialog.message}"))
    source = {"title": "<b>A study</b>", "publisher": "\u202eA journal", "url": "https://example.org/?q=<svg>"}
    choice = {"id": "choice", "title": "<b>Ink</b>", "description": '" onclick="alert(1)'}
    chat.page.on("request", lambda request: requests.append(request.url))
    rasa_server.replies = [reply(text, sources=[source], choices=[choice]) for text in HOSTILE]
    chat.ask("\n".join(HOSTILE[:8]))
    # The chat shows so many replies to one message and no more.
    expect(chat.replies).to_have_count(20)
    rasa_server.replies = [reply(text) for text in HOSTILE[20:]]
    chat.ask("more")
    expect(chat.replies).to_have_count(20 + len(HOSTILE) - 20)
    log = chat.log
    for name in ("script", "img", "iframe", "style", "math", "h1", "b", "svg:not(.icon)"):
        assert 0 == log.locator(name).count()
    links = log.locator("a").evaluate_all("links => links.map((link) => link.protocol + link.username)")
    assert {"https:", "tel:"} >= set(links)
    widths = chat.replies.evaluate_all("cards => cards.map((card) => card.scrollWidth - card.clientWidth)")
    assert max(widths) <= 0
    assert chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    longest = chat.replies.locator(".text").evaluate_all("texts => Math.max(...texts.map((t) => t.textContent.length))")
    assert longest <= 20_002
    assert chat.replies.locator(".text").evaluate_all("all => Math.max(...all.map((t) => t.childElementCount))") <= 400
    assert title == chat.page.title()
    assert {chat.page.url.rstrip("/") + "/api/chat/messages", chat.page.url.rstrip("/") + "/api/chat/sessions"} >= set(
        requests
    )


def test_the_safe_subset(chat: Widget, rasa_server: FakeRasa) -> None:
    """Paragraphs, lists, and links to http, https, tel and mailto; a full stop after a link is none of it."""
    text = (
        "First line.\nSecond line.\n\nKeep it:\n- clean\n- dry\n\n1. wash\n2. wait\n\n"
        "See https://example.org/a_(b)?c=d#e. Or http://example.org, (https://example.org/x). "
        "Write mailto:help@example.org or call tel:+13105550100."
    )
    rasa_server.replies = [reply(text)]
    card = chat.ask_and_wait().locator(".text")
    expect(card.locator("p")).to_have_count(4)
    expect(card.locator("ul li")).to_have_text(["clean", "dry"])
    expect(card.locator("ol li")).to_have_text(["wash", "wait"])
    assert [
        "https://example.org/a_(b)?c=d#e",
        "http://example.org/",
        "https://example.org/x",
        "mailto:help@example.org",
        "tel:+13105550100",
    ] == card.locator("a").evaluate_all("links => links.map((link) => link.href)")
    expect(card).to_contain_text("c=d#e. Or http://example.org, (https://example.org/x).")


def test_a_turned_text_turns_nothing_after_it(chat: Widget, rasa_server: FakeRasa) -> None:
    """Overrides are left out, and every paragraph and link is isolated from its neighbours."""
    rasa_server.replies = [reply("\u202eevil https://example.org/gpj.exe and more")]
    card = chat.ask_and_wait().locator(".text")
    assert "\u202e" not in card.inner_text()
    assert "isolate" in card.locator("p").evaluate("p => getComputedStyle(p).unicodeBidi")
    assert "isolate" in card.locator("a bdi").evaluate("b => getComputedStyle(b).unicodeBidi")

"""A reply as each channel can show it: within its limits, in the order of the design, one interactive part."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.meta import rules
from shared.reply import Choice, Contact, Handoff, Reply, Review, Source
from web.channels import sending_messenger, sending_whatsapp
from web.channels.rendering import CAPABILITIES, length, plain, render, split

CONTACT = Contact(phone="+13105550100", phone_text="(310) 555-0100", form_url="https://chat.example/contact/")
BOTH = ("whatsapp", "messenger")


def choices(count: int, description: str = "") -> list[Choice]:
    return [Choice(id=f"id-{place}", title=f"Choice {place}", description=description) for place in range(1, count + 1)]


def sources(count: int) -> list[Source]:
    return [
        Source.model_validate({"title": "T", "publisher": f"Publisher {n}", "url": f"https://a.example/{n}"})
        for n in range(count)
    ]


def answer(text: str = "An answer.", **more: Any) -> Reply:
    return Reply(text=text, kind="answer", **more)


def keys(reply: Reply, channel: str) -> list[set[str]]:
    return [set(part) - {"text"} for part in render(reply, channel)]


@pytest.mark.parametrize("channel", BOTH)
def test_a_plain_answer_is_one_text(channel: str) -> None:
    """With at most two sources, as publisher and address."""
    (part,) = render(answer(sources=sources(3)), channel)
    assert part == {
        "text": "An answer.\n\nSources:\nPublisher 0: https://a.example/0\nPublisher 1: https://a.example/1"
    }


@pytest.mark.parametrize(
    ("channel", "count", "description", "expected"),
    [
        ("whatsapp", 3, "", "buttons"),
        ("whatsapp", 2, "More of it", "rows"),
        ("whatsapp", 4, "", "rows"),
        ("whatsapp", 10, "More of it", "rows"),
        ("whatsapp", 11, "", "numbered"),
        ("messenger", 3, "", "quick_replies"),
        ("messenger", 13, "", "quick_replies"),
        ("messenger", 14, "", "numbered"),
    ],
)
def test_choices_are_shown_as_the_channel_can(channel: str, count: int, description: str, expected: str) -> None:
    """Buttons, a list, quick replies; what does not fit becomes numbered text."""
    (part,) = render(answer(choices=choices(count, description)), channel)
    assert set(part) == {"text", expected}
    if expected == "numbered":
        assert part["numbered"] == [f"id-{n}" for n in range(1, count + 1)]
        assert f"{count}. Choice {count}" in part["text"]
        assert part["text"].endswith("Please answer with a number.")


def test_titles_that_are_alike_become_numbers() -> None:
    """WhatsApp refuses them as buttons, and a visitor could not tell them apart."""
    alike = [Choice(id="1", title="Same"), Choice(id="2", title="Same")]
    assert keys(answer(choices=alike), "whatsapp") == [{"numbered"}]


def test_messenger_tells_descriptions_in_the_text() -> None:
    """Its quick replies have none."""
    (part,) = render(answer(choices=choices(2, "More of it")), "messenger")
    assert "Choice 1: More of it" in part["text"]


def test_the_way_to_the_clinic_on_whatsapp() -> None:
    """The phone in the text, the form as a button."""
    (part,) = render(answer(contact=CONTACT), "whatsapp")
    assert "(310) 555-0100" in part["text"]
    assert part["link"] == {"title": "Contact form", "url": "https://chat.example/contact/"}


def test_the_way_to_the_clinic_on_messenger() -> None:
    """A call button and the form."""
    (part,) = render(answer(contact=CONTACT), "messenger")
    assert [each["type"] for each in part["actions"]] == ["phone", "link"]


@pytest.mark.parametrize("channel", BOTH)
def test_there_is_one_interactive_part(channel: str) -> None:
    """Choices come before the form, whose address then stands in the text."""
    parts = render(answer(choices=choices(2), contact=CONTACT), channel)
    assert len(parts) == 1
    assert "Contact form: https://chat.example/contact/" in parts[0]["text"]
    assert not {"link", "actions"} & set(parts[0])


@pytest.mark.parametrize("channel", BOTH)
def test_a_long_text_comes_before_its_interactive_part(channel: str) -> None:
    """A button's text is short; the long one is sent first, whole."""
    text = "This is a sentence of some length. " * 100
    parts = render(answer(text, contact=CONTACT), channel)
    assert len(parts) >= 2
    assert {"link", "actions"} & set(parts[-1])
    assert "".join(part["text"] for part in parts[:-1]).replace(" ", "").startswith(text.replace(" ", ""))


def test_a_clinicians_signature_is_shown() -> None:
    """On every channel."""
    reply = answer(reviewed=Review.model_validate({"by": "Dr. Ann", "on": "2026-11-01"}))
    assert "Reviewed by Dr. Ann on 2026-11-01." in render(reply, "whatsapp")[0]["text"]


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize("count", [1, 3, 10, 11, 13, 14, 40])
@pytest.mark.parametrize("size", [1, 600, 1000, 1999, 2001, 4100, 9000])
@pytest.mark.parametrize("has_contact", [True, False])
def test_meta_takes_every_part(channel: str, count: int, size: int, has_contact: bool) -> None:
    """Whatever the reply, no limit is passed; and as plain text neither."""
    handoff = Handoff.model_validate({"id": str(uuid.uuid4()), "reason": "booking", "status": "offered"})
    reply = Reply(
        text="Word. " * (size // 6 + 1), kind="handoff", choices=choices(count if size % 2 else 0), sources=sources(2),
        contact=CONTACT if has_contact else None, handoff=handoff,
    )  # fmt: skip
    for part in render(reply, channel):
        assert refused(channel, part) == 0
        if length(plain(part)["text"]) <= CAPABILITIES[channel].text:
            assert refused(channel, plain(part)) == 0


def refused(channel: str, part: dict[str, Any]) -> int:
    """What the simulated Meta says to a part in the channel's own form."""
    if channel == "messenger":
        message = sending_messenger._message(part, "key")
        return rules.messenger_problem({"recipient": {"id": "1"}, "messaging_type": "RESPONSE", "message": message})
    base = {"messaging_product": "whatsapp", "to": "1"}
    if not set(part) & {"buttons", "rows", "link"}:
        return rules.whatsapp_problem({**base, "type": "text", "text": {"body": part["text"]}})
    shown = sending_whatsapp._buttons(part)
    kind, action = ("button", {"buttons": [each.to_dict() for each in shown]}) if isinstance(shown, list) else (
        shown._interactive_type.value, shown.to_dict()
    )  # fmt: skip
    action = {"name": "cta_url", **action} if kind == "cta_url" else action
    interactive = {"type": kind, "body": {"text": part["text"]}, "action": action}
    return rules.whatsapp_problem({**base, "type": "interactive", "interactive": interactive})


@given(st.text(alphabet=st.sampled_from("ab .!?\n😀é"), max_size=400), st.integers(10, 60))
def test_a_split_text_fits_and_loses_nothing(text: str, limit: int) -> None:
    """Only blanks at the cuts go."""
    pieces = split(text, limit)
    assert all(0 < length(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_split_between_sentences() -> None:
    """As far as they fit."""
    assert split("One two. Three four! Five six?", 21) == ["One two. Three four!", "Five six?"]
    assert split("One two three four", 10) == ["One two", "three four"]
    assert split("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]

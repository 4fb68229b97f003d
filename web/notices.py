"""What a visitor is told when the assistant can't answer. Needs nothing but `clinic.yml`."""

from __future__ import annotations

from shared.clinic import clinic
from shared.reply import Contact, Reply
from web.contact.links import form_url


def contact() -> Contact:
    """How to reach the clinic, without a handoff."""
    link = clinic().contact_link
    return Contact(
        phone=clinic().phone_e164, phone_text=clinic().phone_text, form_url=str(link) if link else form_url(None)
    )


def emergency_sentence() -> str:
    """What to do in an emergency, in one sentence."""
    line = clinic().emergency_line
    number = f"{line} or your local emergency number" if line else "your local emergency number"
    return f"If this is an emergency, call {number} now."


def _reach_the_clinic() -> str:
    phone = clinic().phone_text
    return f"call the clinic at {phone} or use the contact form" if phone else "use the contact form"


def outage_notice() -> Reply:
    """A part is down: phone, form and the emergency line."""
    text = f"I can't answer right now because of a technical problem. {emergency_sentence()} Otherwise, please "
    return Reply(text=f"{text}{_reach_the_clinic()}.", kind="notice", contact=contact())


def unknown_choice_notice() -> Reply:
    """A choice that is not on offer (any more)."""
    text = "That choice is no longer available. Please write your question instead, or "
    return Reply(text=f"{text}{_reach_the_clinic()}.", kind="notice", contact=contact())


def greeting() -> Reply:
    """The first words, which say that this is a bot, what it is for, and what to do in an emergency."""
    return Reply(
        text=(
            "Hello! I'm an automated assistant, not a person. I answer general safety questions about scalp "
            "micropigmentation from published sources, and hand you to the clinic for the rest. "
            f"{emergency_sentence()} Please leave out names and private health details."
        ),
        kind="smalltalk",
        contact=contact(),
    )


#: Questions offered at the start; a test holds that each is answered.
STARTERS = (
    "Is scalp micropigmentation safe?",
    "What is in the ink?",
    "Does it hurt?",
    "Can I have an MRI afterwards?",
)

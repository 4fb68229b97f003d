"""Several questions in one message."""

from __future__ import annotations

from typing import Any

from assistant.parts import Part, parts_of
from assistant.selection import parse_result


def understood(label: str, confidence: float = 0.9) -> dict[str, Any]:
    """Parse data of a message that was understood."""
    return {**parse_result(label, confidence, [(label, confidence)]), "decision": "accepted", "red_flags": []}


def not_understood(likeliest: str = "safety/mri") -> dict[str, Any]:
    """Parse data of a message that was not, with its first guess."""
    return {**parse_result("nlu_fallback", 0.3, [(likeliest, 0.3)]), "decision": "not_sure", "red_flags": []}


class Pipeline:
    """Understands a text by the first of its words that it knows."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.asked: list[str] = []

    async def __call__(self, text: str) -> dict[str, Any]:
        self.asked.append(text)
        label = next((label for word, label in self.labels.items() if word in text.lower()), None)
        return understood(label) if label else not_understood()


LABELS = {
    "hurt": "safety/pain",
    "mri": "safety/mri",
    "last": "safety/how_long_it_lasts",
    "book": "handoff/booking",
    "wash": "safety/washing_hair",
    "throat": "emergency/anaphylaxis",
    "thanks": "thanks",
}


async def parts(text: str, whole: dict[str, Any] | None = None) -> list[Part]:
    pipeline = Pipeline(LABELS)
    return await parts_of(text, whole or await pipeline(text), pipeline)


async def test_two_questions_are_two_parts_in_order() -> None:
    """Each with its own words and meaning."""
    found = await parts("Does it hurt? And can I have an MRI after?")
    assert ["safety/pain", "safety/mri"] == [part.label for part in found]


async def test_at_most_three_are_answered() -> None:
    """The first three."""
    found = await parts("Does it hurt? Can I have an MRI? How long does it last? When can I wash it?")
    assert ["safety/pain", "safety/mri", "safety/how_long_it_lasts"] == [part.label for part in found]


async def test_the_same_question_twice_is_one() -> None:
    """ "Does it hurt? Really, does it hurt?" gets one answer."""
    assert 1 == len(await parts("Does it hurt? Really, does it hurt?"))


async def test_what_is_handed_over_stands_beside_what_is_answered() -> None:
    """Both treatments, in order."""
    found = await parts("Does it hurt? And where can I book a visit?", not_understood("safety/pain"))
    assert ["safety/pain", "handoff/booking"] == [part.label for part in found]


async def test_a_fragment_that_says_nothing_costs_no_answer() -> None:
    """What is not understood beside a question that is, was that question in other words more often than not."""
    (part,) = await parts("Does it hurt? And is that a good thing or a bad one?")
    assert "safety/pain" == part.label


async def test_a_story_is_what_the_whole_of_it_says() -> None:
    """Its questions alone may sound like something else."""
    (part,) = await parts("My wife is thin on top. Does it hurt? Can I have an MRI?", understood("safety/women"))
    assert "safety/women" == part.label


async def test_a_red_flag_comes_first() -> None:
    """The whole message is the emergency; other questions are answered after it."""
    found = await parts("Can I wash my hair tonight? My throat is closing up.")
    assert ["emergency/anaphylaxis", "safety/washing_hair"] == [
        part.label
        for part in await parts("Can I wash my hair? My throat is closing.", understood("emergency/anaphylaxis"))
    ]
    assert found[0].parsed["intent"]


async def test_an_alarm_in_one_sentence_alone_puts_the_warning_first() -> None:
    """The whole message was not taken for an emergency, so it is not one; it is warned all the same."""
    (part,) = await parts("Is it normal? Could my throat swell from it?", understood("safety/mri"))
    assert part.parsed["warns"]


async def test_one_question_is_never_split() -> None:
    """And costs no second reading when it was understood."""
    pipeline = Pipeline(LABELS)
    whole = understood("safety/pain")
    (part,) = await parts_of("My head is sensitive. Does it hurt?", whole, pipeline)
    assert whole == part.parsed
    assert not pipeline.asked


async def test_a_long_story_is_read_by_its_question() -> None:
    """Where the whole is not understood, its one question may be."""
    (part,) = await parts(
        "Me and my cousin were at the lake. It was sunny. Does it hurt?", not_understood("safety/pain")
    )
    assert "safety/pain" == part.label


async def test_a_question_that_its_story_does_not_speak_of_is_not_answered() -> None:
    """The whole was not understood, and its first guess is another: it is asked back."""
    (part,) = await parts(
        "My mum had a melanoma. It is all clear now. Does it hurt?", not_understood("safety/cancer_risk")
    )
    assert "not_sure" == part.parsed["decision"]


async def test_in_a_story_the_topic_of_the_whole_comes_first() -> None:
    """Questions without a story keep their order."""
    story = "I get an MRI every year. Does it hurt? And does the MRI heat it up?"
    assert ["safety/mri", "safety/pain"] == [part.label for part in await parts(story, understood("safety/mri"))]


async def test_small_talk_beside_a_question_says_nothing() -> None:
    """A greeting with a question is the question."""
    found = await parts("Is there thanks in it? Does it hurt? Can I have an MRI?")
    assert ["safety/pain", "safety/mri"] == [part.label for part in found if part.label.startswith("safety/")]


class Table:
    """Understands a text by what it says in a table, with how sure it is; everything else not at all."""

    def __init__(self, labels: dict[str, tuple[str, float]]) -> None:
        self.labels = labels

    async def __call__(self, text: str) -> dict[str, Any]:
        label = self.labels.get(text.rstrip("?").lower())
        return understood(*label) if label else not_understood("safety/cost")


def ranked(label: str, *others: str, decision: str = "accepted") -> dict[str, Any]:
    """Parse data that holds other labels possible as well."""
    ranking = [(label, 0.8), *[(other, 0.1) for other in others]]
    return {**parse_result(label, 0.9, ranking), "decision": decision, "red_flags": []}


TABLE = Table(
    {
        "does it hurt": ("safety/pain", 0.95),
        "does it": ("safety/pain", 0.95),
        "how long does it last": ("safety/how_long_it_lasts", 0.95),
        "is it safe with diabetes": ("safety/diabetes", 0.95),
        "is it safe psoriasis": ("safety/psoriasis_eczema", 0.95),
        "what's this about tattoos": ("safety/what_is_smp", 0.9),
        "uveitis": ("safety/eye_inflammation_uveitis", 0.99),
        "i have psoriasis. is that ok": ("safety/psoriasis_eczema", 0.95),
        "take warfarin. is that ok": ("safety/blood_thinners_bleeding", 0.95),
        "what does it cost": ("out_of_scope", 0.9),
        "is that ok": ("ask_why", 0.9),
        "i have psoriasis is that ok": ("safety/psoriasis_eczema", 0.95),
    }
)


async def labels(text: str, whole: dict[str, Any]) -> list[str]:
    return [part.label for part in await parts_of(text, whole, TABLE)]


async def test_a_question_begins_without_a_word_that_joins_it() -> None:
    """Where both sides are understood surely."""
    whole = ranked("safety/pain", "safety/how_long_it_lasts")
    assert ["safety/pain", "safety/how_long_it_lasts"] == await labels("does it hurt how long does it last", whole)


async def test_what_is_joined_takes_the_beginning_of_the_question() -> None:
    """ "Is it safe with diabetes and psoriasis" asks twice, if the sentence is about both."""
    whole = ranked("safety/psoriasis_eczema", "safety/diabetes")
    text = "is it safe with diabetes and psoriasis?"
    assert ["safety/diabetes", "safety/psoriasis_eczema"] == await labels(text, whole)
    assert ["safety/psoriasis_eczema"] == await labels(text, ranked("safety/psoriasis_eczema"))


async def test_a_sentence_that_is_surely_about_one_thing_is_read_once() -> None:
    """Where no second topic has any probability, its pieces are not even tried."""
    pipeline = Pipeline(LABELS)
    whole = ranked("safety/pain", "safety/how_long_it_lasts")
    whole["intent_ranking"][1]["confidence"] = 0.004
    assert 1 == len(await parts_of("does it hurt how long does it last", whole, pipeline))
    assert [] == pipeline.asked


async def test_half_a_question_that_the_sentence_is_not_about_is_none() -> None:
    """ "Tattoos and uveitis" is one question."""
    whole = ranked("safety/eye_inflammation_uveitis")
    assert ["safety/eye_inflammation_uveitis"] == await labels("What's this about tattoos and uveitis?", whole)


async def test_one_question_about_two_things_said_before_it_is_two() -> None:
    """Where the whole is too much at once."""
    whole = {**not_understood(), "intent_ranking": ranked("safety/psoriasis_eczema")["intent_ranking"]}
    whole["intent_ranking"].append({"name": "safety/blood_thinners_bleeding", "confidence": 0.1})
    found = await labels("I have psoriasis and take warfarin. Is that ok?", whole)
    assert ["safety/psoriasis_eczema", "safety/blood_thinners_bleeding"] == found


async def test_a_question_that_is_small_talk_alone_is_read_with_its_statement() -> None:
    """ "Is that ok" asks about what was said."""
    found = await labels("I have psoriasis, is that ok? And does it hurt?", ranked("safety/psoriasis_eczema"))
    assert "safety/psoriasis_eczema" == found[0]


async def test_what_is_foreign_only_in_its_half_is_not_declined() -> None:
    """ "What does it cost" after a question about laser is no question about the weather."""
    assert ["safety/pain"] == await labels("Does it hurt? What does it cost?", ranked("safety/pain", "safety/cost"))


async def test_sure_questions_without_a_story_need_no_whole() -> None:
    """Several at once are too much for the classifier; each alone is clear."""
    found = await labels("Does it hurt? How long does it last?", not_understood("safety/mri"))
    assert ["safety/pain", "safety/how_long_it_lasts"] == found


async def test_a_clear_question_is_answered_and_an_unclear_one_asked_back() -> None:
    """The one that was not understood comes last."""
    parsed = await parts_of("Will the brrp zoot flim? Does it hurt?", ranked("safety/pain"), TABLE)
    assert ["safety/pain", "nlu_fallback"] == [part.label for part in parsed]


async def test_little_stands_beside_the_advice_of_an_emergency() -> None:
    """Only questions that are clear without the rest."""
    whole = understood("emergency/anaphylaxis")
    found = await labels("I have psoriasis, is that ok? Does it hurt?", whole)
    assert ["emergency/anaphylaxis", "safety/pain"] == found


async def test_the_only_question_is_not_read_behind_its_statement() -> None:
    """That is the message the other way round: "They have nits. How do I get rid of them?" was taken for removal."""
    pipeline = Pipeline({"the whole house has them. how": "safety/removal_laser"})
    whole = not_understood("safety/removal_laser")
    (part,) = await parts_of("How do I get rid of nits? The whole house has them.", whole, pipeline)
    assert "nlu_fallback" == part.label
    assert ["How do I get rid of nits?"] == pipeline.asked


async def test_a_sentence_that_has_no_place_here_joins_no_questions() -> None:
    """Half of it may sound like a topic: "blackwork" for dark skin."""
    pipeline = Pipeline({"blackwork": "safety/dark_skin", "sleeve": "out_of_scope"})
    ranking = [("out_of_scope", 0.94), ("safety/dark_skin", 0.006)]
    whole = {**understood("out_of_scope"), **parse_result("out_of_scope", 0.94, ranking)}
    (part,) = await parts_of("which sleeve tattoo style ages best, japanese or blackwork?", whole, pipeline)
    assert "out_of_scope" == part.label

"""Red-flag rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from assistant.language import language_of
from assistant.red_flags import RULES_FILE, Hit, RedFlagRules, _Elements, red_flag_rules
from scripts.lint_content import examples_of
from shared.located_yaml import read

ROOT = Path(__file__).resolve().parents[2]


def kinds(text: str) -> set[str]:
    """The kinds of the hits that need no classifier."""
    return {hit.kind for hit in red_flag_rules().find(text) if not hit.excuse and not hit.is_weak}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("My lips are swelling and I can\u2019t breathe", "anaphylaxis"),
        ("my thraot is closing since the cream", "anaphylaxis"),
        ("he has a fever of 39 and his scalp is red", "infection"),
        ("red streaks are running down my neck", "infection"),
        ("hives from top to toe", "anaphylaxis"),
        ("she is throwing up and has welts", "anaphylaxis"),
        ("it came like a gunshot, the worst headache", "stroke"),
        ("he doesnt know where he is", "stroke"),
        ("she keeps asking me what year we have", "stroke"),
        ("my neck wont bend", "other"),
        ("had about 40 since breakfast", "other"),
        ("can i still come on monday? a red streak runs from my scalp to my neck", "infection"),
        ("the bleeding wont stop", "bleeding"),
        ("she passed out in the chair", "fainting_chest_pain"),
        ("I have a crushing pain in my chest", "fainting_chest_pain"),
        ("he is shaking and not responding", "seizure"),
        ("one side of her face is drooping", "stroke"),
        ("my dad slipped, hit his head and is confused", "head_injury"),
        ("my toddler swallowed some numbing cream", "swallowed"),
        ("ink splashed in my eye", "eye"),
        ("my lips are numb and I have a metal taste", "numbing_toxicity"),
        ("i want to die", "self_harm"),
        ("call an ambulance please", "other"),
        ("no puedo respirar", "anaphylaxis"),
        ("took my adrenaline pen at lunch because of the gel, better now so I needn't go in, right?", "anaphylaxis"),
        ("since tuesday's visit my left eye is sore and bright lights make it worse", "eye"),
        ("some pigment ran into her eyes", "eye"),
        ("feels like a brick sits on my chest", "fainting_chest_pain"),
        ("think i am about to black out", "fainting_chest_pain"),
        ("some nights i am thinking of ending things over this hair", "self_harm"),
        ("my glucose is falling fast and i am still in your chair", "other"),
        ("my partner had a seizure two minutes ago", "seizure"),
        ("last night he tied a rope to the ceiling fan, can he still come on Friday?", "self_harm"),
        ("I am so tired of living like this", "self_harm"),
        ("my mum is lying on your floor and not answering me", "fainting_chest_pain"),
        ("the redness crept down to my eyebrows and my teeth are chattering", "infection"),
        ("my throat is swelling, should I take an antihistamine?", "anaphylaxis"),
        ("used the lotion and within minutes had hives all over and trouble breathing", "anaphylaxis"),
        ("the numbing gel dripped down when I was sweating, my eye is on fire", "eye"),
        ("dunno if its the coffee, pressure in chest going to left arm", "fainting_chest_pain"),
        ("do you do refunds? my chest hurts and I'm dizzy", "fainting_chest_pain"),
        ("bike crash with no helmet, hit head, dizzy and cant remember the day", "head_injury"),
        ("something is terribly wrong with him, what should I do", "other"),
        ("I want to die because of my hair", "self_harm"),
        ("everyone says I was jerking and had a bitten tongue", "seizure"),
        ("scalp is hot and red and i have a fever since my first session friday", "infection"),
        ("fever of 39 and pus, shall I put off my second session?", "infection"),
        ("after my session on monday i have a fever and my scalp is red", "infection"),
        ("session was sunday, now shaking with cold, fever 39", "infection"),
        ("there's an elephant sat on my cest and I'm sweating", "fainting_chest_pain"),
        ("a red linne is going down from my ear to my neck", "infection"),
        ("I've taaken about 20 panadol today", "other"),
        ("my son is still lyng there not answering me", "fainting_chest_pain"),
        ("Não consigo respirar, minha garganta está fechando", "anaphylaxis"),
        ("Je n'arrive plus à respirer", "anaphylaxis"),
        ("Ich bekomme keine Luft mehr", "anaphylaxis"),
        ("Non riesco a respirare", "anaphylaxis"),
        ("Meine Frau ist ohnmächtig geworden", "fainting_chest_pain"),
        ("lleva dos horas sin parar de sangrar", "bleeding"),
        ("me sale pus y estoy tiritando desde ayer", "infection"),
        ("mi tío no abre los ojos", "fainting_chest_pain"),
        ("se puso tieso y tiembla todo", "seizure"),
        ("mi papá habla enredado", "stroke"),
        ("todos estarían mejor sin mí", "self_harm"),
        ("sin querer me tragué la crema", "swallowed"),
        ("sin exagerar me duele el pecho", "fainting_chest_pain"),
        ("no sangra pero me duele el pecho", "fainting_chest_pain"),
        ("nunca antes me había dolido así, no puedo más, me duele el pecho", "fainting_chest_pain"),
        ("me di cuenta que me duele el pecho", "fainting_chest_pain"),
        ("bebió un vaso de agua y se ahoga", "anaphylaxis"),
        ("tengo miedo, creo que se me cierra la garganta", "anaphylaxis"),
        ("¿puede venir alguien? se me cierra la garganta al pasar agua", "anaphylaxis"),
        ("y sí me cuesta respirar", "anaphylaxis"),
        ("mis hijos dicen que tengo la cara torcida", "stroke"),
        ("se le metió tinta en el ojo a mi niña", "eye"),
        ("quisiera estar muerto", "self_harm"),
        ("la sangre no para", "bleeding"),
        ("se pegó en la cabeza y no recuerda nada", "head_injury"),
        ("si esto no se puede arreglar no puedo respirar", "anaphylaxis"),
        ("mi niño chupó el frasco de la anestesia", "swallowed"),
        ("se le pusieron los ojos en blanco", "seizure"),
    ],
)
def test_a_red_flag_is_found(text: str, kind: str) -> None:
    """Each kind, misspelt and in the third person too."""
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "no fever, no chills, just a bit red",
        "do they do it on brown skin, wont it look blue or ashy",
        "i fainted at a blood test when i was 15",
        "he nearly passed out laughing at his photos",
        "my heart skips a beat when I see your gallery",
        "the car nearly gave me a heart attack",
        "first ever session friday and i have a fever, should i come",
        "no rash, no trouble breathing, eating crisps and laughing",
        "Tut die Behandlung weh und wie lange dauert sie?",
        "I had a seizure once, but that was twenty years ago",
        "me desmayé una vez en la escuela, pero eso fue hace veinte años",
        "mi esposa me va a matar si vuelvo a cancelar",
        "me desmayé con la cotización, ¿lo menos?",
        "supongamos que trago un poco de crema, ¿es tóxica?",
        "me muero de ganas de hacérmelo",
        "casi me da un infarto con el precio",
        "nunca me he desmayado con agujas",
        "de chico tuve convulsiones, ¿puedo hacérmelo?",
        "¿y si me desmayo durante la sesión?",
        "¿los puntos pueden desvanecerse con el sol?",
        "¿puedo tomar bebidas con alcohol después?",
        "después de la comida, ¿puedo ponerme alcohol?",
        "mi colega habla mucho de su trabajo",
        "¿tiene sentido seguir con la segunda sesión?",
        "quiero terminar con todo el proceso en un mes",
        "quedan puntos blancos cerca de los ojos",
        "¿y si me desmayo con las agujas, qué hacen ustedes?",
        "en 2009 quedé inconsciente en un accidente, ¿la cicatriz se puede tapar?",
        "¿se ve el doble de pelo?",
        "me despedí de mi melena para siempre",
        "me da miedo que duela, ¿puede causar desmayos?",
        "can smp cause a fever or chills",
        "what happens if someone faints during the session",
        "I read on a forum that people faint in the chair",
        "I fainted at school twenty years ago, never since",
        "i am dying to get this done",
        "the price nearly gave me a heart attack",
        "does it hurt",
        "tattoo ink on my back never did a thing to my eyes",
        "I'd rather die than shave it all off",
        "which temperature counts as a fever",
        "soap got in my eye back in the nineties, no lasting damage",
        "if I'm hit on the head by a ball, do the dots suffer?",
        "heart attack at 58, all well since",
        "I've had an EpiPen since I was a kid for peanuts, is numbing cream ok",
        "my doctor has given me an epipen because of wasps",
        "I'm fed up of living out of a suitcase",
        "I have a fever and my first session is tomorrow",
        "",
    ],
)
def test_what_only_sounds_like_one_has_an_excuse(text: str) -> None:
    """Denied, hypothetical, quoted, long past, idiom, before a visit."""
    assert set() == kinds(text)


def examples_in(language: str, *, emergencies: bool) -> Iterator[tuple[str, list[Hit]]]:
    """What `data/` teaches in a language, and what the rules find in it."""
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for intent, _, text in examples_of(read(path)):
            if language_of(text) == language and intent.startswith("emergency/") is emergencies:
                yield text, red_flag_rules().find(text)


@pytest.mark.parametrize(("language", "most"), [("en", 0.02), ("es", 0.0)])
def test_an_excuse_seldom_hides_an_emergency(language: str, most: float) -> None:
    """Of the emergencies taught that the rules know, next to none is taken for an idiom, a denial or an old story."""
    found = [hits for _, hits in examples_in(language, emergencies=True) if hits]
    assert len(found) > 200
    assert sum(all(hit.excuse for hit in hits) for hits in found) <= most * len(found)


@pytest.mark.parametrize("language", ["en", "es"])
def test_rules_leave_other_messages_alone(language: str) -> None:
    """What is taught of anything else seldom sets off a rule, though much of it was written to sound like it."""
    alarms = [
        any(not hit.excuse and not hit.is_weak for hit in hits) for _, hits in examples_in(language, emergencies=False)
    ]
    assert len(alarms) > 800
    assert sum(alarms) < len(alarms) / 100


def test_a_red_flag_at_the_end_of_a_long_message_is_found() -> None:
    """Rules read the whole text, however long."""
    assert "fainting_chest_pain" in kinds("I had a nice day. " * 500 + "Now my chest hurts badly.")


def test_now_outweighs_hearsay() -> None:
    """What is happening today is no hearsay."""
    assert "anaphylaxis" in kinds("I read it is normal but since this morning my throat is closing")


def test_every_emergency_has_text_rules_and_examples() -> None:
    """A kind without one of them would be missed."""
    topics = {path.stem.removeprefix("emergency_") for path in (ROOT / "data/topics").glob("emergency_*.yml")}
    assert topics == set(RedFlagRules().kinds)
    for kind in topics:
        content = (ROOT / f"data/topics/emergency_{kind}.yml").read_text(encoding="utf-8")
        assert f"- intent: emergency/{kind}\n" in content
        assert f"  utter_emergency/{kind}:\n" in content
        assert content.count("\n    - ") >= 40


def test_a_star_stands_for_any_end_of_a_word() -> None:
    """`swell*` is what begins so, and `rash` is the word alone; a word may be one of several elements."""
    elements = _Elements(["swell*|puffy", "swelling", "rash"])
    assert {"swell*|puffy", "swelling"} == elements.of("swelling")
    assert {"swell*|puffy"} == elements.of("swell") == elements.of("puffy")
    assert {"rash"} == elements.of("rash")
    assert not elements.of("rashes") | elements.of("swel") | elements.of("")


def test_a_star_within_a_word_is_refused(tmp_path: Path) -> None:
    """It would be looked for as a letter and never be found."""
    rules = YAML(typ="safe").load(RULES_FILE)
    rules["kinds"]["anaphylaxis"].append("throat sw*ll")
    written = tmp_path / "red_flags.yml"
    YAML(typ="safe").dump(rules, written)
    with pytest.raises(ValueError, match="end of a word"):
        RedFlagRules(written)


def test_a_hit_keeps_no_words_of_the_visitor() -> None:
    """What goes to the log is the kind and the excuse."""
    (hit,) = red_flag_rules().find("i want to die")
    assert {"kind": "self_harm", "excuse": None} == hit.as_dict()

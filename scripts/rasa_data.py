"""`python -m scripts.rasa_data`: Rasa's own view of the data, and the conversations of tests/stories.

What `rasa data validate --fail-on-warnings` and `rasa test core` do, in one process, because loading Rasa and the data
takes most of the time. The policies are trained for it, in a temporary folder and without the language model.
"""

from __future__ import annotations

import os

# Before Rasa is imported.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
# Rasa draws its progress bars unless its log level is this one.
os.environ["LOG_LEVEL"] = "WARNING"

import asyncio
import logging
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORIES = ROOT / "tests" / "stories"

#: Warnings of Rasa that stay, each with its reason. One that no longer comes has to leave this list.
EXPECTED_WARNINGS = {
    r"The following duplicated intents have been found": (
        "Rasa adds the intents and actions of retrieval responses by itself, and then finds those that domain.yml has "
        "to name for the rules."
    ),
    r"The utterance 'utter_handoff' is not used in any story or rule": (
        "action_handoff says utter_handoff/<reason>; Rasa sees only rules and stories."
    ),
    r"The utterance 'utter_clarify_openly' is not used in any story or rule": (
        "assistant/responses.py says it in place of utter_clarify when no topic is near enough to offer."
    ),
    r"The utterance 'utter_es_": "assistant/responses.py says them in place of the English ones.",
    **{
        rf"The utterance '{name}' is not used in any story or rule": (
            "assistant/responses.py says it in place of another response, or before one."
        )
        for name in (
            "utter_again",
            "utter_same_answer",
            "utter_ask_sources_none",
            "utter_ask_more_none",
            "utter_ask_why_none",
        )
    },
    r"The utterance 'utter_warning_line' is not used in any story or rule": (
        "assistant/responses.py adds it to an answer when a red flag was found and excused."
    ),
    r"The utterance 'utter_callback_": "The form's actions say them; Rasa sees rules and stories.",
    r"Slot auto-fill has been removed": "Rasa says this of any domain with entities; each slot has its mappings.",
    **{
        rf"The intent '{name}' is listed in the domain file": (
            "It is read from the conversation (assistant/callback.py); examples would teach the classifier to guess it."
        )
        for name in (
            "give_details",
            "confirm_request",
            "change_request",
            "cancel_request",
            "resume_request",
            "unclear_detail",
        )
    },
}
#: A library's own concern, not the data's.
_NOT_ABOUT_DATA = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, ResourceWarning)


def unexpected(messages: Sequence[str]) -> list[str]:
    """What is wrong with a validation's warnings: those not expected, and the expected that did not come."""
    problems = [
        message for message in messages if not any(re.search(pattern, message) for pattern in EXPECTED_WARNINGS)
    ]
    problems += [
        f"No warning like {pattern!r} came. Remove it from EXPECTED_WARNINGS in scripts/rasa_data.py."
        for pattern in EXPECTED_WARNINGS
        if not any(re.search(pattern, message) for message in messages)
    ]
    return problems


def validate(root: Path = ROOT) -> list[str]:
    """Every problem that Rasa's validator finds in the data, as `rasa data validate --fail-on-warnings` would."""
    from rasa.shared.importers.importer import TrainingDataImporter
    from rasa.validator import Validator

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importer = TrainingDataImporter.load_from_config(
            str(root / "config.yml"), str(root / "domain.yml"), [str(root / "data")]
        )
        validator = Validator.from_importer(importer)
        checks = {
            "the domain": validator.verify_domain_validity(),
            "the NLU data": validator.verify_nlu(ignore_warnings=False),
            "the stories and rules": validator.verify_story_structure(ignore_warnings=False),
            "the actions in stories and rules": validator.verify_actions_in_stories_rules(),
            "the forms in stories and rules": validator.verify_forms_in_stories_rules(),
            "the form slots": validator.verify_form_slots(),
            "the slot mappings": validator.verify_slot_mappings(),
        }
        validator.warn_if_config_mandatory_keys_are_not_set()
    messages = [
        str(warning.message).split("  More info at")[0].strip()
        for warning in caught
        if not issubclass(warning.category, _NOT_ABOUT_DATA) and "pkg_resources" not in str(warning.message)
    ]
    failed = [f"Rasa finds a mistake in {what}." for what, is_well in checks.items() if not is_well]
    return [*unexpected(list(dict.fromkeys(messages))), *failed]


def run_stories(stories: Path = STORIES) -> list[str]:
    """The conversations in which the policies choose another action than the file says."""
    from rasa.core.agent import Agent
    from rasa.core.test import FAILED_STORIES_FILE, test
    from rasa.model_training import train_core

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A cache of its own: a check leaves nothing behind and takes nothing over.
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        # `validate` judges the data's warnings; here they would come a second time.
        warnings.simplefilter("ignore")
        model = train_core(
            domain=str(ROOT / "domain.yml"),
            config=str(ROOT / "config.yml"),
            stories=str(ROOT / "data"),
            output=folder,
            fixed_model_name="policies",
        )
        agent = Agent.load(model)
        outcome = asyncio.run(test(str(stories), agent, out_directory=folder, disable_plotting=True, warnings=False))
        conversations = outcome["report"]["conversation_accuracy"]
        print(f"{conversations['correct']} of {conversations['total']} conversations went as written")
        if conversations["total"] == 0:
            return [f"{stories}: holds no conversation"]
        if conversations["correct"] == conversations["total"]:
            return []
        failed = (Path(folder) / FAILED_STORIES_FILE).read_text(encoding="utf-8")
        return [f"These conversations went otherwise; the comments say what the policies chose.\n{failed}"]


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    import rasa.utils.log_utils

    rasa.utils.log_utils.configure_structlog(logging.WARNING)
    problems = validate()
    print("Rasa's validator has nothing unexpected to say" if not problems else "Rasa's validator:", flush=True)
    problems += run_stories()
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

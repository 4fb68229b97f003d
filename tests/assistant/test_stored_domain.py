"""A model's domain is the same, read once or as Rasa reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from assistant.settings import ROOT
from assistant.stored_domain import domain_of, store


@pytest.mark.parametrize("write", [store, lambda domain, folder: domain.persist(folder / "domain.yml")])
def test_it_is_the_domain_that_rasa_reads(tmp_path: Path, write: Callable[[Domain, Path], None]) -> None:
    """Intents, slots, forms, actions, responses with their metadata and emojis, the session; from JSON, from YAML."""
    written = Domain.load([str(ROOT / "domain.yml"), str(ROOT / "data" / "dialogue" / "smalltalk.yml")])
    write(written, tmp_path)
    by_rasa, once = Domain.from_path(str(tmp_path)), domain_of(tmp_path)
    assert once.as_dict() == by_rasa.as_dict()
    assert once.fingerprint() == by_rasa.fingerprint()
    assert once.responses == by_rasa.responses
    assert [slot.persistence_info() for slot in once.slots] == [slot.persistence_info() for slot in by_rasa.slots]
    assert once.input_states == by_rasa.input_states

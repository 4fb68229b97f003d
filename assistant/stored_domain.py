"""The domain in a trained model, read once.

Rasa parses it four times when it loads a model: to see that it is a domain, to validate it, to make one of it for the
validation alone, and to make the one it uses. Rasa wrote this file itself, from the domain that it had validated. That
is half of what loading takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_yaml_file


def domain_of(folder: Path) -> Domain:
    """The domain that training stored in a folder."""
    stored: Any = read_yaml_file(folder / "domain.yml")
    return Domain.from_dict(stored)


def _load(
    provider: type[DomainProvider],
    /,
    config: dict[str, Any],
    model_storage: ModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    **kwargs: Any,
) -> DomainProvider:
    with model_storage.read_from(resource) as folder:
        return provider(model_storage, resource, domain_of(folder))


def read_domain_once() -> None:
    """From here on models are loaded so."""
    DomainProvider.load = classmethod(_load)

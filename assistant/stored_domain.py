"""The domain in a trained model, read once, and from JSON.

Rasa parses its YAML four times when it loads a model: to see that it is a domain, to validate it, to make one of it for
the validation alone, and to make the one it uses. Rasa wrote this file itself, from the domain that it had validated.
Parsing it even once, in pure Python, takes some hundred times as long as reading JSON, so a training writes it as JSON
beside the YAML.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_yaml_file

_YAML, _JSON = "domain.yml", "domain.json"


def domain_of(folder: Path) -> Domain:
    """The domain that training stored in a folder."""
    file = folder / _JSON
    stored: Any = json.loads(file.read_bytes()) if file.is_file() else read_yaml_file(folder / _YAML)
    return Domain.from_dict(stored)


def store(domain: Domain, folder: Path) -> None:
    """Write a domain as Rasa does, and as JSON."""
    domain.persist(folder / _YAML)
    (folder / _JSON).write_text(json.dumps(domain.as_dict()), encoding="utf-8")


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


def _persist(provider: DomainProvider, domain: Domain) -> None:
    with provider._model_storage.write_to(provider._resource) as folder:
        store(domain, folder)


def store_domain_as_json() -> None:
    """From here on models are trained so."""
    DomainProvider._persist = _persist


def read_domain_once() -> None:
    """From here on models are loaded so."""
    DomainProvider.load = classmethod(_load)

"""Settings of the Rasa server, from the environment; all problems at once at start."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from shared.metrics import Port

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only"  # noqa: S105 (refused outside development)


class Settings(BaseSettings):
    """Each field is the environment variable of its name in capitals. docs/operator.md explains each."""

    environment: Literal["development", "production"] = "development"
    gateway_secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    rasa_host: str = "127.0.0.1"
    rasa_port: int = 5005
    metrics_host: str = "127.0.0.1"
    rasa_metrics_port: Port = 0
    action_server_url: str = "http://127.0.0.1:5055/webhook"
    tracker_database_url: str = f"sqlite:///{ROOT / 'var' / 'tracker.sqlite3'}"
    retention_days: int = Field(default=90, ge=1, le=3650)
    models_directory: Path = ROOT / "models"

    @model_validator(mode="after")
    def _refuse_defaults_in_production(self) -> Self:
        if self.environment == "production" and self.gateway_secret.get_secret_value() == DEVELOPMENT_SECRET:
            raise ValueError("GATEWAY_SECRET must be set outside development: a random text of 32 characters or more")
        return self


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()

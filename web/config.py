"""Settings of the web process, from the environment; all problems at once at start."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only"  # noqa: S105 (refused outside development)
LEAST_SECRET = 32

_Names = Annotated[list[str], NoDecode]


class Config(BaseSettings):
    """Each field is the environment variable of its name in capitals. docs/operator.md explains each."""

    environment: Literal["development", "production"] = "development"
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    gateway_secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    public_url: str = ""
    allowed_hosts: _Names = []
    widget_origins: _Names = []
    trusted_proxies: int = Field(default=0, ge=0)
    database_url: str = f"sqlite:///{ROOT / 'var' / 'web.sqlite3'}"
    redis_url: str | None = None
    rasa_url: str = "http://127.0.0.1:5005"
    action_server_url: str = "http://127.0.0.1:5055/webhook"
    rasa_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    session_days: int = Field(default=7, ge=1, le=90)
    messages_per_minute_per_session: int = Field(default=30, ge=1)
    messages_per_minute_per_address: int = Field(default=300, ge=1)
    sessions_per_hour_per_address: int = Field(default=300, ge=1)
    contact_forms_per_hour_per_address: int = Field(default=10, ge=1)

    @field_validator("allowed_hosts", "widget_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete_and_check(self) -> Self:
        if self.environment == "production":
            problems = [
                f"{name.upper()} must be set outside development: a random text of {LEAST_SECRET} characters or more"
                for name in ("secret_key", "gateway_secret")
                if len(getattr(self, name).get_secret_value()) < LEAST_SECRET
            ]
            if not self.public_url.startswith("https://"):
                problems.append("PUBLIC_URL must be set outside development: the https:// address visitors use")
            if not self.allowed_hosts:
                problems.append("ALLOWED_HOSTS must be set outside development: the host names visitors use")
            if problems:
                raise ValueError("; ".join(problems))
        if not self.public_url:
            self.public_url = f"http://localhost:{self.web_port}"
        self.public_url = self.public_url.rstrip("/")
        return self

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


@cache
def config() -> Config:
    """The settings of this process."""
    return Config()

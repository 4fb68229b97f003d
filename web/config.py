"""Settings of the web process, from the environment; all problems at once at start."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.metrics import Port

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only"  # noqa: S105 (refused outside development)
LEAST_SECRET = 32

_Names = Annotated[list[str], NoDecode]


def _is_in_production(info: ValidationInfo) -> bool:
    return info.data.get("environment") == "production"


class Config(BaseSettings):
    """Each field is the environment variable of its name in capitals. docs/operator.md explains each.

    A field stands after those it is checked against.
    """

    # Defaults are checked too: those of development are refused in production. No error quotes a secret.
    model_config = SettingsConfigDict(validate_default=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = "development"
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    gateway_secret: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    record_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    data_keys: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    public_url: str = ""
    allowed_hosts: _Names = []
    widget_origins: _Names = []
    widget_releases: Path = ROOT / "var" / "widget"
    trusted_proxies: int = Field(default=0, ge=0)
    database_url: str = f"sqlite:///{ROOT / 'var' / 'web.sqlite3'}"
    tracker_database_url: str = f"sqlite:///{ROOT / 'var' / 'tracker.sqlite3'}"
    redis_url: str | None = None
    metrics_host: str = "127.0.0.1"
    web_metrics_port: Port = 0
    worker_metrics_port: Port = 0
    rasa_url: str = "http://127.0.0.1:5005"
    action_server_url: str = "http://127.0.0.1:5055/webhook"
    rasa_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    retention_days: int = Field(default=90, ge=1, le=3650)
    request_retention_days: int = Field(default=30, ge=1, le=3650)
    backup_days: int = Field(default=30, ge=0, le=3650)
    session_days: int = Field(default=7, ge=1, le=90)
    messages_per_minute_per_session: int = Field(default=30, ge=1)
    messages_per_minute_per_address: int = Field(default=300, ge=1)
    messages_per_minute_per_channel: int = Field(default=3000, ge=1)
    sessions_per_hour_per_address: int = Field(default=300, ge=1)
    contact_forms_per_hour_per_address: int = Field(default=10, ge=1)
    resume_minutes: float = Field(default=30.0, gt=0, le=24 * 60)
    pause_hours: float = Field(default=4.0, gt=0, le=7 * 24)
    staff_idle_minutes: float = Field(default=30.0, gt=0, le=24 * 60)
    staff_second_factor: bool = False
    staff_session_hours: float = Field(default=12.0, gt=0, le=24)
    request_open_hours: float = Field(default=4.0, gt=0, le=100)
    request_hours: float = Field(default=24.0, gt=0, le=14 * 24)
    notify_emails: _Names = ["staff@localhost"]
    email_from: str = "assistant@localhost"
    email_host: str = ""
    email_port: int = 587
    email_user: str = ""
    email_password: SecretStr = SecretStr("")
    email_security: Literal["starttls", "tls", "none"] = "starttls"
    notify_webhook_url: str = ""
    notify_webhook_secret: SecretStr = SecretStr("")
    messenger_page_id: str = ""
    messenger_page_token: SecretStr = SecretStr("")
    whatsapp_phone_number_id: str = ""
    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_business_account_id: str = ""
    meta_app_id: str = ""
    meta_app_secret: SecretStr = SecretStr("")
    meta_verify_token: SecretStr = SecretStr("")
    graph_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    graph_url: str = "https://graph.facebook.com"

    @field_validator("allowed_hosts", "widget_origins", "notify_emails", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("secret_key", "gateway_secret", "record_key")
    @classmethod
    def _long_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if _is_in_production(info) and len(value.get_secret_value()) < LEAST_SECRET:
            raise ValueError(f"must be set outside development: a random text of {LEAST_SECRET} characters or more")
        return value

    @field_validator("data_keys")
    @classmethod
    def _long_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        least = LEAST_SECRET if _is_in_production(info) else 1
        if min(len(key.strip()) for key in value.get_secret_value().split(",")) < least:
            raise ValueError(
                f"must be set outside development: random texts of {LEAST_SECRET} characters or more, commas between"
            )
        return value

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str, info: ValidationInfo) -> str:
        if _is_in_production(info) and not value.startswith("https://"):
            raise ValueError("must be set outside development: the https:// address visitors use")
        return (value or f"http://localhost:{info.data.get('web_port')}").rstrip("/")

    @field_validator("allowed_hosts")
    @classmethod
    def _known_hosts(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if _is_in_production(info) and not value:
            raise ValueError("must be set outside development: the host names visitors use")
        return value

    @field_validator("notify_emails", "email_from")
    @classmethod
    def _addresses(cls, value: list[str] | str) -> list[str] | str:
        for address in [value] if isinstance(value, str) else value:
            if not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+", address):
                raise ValueError("must be e-mail addresses, with commas between")
        return value

    @field_validator("notify_webhook_url")
    @classmethod
    def _webhook(cls, value: str, info: ValidationInfo) -> str:
        allowed = ("https://",) if _is_in_production(info) else ("https://", "http://")
        if value and not value.startswith(allowed):
            raise ValueError(f"must begin with {' or '.join(allowed)}")
        return value

    @field_validator("notify_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("notify_webhook_url") and len(value.get_secret_value()) < LEAST_SECRET:
            raise ValueError(f"must be set with NOTIFY_WEBHOOK_URL: a random text of {LEAST_SECRET} characters or more")
        return value

    @field_validator("messenger_page_id", "whatsapp_phone_number_id", "whatsapp_business_account_id", "meta_app_id")
    @classmethod
    def _number_of_meta(cls, value: str) -> str:
        if value and not value.isdecimal():
            raise ValueError("must be the number that Meta's console shows, digits only")
        return value

    @field_validator("messenger_page_token", "whatsapp_token")
    @classmethod
    def _token_with_its_id(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        other = {"messenger_page_token": "messenger_page_id", "whatsapp_token": "whatsapp_phone_number_id"}[
            str(info.field_name)
        ]
        if bool(value.get_secret_value()) != bool(info.data.get(other)):
            raise ValueError(f"must be set together with {other.upper()}, or neither of them: docs/channels.md")
        return value

    @field_validator("meta_app_secret", "meta_verify_token")
    @classmethod
    def _needed_by_channels(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value.get_secret_value() and (
            info.data.get("messenger_page_id") or info.data.get("whatsapp_phone_number_id")
        ):
            raise ValueError("must be set for Messenger and WhatsApp: docs/channels.md says where to find it")
        return value

    @field_validator("graph_url")
    @classmethod
    def _graph_address(cls, value: str, info: ValidationInfo) -> str:
        if _is_in_production(info) and value != "https://graph.facebook.com":
            raise ValueError("must not be set outside development: it is for the simulator")
        return value.rstrip("/")

    @field_validator("widget_origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin):
                raise ValueError(
                    f"{origin} is not an origin; write it in small letters and without a path, "
                    "such as https://www.clinic.example"
                )
        return value

    @property
    def data_key_list(self) -> tuple[str, ...]:
        """The keys of what stands encrypted, the current one first."""
        return tuple(key.strip() for key in self.data_keys.get_secret_value().split(","))

    @property
    def rasa_urls(self) -> list[str]:
        """Where rasa is: one address, or several that are asked in turn."""
        return [url.strip().rstrip("/") for url in self.rasa_url.split(",") if url.strip()]

    @property
    def has_messenger(self) -> bool:
        return bool(self.messenger_page_id)

    @property
    def has_whatsapp(self) -> bool:
        return bool(self.whatsapp_phone_number_id)

    @property
    def needs_second_factor(self) -> bool:
        """Whether staff can't go on without one."""
        return self.is_production or self.staff_second_factor

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


@cache
def config() -> Config:
    """The settings of this process."""
    return Config()

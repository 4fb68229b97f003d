"""`python -m actions`: the action server, for the Rasa server only."""

from __future__ import annotations

from typing import Literal

from pydantic_settings import BaseSettings
from rasa_sdk.endpoint import create_app
from sanic import Request

from shared import logs, metrics, trace
from shared.clinic import ClinicFileError, clinic
from shared.metrics import Port


class Settings(BaseSettings):
    """Each field is the environment variable of its name in capitals. docs/operator.md explains each."""

    environment: Literal["development", "production"] = "development"
    actions_host: str = "127.0.0.1"
    actions_port: int = 5055
    metrics_host: str = "127.0.0.1"
    actions_metrics_port: Port = 0


async def _go_on_with_the_request(request: Request) -> None:
    trace.take_over(request.headers)


def main() -> None:
    settings = Settings()
    logs.configure(production=settings.environment == "production")
    try:
        clinic()
    except ClinicFileError as error:
        raise SystemExit(str(error)) from error
    metrics.serve(settings.metrics_host, settings.actions_metrics_port)
    app = create_app("actions", cors_origins="")
    app.register_middleware(_go_on_with_the_request, "request")
    app.run(host=settings.actions_host, port=settings.actions_port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()

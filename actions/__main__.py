"""`python -m actions`: the action server, for the Rasa server only."""

from __future__ import annotations

import logging

from pydantic_settings import BaseSettings
from rasa_sdk.endpoint import create_app

from shared.clinic import ClinicFileError, clinic


class Settings(BaseSettings):
    """Each field is the environment variable of its name in capitals. docs/operator.md explains each."""

    actions_host: str = "127.0.0.1"
    actions_port: int = 5055


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        clinic()
    except ClinicFileError as error:
        raise SystemExit(str(error)) from error
    settings = Settings()
    create_app("actions", cors_origins="").run(
        host=settings.actions_host, port=settings.actions_port, single_process=True, access_log=False, motd=False
    )


if __name__ == "__main__":
    main()

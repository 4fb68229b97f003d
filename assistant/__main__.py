"""`python -m assistant COMMAND`: train, serve, chat, predict."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

# Before Rasa is imported: nothing about visitors leaves this machine, and no progress bars in a log.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
if not sys.stderr.isatty():
    os.environ.setdefault("LOG_LEVEL", "WARNING")


def configure_logging() -> None:
    """Warnings and errors only from Rasa: its information and debug lines hold what visitors wrote.

    Of those, the name of what happened and the kind of error; their details may quote a visitor too.
    """
    import structlog
    from rasa.utils.log_utils import configure_structlog

    from assistant.settings import settings
    from shared import logs

    logs.configure(production=settings().environment == "production")
    configure_structlog(logging.WARNING)
    structlog.configure(processors=[structlog.stdlib.filter_by_level, _only_what_happened])
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    # Each slot of domain.yml has its mappings; Rasa says this of any domain with entities.
    warnings.filterwarnings("ignore", message="Slot auto-fill has been removed")
    # Rasa adds the intents and actions of retrieval replies by itself and then finds those that domain.yml has to name.
    warnings.filterwarnings("ignore", message="(?s)The following duplicated intents have been found")
    # The project's own classifier does the selector's work.
    warnings.filterwarnings("ignore", message="You have defined training data with examples for training a response")


def _only_what_happened(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> tuple[tuple[str], dict[str, Any]]:
    """A line of Rasa's as the arguments of the standard logger: its name and, where there is one, the error."""
    error = event.get("exc_info") or event.get("error") or event.get("exception")
    return (str(event.get("event", "")),), {"exc_info": error if isinstance(error, BaseException | bool) else None}


def _train(arguments: argparse.Namespace) -> None:
    from assistant.model import is_current, train

    if not arguments.force and is_current():
        print("The model is current.", file=sys.stderr)
        return
    print("Training the model; this takes a few minutes ...", file=sys.stderr, flush=True)
    # Serving uses one core a process; training has the machine for itself.
    os.environ.setdefault("ENCODER_THREADS", str(os.cpu_count() or 1))
    configure_logging()
    from rasa.shared.exceptions import RasaException

    try:
        train()
    except RasaException as error:
        raise SystemExit(f"{error}\nThe model was not trained. Correct the file; `make check` says more.") from error


def _serve(arguments: argparse.Namespace) -> None:
    # A message's matrices are small: a second thread costs more in waiting than it saves, and takes it from web.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from assistant.lean_imports import leave_out_unused
    from shared import starting

    starting.begin()
    leave_out_unused()
    from assistant.server import serve

    configure_logging()
    serve()


def _reload(arguments: argparse.Namespace) -> None:
    from assistant.settings import settings

    known = settings()
    request = urllib.request.Request(
        f"http://{known.rasa_host}:{known.rasa_port}/webhooks/gateway/model",
        method="POST",
        headers={"Authorization": f"Bearer {known.gateway_secret.get_secret_value()}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 (the same)
            print(f"Rasa serves model {json.load(answer)['model']}.", file=sys.stderr)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"Rasa says {error.code}: {json.load(error)['error']['message']}") from error
    except urllib.error.URLError as error:
        raise SystemExit(f"Rasa does not answer ({error.reason}). It loads the model when it starts.") from error


def _roll_back(arguments: argparse.Namespace) -> None:
    from assistant.model import roll_back

    roll_back()
    print("The model before is in place. `python -m assistant reload` has rasa serve it.", file=sys.stderr)


def _chat(arguments: argparse.Namespace) -> None:
    from assistant.terminal import chat

    print("Loading the model ...", file=sys.stderr, flush=True)
    configure_logging()
    chat()


def _predict(arguments: argparse.Namespace) -> None:
    from assistant.predict import predict_file

    print("Loading the model ...", file=sys.stderr, flush=True)
    configure_logging()
    bad_lines = predict_file(arguments.questions, arguments.predictions)
    sys.exit(1 if bad_lines else 0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assistant", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("train", help="train a model, unless the one there is current")
    command.add_argument("--force", action="store_true", help="train also when it is current")
    command.set_defaults(run=_train)
    command = commands.add_parser("serve", help="the Rasa server, for web only")
    command.set_defaults(run=_serve)
    command = commands.add_parser("reload", help="have the running Rasa server serve the model there is now")
    command.set_defaults(run=_reload)
    command = commands.add_parser("rollback", help="put the model before the newest in its place")
    command.set_defaults(run=_roll_back)
    command = commands.add_parser("chat", help="a conversation in the terminal")
    command.set_defaults(run=_chat)
    command = commands.add_parser("predict", help="run each question of a file as a fresh conversation")
    command.add_argument("questions", type=Path, help="one JSON object a line: id, text")
    command.add_argument("predictions", type=Path, help="the file to write")
    command.set_defaults(run=_predict)
    arguments = parser.parse_args()

    from assistant.model import NoModelError
    from shared.clinic import ClinicFileError

    try:
        arguments.run(arguments)
    except (NoModelError, ClinicFileError) as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()

"""The Rasa server: one door, the gateway, and no HTTP API of Rasa's own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from functools import partial
from typing import Any

from rasa.core.run import close_resources, configure_app, load_agent_on_start
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig
from sanic import Request

from assistant.actions_endpoint import TracedActions, check_schema_once
from assistant.gateway import GatewayInput
from assistant.metrics import serving
from assistant.model import model_path
from assistant.reload import ModelRefused, loader, reload
from assistant.runner import run_in_order
from assistant.settings import settings
from assistant.stored_domain import read_domain_once
from assistant.tracker_store import without_fallback
from shared import metrics, starting, trace
from shared.clinic import clinic


def serve() -> None:
    """Serve until told to stop."""
    clinic()
    known = settings()
    check_schema_once()
    read_domain_once()
    endpoints = AvailableEndpoints(
        nlg=EndpointConfig(type="assistant.responses.ClinicResponses"),
        # The whole domain, with every answer in it, is nothing an action needs at each call.
        action=TracedActions(url=known.action_server_url, enable_selective_domain=True),
        tracker_store=EndpointConfig(type="assistant.tracker_store.ConversationStore"),
    )
    app = configure_app([GatewayInput.from_credentials(None)], enable_api=False, endpoints=endpoints)
    app.register_middleware(_go_on_with_the_request, "request")
    metrics.serve(known.metrics_host, known.rasa_metrics_port)
    app.register_listener(partial(_load, str(model_path()), endpoints), "before_server_start")
    app.ctx.load = loader(endpoints)
    app.register_listener(_listen_for_reload, "after_server_start")
    app.register_listener(_close, "after_server_stop")
    app.run(host=known.rasa_host, port=known.rasa_port, single_process=True, access_log=False, motd=False)


async def _go_on_with_the_request(request: Request) -> None:
    trace.take_over(request.headers)


async def _load(path: str, endpoints: AvailableEndpoints, app: Any) -> None:
    agent = await load_agent_on_start(path, endpoints, None, app, asyncio.get_running_loop())
    without_fallback(agent)
    run_in_order(agent)
    serving(agent.model_id)
    if agent.is_ready():
        # What is loaded on first use is loaded now, so that the first visitor does not wait for it.
        await agent.parse_message("Is it safe?")
    starting.end()


async def _listen_for_reload(app: Any) -> None:
    """SIGHUP: serve the model that is there now."""

    async def again() -> None:
        # It is in the log, and the model before serves on.
        with contextlib.suppress(ModelRefused):
            await reload(app.ctx, app.ctx.load)

    def begin() -> None:
        app.ctx.reloading = asyncio.create_task(again())

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, begin)


async def _close(app: Any) -> None:
    await close_resources(app, asyncio.get_running_loop())

"""What the Rasa server counts."""

from __future__ import annotations

from prometheus_client import Gauge, Histogram

from shared.metrics import TURN_BUCKETS

TURN_SECONDS = Histogram("smp_rasa_turn_seconds", "How long a turn took in Rasa.", buckets=TURN_BUCKETS)
MODEL = Gauge("smp_model_info", "1 for the model that is served.", ["model"])


def serving(model: str | None) -> None:
    """Note which model is served from now on."""
    MODEL.clear()
    if model:
        MODEL.labels(model).set(1)

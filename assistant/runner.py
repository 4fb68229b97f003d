"""The graph of a trained model, run node after node.

Rasa hands each run to dask, which orders the nodes anew for every message and every prediction. Here the order is
found once; the nodes, what they are given and what they give are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.exceptions import RasaException

from assistant.states import create_states

#: A node's name, what it does, and its arguments with the nodes that they come from.
_Step = tuple[str, Callable[..., Any], list[tuple[str, str]]]


class InOrder(DaskGraphRunner):
    """A runner of nodes that are already there, for predicting."""

    def __init__(self, schema: GraphSchema, nodes: dict[str, GraphNode]) -> None:
        self._graph_schema = schema
        self._instantiated_nodes = nodes
        self._plans: dict[tuple[str, ...], list[_Step]] = {}

    @classmethod
    def of(cls, runner: DaskGraphRunner) -> InOrder:
        """The same nodes as another runner's."""
        return cls(runner._graph_schema, runner._instantiated_nodes)

    def remember_states(self) -> None:
        """Have the policies find the states of a conversation once."""
        for node in self._instantiated_nodes.values():
            featurizer = getattr(node._component, "featurizer", None)
            if isinstance(featurizer, TrackerFeaturizer):
                featurizer._create_states = create_states

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        known: dict[str, Any] = dict(inputs or {})
        for name, work, needs in self._plans[wanted]:
            try:
                given = {argument: known[need] for argument, need in needs}
            except KeyError as error:
                raise GraphRunError(f"Missing input to run node '{name}'.") from error
            try:
                known[name] = work(**given)
            except RasaException:
                raise
            except Exception as error:
                raise GraphComponentException(f"Error running graph component for node {name}.") from error
        return {target: known[target] for target in wanted}

    def _plan(self, targets: tuple[str, ...]) -> list[_Step]:
        """Every node that the targets need, each after those it needs; what is no node is an input."""
        order: dict[str, _Step] = {}

        def visit(name: str) -> None:
            if name in order or name not in self._graph_schema.nodes:
                return
            node = self._instantiated_nodes[name]
            needs = list(self._graph_schema.nodes[name].needs.items())
            for _, need in needs:
                visit(need)
            order[name] = (name, functools.partial(node._fn, node._component), needs)

        for target in targets:
            visit(target)
        return list(order.values())


def run_in_order(agent: Any) -> None:
    """Have an agent run its model's graph so."""
    if agent.processor is not None:
        runner = InOrder.of(agent.processor.graph_runner)
        runner.remember_states()
        agent.processor.graph_runner = runner
        # With every message Rasa makes an empty domain to compare the loaded one with, which never changes.
        is_empty = agent.processor.domain.is_empty()
        agent.processor.domain.is_empty = lambda: is_empty

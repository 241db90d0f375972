"""A graph: its nodes are sub-flows, its edges are interface values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from flows.calling import component_flow
from flows.component_job import current_flow_run_id
from flows.early import first_known
from flows.graph_nodes import NodeRun, Nodes, failure_of
from flows.placing import place_component
from interfaces.graph import Node
from interfaces.graph_run import GraphRun
from interfaces.graph_values import values_in
from interfaces.value import ComponentInterfaceValue
from tasks.form_inputs import given_to_graph
from tasks.in_thread import in_thread
from tasks.keep_graph_run import kept_graph_run, kept_meanwhile
from tasks.plan_graph import plan_graph
from tasks.reuse import check_refreshed, find_earlier
from tasks.run_pages import show_graph, with_parts
from tasks.schedules import missed


def _run_name(parameters: Mapping[str, Any]) -> str:
    return str(parameters.get("name") or parameters["graph"])


@component_flow(name="run-graph", named_by=_run_name, hands_on=lambda run: values_in(run.outputs))
async def run_graph(
    graph: str,
    inputs: dict[str, Any],
    *,
    name: str = "",
    reuse: bool = True,
    refresh: bool | list[str] = False,
) -> GraphRun:
    """Run a registered graph.

    Everything is checked before anything runs. Nodes that don't depend on each other run in parallel, as far as the
    machine has room. Where a node fails, those that need it are left out, and the others go on to their end. A node
    that has done the same work before is not run: its outputs are those of the earlier job, so that a run that broke
    off goes on where it was.

    Args:
        graph: Its slug.
        inputs: By the graph's own names; what a value may be, see `run_component`. For an input that is a list, a list.
        name: What the run is called; the graph's slug unless given.
        reuse: Whether the outputs of earlier jobs are taken.
        refresh: Whether all nodes run whatever was run before; or the names of those that do, as in ``["measure",
            "prepare/denoise"]``.

    Returns:
        Outputs by the graph's names, and the job of each node.

    Raises:
        GraphInvalid: The graph can't run; `.problems` holds every reason.
        UnknownName: No such graph is registered, or it has no node that is to be refreshed.
        InvalidInputs: One or more inputs are missing or invalid; `.problems` holds them all.
        GraphFailed: One or more nodes failed; its text is the message for the user, `.run` has everything else, `.job`
            is the first failed job.
    """
    if state := await missed():
        return cast(GraphRun, state)
    started_at = datetime.now(UTC)
    plan = await plan_graph(graph, await given_to_graph(graph, inputs))
    if not isinstance(refresh, bool):
        check_refreshed(refresh, [path for path, _ in plan.walk()])

    async def run_node(
        node: Node, path: str, values: Mapping[str, Any], upstream: list[ComponentInterfaceValue]
    ) -> NodeRun:
        again = _refreshed(path, refresh)
        if node.graph:
            run = await run_graph.after(*upstream).aio(node.graph, dict(values), name=path, reuse=reuse, refresh=again)
            return NodeRun(outputs=run.outputs, run=run)
        if reuse and not again and (earlier := await find_earlier(node.component, values)):
            return NodeRun(outputs=earlier.outputs, job=earlier, is_reused=True)
        job, ending = await first_known(
            partial(
                place_component,
                node.component,
                values,
                upstream=upstream,
                name=path,
                reuse=reuse,
                refresh=bool(again),
            )
        )
        return NodeRun(outputs=job.outputs, job=job, ending=ending)

    nodes = Nodes(plan, run_node)
    async with kept_meanwhile(plan, nodes.outcome, run_id=current_flow_run_id(), started_at=started_at):
        outputs = await with_parts(nodes.run(), count=plan.jobs)
    done = GraphRun(
        graph=graph,
        inputs=plan.inputs,
        outputs=outputs,
        jobs=nodes.outcome.jobs,
        left_out=nodes.outcome.left_out,
        reused=frozenset(nodes.outcome.reused),
        flow_run_id=current_flow_run_id(),
    )
    failure = failure_of(nodes.outcome, done)
    known, error = plan.known.graphs, str(failure or "")
    await show_graph(await in_thread(kept_graph_run, done, graphs=known, started_at=started_at, error=error))
    if failure:
        raise failure
    return done


def _refreshed(path: str, refresh: bool | list[str]) -> bool | list[str]:
    """Whether a node is to be refreshed, or which nodes of a graph within it are."""
    if isinstance(refresh, bool):
        return refresh
    own = {path, path.partition("[")[0]}
    if own & set(refresh):
        return True
    return [rest for one in refresh for first, slash, rest in [one.partition("/")] if slash and first in own]


arun_graph = run_graph.aio
"""The async twin of `run_graph`."""

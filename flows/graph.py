"""A graph: its nodes are sub-flows, its edges are interface values."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect.runtime import flow_run

from flows.calling import component_flow
from flows.component_job import current_flow_run_id, run_component
from interfaces.errors import ComponentException, ComponentFlowsError
from interfaces.graph import Node, Source
from interfaces.graph_run import GraphRun
from interfaces.jobs import ComponentJob
from interfaces.value import ComponentInterfaceValue
from tasks.plan_graph import GraphPlan, plan_graph


def _run_name() -> str:
    return str(flow_run.parameters["graph"])


@component_flow(name="run-graph", flow_run_name=_run_name)
async def run_graph(graph: str, inputs: dict[str, Any]) -> GraphRun:
    """Run a registered graph.

    Everything is checked before anything runs. Nodes that don't depend on each other run in parallel. Where a node
    fails, those that need it are left out, and the others go on to their end.

    Args:
        graph: Its slug.
        inputs: By the graph's own names; what a value may be, see `run_component`.

    Returns:
        Outputs by the graph's names, and the job of each node.

    Raises:
        GraphInvalid: The graph can't run; `.problems` holds every reason.
        InvalidInputs: One or more inputs are missing or invalid; `.problems` holds them all.
        ComponentException: A node failed; its text is the message for the user, `.job` the first failed job.
    """
    plan = await plan_graph(graph, inputs)
    jobs = await run_nodes(plan)
    return GraphRun(
        graph=graph,
        inputs=plan.inputs,
        outputs={name: _pick(source, plan, jobs) for name, source in plan.graph.outputs.items()},
        jobs=jobs,
        flow_run_id=current_flow_run_id(),
    )


class _LeftOut(Exception):
    """A node that was not run, since one that it needs failed."""


async def run_nodes(plan: GraphPlan) -> dict[str, ComponentJob]:
    """Run every node as soon as those that it needs have finished.

    Returns:
        The succeeded jobs by node.

    Raises:
        ComponentException: One or more nodes failed.
    """
    running: dict[str, asyncio.Task[ComponentJob]] = {}

    async def run_node(name: str, node: Node) -> ComponentJob:
        needed = {one: running[one] for one in node.needs}
        await asyncio.gather(*needed.values(), return_exceptions=True)
        if any(one.exception() for one in needed.values()):
            raise _LeftOut(name)
        jobs = {one: task.result() for one, task in needed.items()}
        values = {slug: _pick(source, plan, jobs) for slug, source in node.inputs.items()}
        return await run_component.aio(node.component, values, name=name)

    for name in plan.graph.order():
        running[name] = asyncio.ensure_future(run_node(name, plan.graph.nodes[name]))
    try:
        await asyncio.gather(*running.values(), return_exceptions=True)
    finally:
        for one in running.values():
            one.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
    _raise_failures({name: error for name, one in running.items() if (error := one.exception())})
    return {name: running[name].result() for name in plan.graph.nodes}


def _raise_failures(errors: dict[str, BaseException]) -> None:
    failed = {name: error for name, error in errors.items() if not isinstance(error, _LeftOut)}
    if not failed:
        return
    first = next(iter(failed.values()))
    if not isinstance(first, ComponentFlowsError):
        raise first
    left_out = [name for name in errors if name not in failed]
    text = "; ".join(f"the node '{name}' failed: {error}" for name, error in failed.items())
    if left_out:
        text += f" (not run: {', '.join(left_out)})"
    raise ComponentException(text, job=getattr(first, "job", None)) from first


def _pick(source: Source, plan: GraphPlan, jobs: dict[str, ComponentJob]) -> ComponentInterfaceValue:
    return jobs[source.node].outputs[source.name] if source.node else plan.inputs[source.name]


arun_graph = run_graph.aio
"""The async twin of `run_graph`."""

"""Run the nodes of a planned graph: each as soon as what it needs is there, the one with the longest way to go first.

However many nodes there are, only a few are in flight at a time, and of those that have ended only what others still
need is kept.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from flows.early import end_soon, log_failure
from interfaces.errors import ComponentFlowsError, GraphFailed, ValidationError
from interfaces.graph import Node, Source
from interfaces.graph_plan import GraphPlan
from interfaces.graph_run import GraphRun
from interfaces.graph_values import Carried, count_runs, node_inputs, run_inputs
from interfaces.jobs import ComponentJob
from interfaces.value import ComponentInterfaceValue

MORE_IN_FLIGHT = 4
"""How many runs are prepared or finished beside those whose containers can run at a time: nobody waits for them."""


@dataclass(frozen=True, kw_only=True)
class NodeRun:
    """What one run of a node gave.

    Attributes:
        outputs: By name.
        job: Its job; None for a graph.
        run: Its run; None for a component.
        is_reused: Whether it is an earlier job.
        ending: The rest of the run, which gives nothing more.
    """

    outputs: Mapping[str, Carried]
    job: ComponentJob | None = None
    run: GraphRun | None = None
    is_reused: bool = False
    ending: asyncio.Task[Any] | None = None


SHOWN = 10
"""How many failures, and how many nodes that were left out, an error's text names."""

_NEEDS = "it needs"

RunNode: TypeAlias = Callable[
    [Node, str, Mapping[str, Any], list[ComponentInterfaceValue]], Coroutine[Any, Any, NodeRun]
]
"""Runs a node once: the node, the run's path, its inputs by name, and the stored values that they are made of."""


@dataclass(kw_only=True)
class Outcome:
    """What became of the nodes, by their paths.

    Attributes:
        jobs: The jobs that ended, in any way.
        left_out: Why a node did not run.
        reused: Which took the outputs of an earlier job.
        failures: What each node that failed failed with.
    """

    jobs: dict[str, ComponentJob] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)
    failures: dict[str, BaseException] = field(default_factory=dict)

    def add(self, path: str, done: NodeRun) -> None:
        """Take note of a run."""
        if done.job is not None:
            self.jobs[path] = done.job
            if done.is_reused:
                self.reused.add(path)
        if done.run is not None:
            self._add_run(path, done.run)

    def fail(self, path: str, error: BaseException) -> None:
        """Take note of a failure."""
        self.failures[path] = error
        if isinstance(error, GraphFailed):
            self._add_run(path, error.run)
        elif (job := getattr(error, "job", None)) is not None:
            self.jobs[path] = job

    def _add_run(self, path: str, run: GraphRun) -> None:
        self.jobs |= {f"{path}/{name}": job for name, job in run.jobs.items()}
        self.left_out |= {f"{path}/{name}": why for name, why in run.left_out.items()}
        self.reused |= {f"{path}/{name}" for name in run.reused}


@dataclass(kw_only=True)
class _Open:
    """A node whose runs have begun."""

    inputs: Mapping[str, Carried]
    runs: int | None
    left: int
    outputs: dict[int, Mapping[str, Carried]] = field(default_factory=dict)
    has_failed: bool = False


class Nodes:
    """The nodes of one run of a graph.

    Args:
        plan: The graph.
        run_node: Runs a node once.
    """

    def __init__(self, plan: GraphPlan, run_node: RunNode) -> None:
        self._plan, self._graph, self._run_node = plan, plan.graph, run_node
        self._have: dict[Source, Carried] = {Source(node=None, name=one): value for one, value in plan.inputs.items()}
        # How many nodes and outputs of the graph still want what a source gives; then it is let go.
        self._wanted = Counter(source for node in self._graph.nodes.values() for source in node.inputs.values())
        self._wanted.update(self._graph.outputs.values())
        self._missing = {name: len(node.needs) for name, node in self._graph.nodes.items()}
        self._followers = self._graph.followers()
        self._place = {name: place for place, name in enumerate(self._graph.nodes)}
        self._ready: list[tuple[float, int, int, str]] = []
        self._open: dict[str, _Open] = {}
        self._not_done: dict[str, str] = {}
        self.outcome = Outcome()

    async def run(self) -> dict[str, Carried]:
        """Run all nodes; those that need one that failed are left out, and the others go on.

        Returns:
            The outputs of the graph that there are; `outcome` has the rest.
        """
        for name in [one for one, count in self._missing.items() if not count]:
            self._begin(name)
        in_flight: dict[asyncio.Task[NodeRun], tuple[str, int]] = {}
        endings: set[asyncio.Task[Any]] = set()
        most = self._plan.parallel + MORE_IN_FLIGHT
        try:
            while self._ready or in_flight or endings:
                while self._ready and len(in_flight) + len(endings) < most:
                    _, _, index, name = heapq.heappop(self._ready)
                    in_flight[self._start(name, index)] = (name, index)
                done, _ = await asyncio.wait({*in_flight, *endings}, return_when=asyncio.FIRST_COMPLETED)
                for task in done & endings:
                    log_failure(task)
                endings -= done
                for task in done & in_flight.keys():
                    if ending := self._settle(*in_flight.pop(task), task):
                        endings.add(ending)
        finally:
            for task in in_flight:
                task.cancel()
            await asyncio.gather(*in_flight, return_exceptions=True)
            await end_soon(endings)
        sources = self._graph.outputs.items()
        return {name: self._have[source] for name, source in sources if source in self._have}

    def _begin(self, name: str) -> None:
        """Make a node's runs ready, or leave it out."""
        todo = [name]
        while todo:
            name = todo.pop()
            node = self._graph.nodes[name]
            if failed := sorted(one for one in node.needs if one in self._not_done):
                self._leave_out(name, f"{_NEEDS} '{failed[0]}', which {self._not_done[failed[0]]}", "was not run")
                todo += self._end(name)
                continue
            does_without = partial(self._plan.known.does_without, node)
            inputs, lacking = node_inputs(node, self._have.get, does_without=does_without)
            if lacking:
                self._leave_out(name, f"'{node.inputs[lacking]}' is not there", "")
                todo += self._end(name)
                continue
            try:
                runs = count_runs(node, inputs)
            except ValidationError as error:
                self.outcome.fail(name, error)
                self._not_done[name] = "failed"
                todo += self._end(name)
                continue
            self._open[name] = _Open(inputs=inputs, runs=runs, left=1 if runs is None else runs)
            for index in range(self._open[name].left):
                # In the order of the graph where the way to go is the same.
                way = -self._plan.priorities.get(name, 0.0)
                heapq.heappush(self._ready, (way, self._place[name], index, name))
            if not self._open[name].left:
                todo += self._close(name)

    def _leave_out(self, name: str, why: str, not_done: str) -> None:
        self.outcome.left_out[name] = why
        if not_done:  # what is only optional does not keep others from running
            self._not_done[name] = not_done

    def _start(self, name: str, index: int) -> asyncio.Task[NodeRun]:
        node, opened = self._graph.nodes[name], self._open[name]
        which = None if opened.runs is None else index
        inputs = run_inputs(node, opened.inputs, which, lists=self._plan.known.lists_of(node))
        upstream = _taken(node, opened.inputs, which)
        return asyncio.ensure_future(self._run_node(node, self._path(name, index), inputs, upstream))

    def _path(self, name: str, index: int) -> str:
        return name if self._open[name].runs is None else f"{name}[{index}]"

    def _settle(self, name: str, index: int, task: asyncio.Task[NodeRun]) -> asyncio.Task[Any] | None:
        """Take what a run gave, and begin what can begin now; gives the rest of the run."""
        opened, path = self._open[name], self._path(name, index)
        opened.left -= 1
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            self.outcome.add(path, task.result())
            opened.outputs[index] = task.result().outputs
        else:
            self.outcome.fail(path, error)
            opened.has_failed = True
        if not opened.left:
            for one in self._close(name):
                self._begin(one)
        return task.result().ending if error is None else None

    def _close(self, name: str) -> list[str]:
        """Hand on what a node gave; gives the nodes that can begin now."""
        opened = self._open.pop(name)
        if opened.has_failed:
            self._not_done[name] = "failed"
            return self._end(name)
        for output in self._plan.known.output_names(self._graph.nodes[name]):
            source = Source(node=name, name=output)
            if not self._wanted[source]:
                continue
            if opened.runs is None:
                given = opened.outputs[0].get(output)
            else:
                # All of them have it or none: what is there does not differ from run to run.
                each = [opened.outputs[index].get(output) for index in range(opened.runs)]
                given = tuple(one for one in each if isinstance(one, ComponentInterfaceValue))
                given = given if len(given) == opened.runs else None
            if given is not None:
                self._have[source] = given
        return self._end(name)

    def _end(self, name: str) -> list[str]:
        for source in self._graph.nodes[name].inputs.values():
            self._wanted[source] -= 1
            if not self._wanted[source]:
                self._have.pop(source, None)
        ready = []
        for one in sorted(self._followers[name], key=self._place.__getitem__):
            self._missing[one] -= 1
            if not self._missing[one]:
                ready.append(one)
        return ready


def _taken(node: Node, inputs: Mapping[str, Carried], index: int | None) -> list[ComponentInterfaceValue]:
    """The stored values that one run is made of."""
    found: list[ComponentInterfaceValue] = []
    for name, carried in inputs.items():
        if not isinstance(carried, tuple):
            found.append(carried)
        elif index is not None and name in node.scatter:
            found.append(carried[index])
        else:
            found += carried
    return found


def failure_of(outcome: Outcome, run: GraphRun) -> BaseException | None:
    """What a run of a graph raises: everything that failed in one text; None where nothing did."""
    if not outcome.failures:
        return None
    for error in outcome.failures.values():
        if not isinstance(error, ComponentFlowsError):
            return error
    text = _some([f"the node '{path}' failed: {error}" for path, error in outcome.failures.items()], "; ")
    if left := [name for name, why in outcome.left_out.items() if why.startswith(_NEEDS)]:
        text += f" (not run: {_some(left, ', ')})"
    first = next(iter(outcome.failures.values()))
    failed = GraphFailed(text, run=run, job=getattr(first, "job", None))
    failed.__cause__ = first
    return failed


def _some(texts: list[str], separator: str) -> str:
    more = [f"and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
    return separator.join([*texts[:SHOWN], *more])

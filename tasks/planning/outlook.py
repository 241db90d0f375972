"""What is known of each node before it runs: whether it will, how often, how long it takes, what is cached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source
from interfaces.graph_plan import GraphPlan, PlannedNode
from interfaces.graph_ports import Definitions
from interfaces.graph_schedule import longest_paths
from interfaces.graph_values import Carried, count_runs, node_inputs, run_inputs
from tasks.reuse import Answer, Asked, looked_up

_UNKNOWN_S = 1.0
"""What a run counts as, for the order of nodes, where no job of any of the graph's components has succeeded yet."""


class _Later:
    """What is not known before other nodes have run."""


LATER = _Later()


@dataclass(kw_only=True)
class Outlook:
    """What is known of a graph that can run, worked out node by node.

    Attributes:
        known: The definitions.
        seconds: By component, how long one run takes; those that never ran are not there.
        parallel: How many jobs run at a time.
        look_up: Whether to look for earlier jobs.
        problems: Takes what would keep a node from running, with its path.
    """

    known: Definitions
    seconds: Mapping[str, float]
    parallel: int
    look_up: bool = False
    problems: list[str] = field(default_factory=list)

    def of(
        self, graph: Graph, inputs: Mapping[str, Carried | _Later], warnings: Sequence[str] = (), path: str = ""
    ) -> GraphPlan:
        """The plan of a graph.

        Args:
            graph: A graph without problems.
            inputs: Its inputs; those that are not there are not given.
            warnings: For the plan.
            path: Of the graph, where it is nested.
        """
        nodes: dict[str, PlannedNode] = {}
        have: dict[Source, Carried | _Later] = {Source(node=None, name=name): one for name, one in inputs.items()}
        for wave in _waves(graph):
            for name in wave:
                nodes[name] = self._planned(graph.nodes[name], have, f"{path}{name}")
            if self.look_up:
                nodes |= self._earlier({name: nodes[name] for name in wave}, have)
            for name in wave:
                self._hand_on(name, nodes[name], have)
        order = [name for wave in _waves(graph) for name in wave]
        plan = GraphPlan(
            graph=graph,
            known=self.known,
            inputs={name: one for name, one in inputs.items() if not isinstance(one, _Later)},
            nodes={name: nodes[name] for name in order},
            warnings=tuple(warnings),
            parallel=self.parallel,
        )
        return replace(plan, priorities=longest_paths(self._lengths(plan), graph.followers(), order))

    def _planned(self, node: Node, have: Mapping[Source, Carried | _Later], path: str) -> PlannedNode:
        later = {name for name, source in node.inputs.items() if have.get(source) is LATER}
        given, lacking = node_inputs(
            node,
            lambda source: have.get(source),  # type: ignore[arg-type,return-value]  # what comes later is only passed on
            does_without=lambda name: self.known.does_without(node, name),
        )
        if lacking:
            return PlannedNode(node=node, runs=0, left_out=f"'{node.inputs[lacking]}' is not there")
        try:
            runs = self._count(node, given, later)
        except ValidationError as error:
            self.problems.append(f"the node '{path}' can't run: {error}")
            runs = 0
        if node.component:
            return PlannedNode(node=node, runs=runs, expected_s=self.seconds.get(node.component))
        inner: dict[str, Carried | _Later] = {
            name: LATER if name in later or name in node.scatter else one for name, one in given.items()
        }
        nested = self.of(self.known.graphs[node.graph], inner, path=f"{path}/")
        return PlannedNode(node=node, runs=runs, nested=nested)

    @staticmethod
    def _count(node: Node, given: Mapping[str, Carried], later: set[str]) -> int | None:
        if not node.scatter:
            return 1
        counted = tuple(name for name in node.scatter if name not in later)
        return count_runs(replace(node, scatter=counted), given) if counted else None

    def _earlier(
        self, nodes: Mapping[str, PlannedNode], have: Mapping[Source, Carried | _Later]
    ) -> dict[str, PlannedNode]:
        """Components whose inputs are all known, with the earlier jobs whose outputs will be taken."""
        asked: dict[str, list[Asked]] = {}
        for name, planned in nodes.items():
            node = planned.node
            given = {slug: have[source] for slug, source in node.inputs.items() if source in have}
            if node.component and planned.runs and LATER not in given.values():
                known: dict[str, Carried] = {slug: one for slug, one in given.items() if not isinstance(one, _Later)}
                asked[name] = [
                    Asked(component=node.component, inputs=run_inputs(node, known, index))
                    for index in (range(planned.runs) if node.scatter else (None,))
                ]
        answers = iter(looked_up([one for some in asked.values() for one in some], explain=True))
        return {name: _with_answers(nodes[name], [next(answers) for _ in some]) for name, some in asked.items()}

    def _hand_on(self, name: str, planned: PlannedNode, have: dict[Source, Carried | _Later]) -> None:
        if planned.left_out:
            return
        for output in self.known.output_names(planned.node):
            here: Carried | _Later = LATER
            if planned.earlier:
                values = [job.outputs[output] for job in planned.earlier]
                here = tuple(values) if planned.node.scatter else values[0]
            if planned.nested is not None and self._lacks(planned.nested, output):
                continue
            have[Source(node=name, name=output)] = here

    @staticmethod
    def _lacks(plan: GraphPlan, output: str) -> bool:
        source = plan.graph.outputs[output]
        if source.node is None:
            return False
        return bool(plan.nodes[source.node].left_out)

    def _lengths(self, plan: GraphPlan) -> dict[str, float]:
        """How long each node takes, for the order in which they are started."""
        known = list(self.seconds.values())
        unknown = sum(known) / len(known) if known else _UNKNOWN_S

        def length(planned: PlannedNode) -> float:
            if planned.is_done:
                return 0.0
            if planned.nested is not None:
                return max(planned.nested.priorities.values(), default=0.0)
            return planned.expected_s if planned.expected_s is not None else unknown

        return {name: length(planned) for name, planned in plan.nodes.items()}


def _with_answers(planned: PlannedNode, answers: Sequence[Answer]) -> PlannedNode:
    jobs = [answer.job for answer in answers if answer.job is not None]
    cached = str(jobs[0].id) if jobs and not planned.node.scatter else None
    why = next((answer.why for answer in answers if answer.why), "")
    earlier = tuple(jobs) if len(jobs) == len(answers) else ()
    return replace(planned, cached=cached, cached_runs=len(jobs), why=why, earlier=earlier)


def _waves(graph: Graph) -> Iterator[list[str]]:
    """The nodes' names in groups, each of which needs only those before it."""
    depth: dict[str, int] = {}
    for name in graph.order():
        depth[name] = 1 + max((depth[one] for one in graph.nodes[name].needs), default=0)
    waves: dict[int, list[str]] = {}
    for name, place in depth.items():
        waves.setdefault(place, []).append(name)
    for place in sorted(waves):
        yield waves[place]

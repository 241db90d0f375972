"""What is known of each node before it runs: whether it will, how often, how long it takes, what is cached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source
from interfaces.graph_plan import GraphPlan, PlannedNode
from interfaces.graph_ports import Definitions
from interfaces.graph_schedule import longest_paths
from interfaces.graph_values import Carried, common_length, count_elements, run_inputs
from tasks.reuse import Answer, Asked, looked_up

_UNKNOWN_S = 1.0
"""What a run counts as, for the order of nodes, where no job of any of the graph's components has succeeded yet."""


@dataclass(frozen=True)
class Later:
    """What is not known before other nodes have run; of a list perhaps how many elements it will have."""

    length: int | None = None


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

    def of(self, graph: Graph, inputs: Mapping[str, Carried], warnings: Sequence[str] = ()) -> GraphPlan:
        """The plan of a graph.

        Args:
            graph: A graph without problems.
            inputs: Its inputs; those that are not there are not given.
            warnings: For the plan.
        """
        plan, _ = self._of(graph, inputs, path="")
        return replace(plan, warnings=tuple(warnings))

    def _of(
        self, graph: Graph, inputs: Mapping[str, Carried | Later], *, path: str
    ) -> tuple[GraphPlan, dict[str, Carried | Later]]:
        """The plan of a graph with that path, and what is known of its outputs; those that will not be there lack."""
        nodes: dict[str, PlannedNode] = {}
        have: dict[Source, Carried | Later] = {Source(node=None, name=name): one for name, one in inputs.items()}
        given_on: dict[str, Mapping[str, Carried | Later]] = {}
        waves = list(_waves(graph))
        for wave in waves:
            for name in wave:
                nodes[name], given_on[name] = self._planned(graph.nodes[name], have, f"{path}{name}")
            if self.look_up:
                nodes |= self._earlier({name: nodes[name] for name in wave}, have)
            for name in wave:
                self._hand_on(name, nodes[name], given_on[name], have)
        order = [name for wave in waves for name in wave]
        plan = GraphPlan(
            graph=graph,
            known=self.known,
            inputs={name: one for name, one in inputs.items() if not isinstance(one, Later)},
            nodes={name: nodes[name] for name in order},
            parallel=self.parallel,
        )
        plan = replace(plan, priorities=longest_paths(self._lengths(plan), graph.followers(), order))
        return plan, {name: have[source] for name, source in graph.outputs.items() if source in have}

    def _planned(
        self, node: Node, have: Mapping[Source, Carried | Later], path: str
    ) -> tuple[PlannedNode, Mapping[str, Carried | Later]]:
        """What a node will do, and what is known of the outputs of one run of it."""
        given: dict[str, Carried | Later] = {}
        for name, source in node.inputs.items():
            if source in have:
                given[name] = have[source]
            elif node.optional or not self.known.does_without(node, name):
                return PlannedNode(node=node, runs=0, left_out=f"'{source}' is not there"), {}
        runs = self._count(node, given, path)
        if node.component:
            later = {output: Later() for output in self.known.output_names(node)}
            return PlannedNode(node=node, runs=runs, expected_s=self.seconds.get(node.component)), later
        graph = self.known.graphs[node.graph]
        inner: dict[str, Carried | Later] = {
            name: Later() for name, port in self.known.graph_inputs(graph).items() if self.known.fills_in(port)
        }
        inner |= {name: Later() if name in node.scatter else one for name, one in given.items()}
        nested, outputs = self._of(graph, inner, path=f"{path}/")
        return PlannedNode(node=node, runs=runs, nested=nested), outputs

    def _count(self, node: Node, given: Mapping[str, Carried | Later], path: str) -> int | None:
        """How often a node runs; None where that is not known yet."""
        lengths = {}
        for name in node.scatter:
            one = given[name]
            length = one.length if isinstance(one, Later) else count_elements(one)
            if length is not None:
                lengths[name] = length
        try:
            return common_length(lengths) if node.scatter else 1
        except ValidationError as error:
            self.problems.append(f"the node '{path}' can't run: {error}")
            return 0

    def _earlier(
        self, nodes: Mapping[str, PlannedNode], have: Mapping[Source, Carried | Later]
    ) -> dict[str, PlannedNode]:
        """Components whose inputs are all known, with the earlier jobs whose outputs will be taken."""
        asked: dict[str, list[Asked]] = {}
        for name, planned in nodes.items():
            node = planned.node
            given = {slug: have[source] for slug, source in node.inputs.items() if source in have}
            known: dict[str, Carried] = {slug: one for slug, one in given.items() if not isinstance(one, Later)}
            if node.component and planned.runs and len(known) == len(given):
                asked[name] = [
                    Asked(component=node.component, inputs=run_inputs(node, known, index))
                    for index in (range(planned.runs) if node.scatter else (None,))
                ]
        if not asked:
            return {}
        answers = iter(looked_up([one for some in asked.values() for one in some], explain=True))
        return {name: _with_answers(nodes[name], [next(answers) for _ in some]) for name, some in asked.items()}

    @staticmethod
    def _hand_on(
        name: str, planned: PlannedNode, outputs: Mapping[str, Carried | Later], have: dict[Source, Carried | Later]
    ) -> None:
        """Take note of what a node gives to others."""
        for output, one in outputs.items():
            if planned.earlier:
                values = [job.outputs[output] for job in planned.earlier]
                one = tuple(values) if planned.node.scatter else values[0]
            elif planned.node.scatter:
                one = () if planned.runs == 0 else Later(length=planned.runs)
            have[Source(node=name, name=output)] = one

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

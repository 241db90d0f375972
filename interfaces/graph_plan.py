"""What running a graph will do, known before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from interfaces.graph import Graph, Node
from interfaces.graph_ports import Definitions
from interfaces.graph_schedule import Unit, finish_s
from interfaces.graph_values import Carried
from interfaces.jobs import ComponentJob


@dataclass(frozen=True, kw_only=True)
class PlannedNode:
    """What a node will do.

    Attributes:
        node: The node.
        runs: How often it runs; None where that depends on the output of another node.
        left_out: Why it will not run, or "".
        expected_s: Seconds that one run of its component takes; None for a graph, and where that never ran.
        nested: Of a node that is a graph, the plan of one run of it.
        cached: The id of the earlier job whose outputs are taken; None where it runs, or several times.
        cached_runs: How many of its runs take the outputs of an earlier job.
        earlier: Those jobs, where they are all that it would have run.
        why: Why it runs although it may have run before; "" where that is not known before its inputs are.
    """

    node: Node
    runs: int | None = 1
    left_out: str = ""
    expected_s: float | None = None
    nested: GraphPlan | None = None
    cached: str | None = None
    cached_runs: int = 0
    earlier: tuple[ComponentJob, ...] = ()
    why: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left to run."""
        return bool(self.left_out) or self.cached_runs == self.runs


@dataclass(frozen=True, kw_only=True)
class GraphPlan:
    """A graph that can run.

    Attributes:
        graph: The graph.
        known: The definitions that it uses.
        inputs: Its valid inputs by name; of a nested graph those that are known.
        nodes: What each node will do, by name, each after those that it needs.
        warnings: What is hardly meant, a sentence each; also of nested graphs.
        parallel: How many jobs run at a time.
        priorities: By node, seconds from its start to the end of all that waits for it; the longest way starts first.
    """

    graph: Graph
    known: Definitions
    inputs: Mapping[str, Carried]
    nodes: Mapping[str, PlannedNode]
    warnings: tuple[str, ...] = ()
    parallel: int = 1
    priorities: Mapping[str, float] = field(default_factory=dict)

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[str, PlannedNode]]:
        """Every node with its path, also in nested graphs."""
        for name, planned in self.nodes.items():
            yield "/".join((*path, name)), planned
            if planned.nested is not None:
                yield from planned.nested.walk((*path, name))

    def units(self, start: int = 0) -> list[Unit]:
        """The graph as pieces of work, numbered from `start`; each after those that it needs.

        What ends with several runs ends with a piece that takes no time, so that what follows needs only that one.
        """
        found: list[Unit] = []
        ends: dict[str, int] = {}
        for name, planned in self.nodes.items():
            needs = frozenset(ends[one] for one in planned.node.needs)
            own: list[int] = []
            # Unless it is known, one run has to stand for all.
            for _ in range(0 if planned.is_done else (planned.runs or 1) - planned.cached_runs):
                if planned.nested is not None:
                    inner = planned.nested.units(start + len(found))
                    found += [one if one.needs else Unit(seconds=one.seconds, needs=needs) for one in inner]
                else:
                    found.append(Unit(seconds=planned.expected_s, needs=needs))
                own.append(start + len(found) - 1)
            if len(own) != 1:
                found.append(Unit(seconds=0.0, needs=frozenset(own) or needs))
            ends[name] = start + len(found) - 1
        followed = frozenset().union(*(unit.needs for unit in found))
        last = frozenset(range(start, start + len(found))) - followed
        return [*found, Unit(seconds=0.0, needs=last)]

    @property
    def expected_s(self) -> float:
        """Seconds from the start to the end, from how long earlier jobs took; what `never_ran` counts as none."""
        return finish_s(self.units(), parallel=self.parallel)

    @property
    def jobs(self) -> int:
        """How many jobs are to run; a node of which that is not known counts as one."""
        return sum(
            (1 if planned.runs is None else planned.runs - planned.cached_runs)
            * (1 if planned.nested is None else planned.nested.jobs)
            for planned in self.nodes.values()
        )

    @property
    def cached_jobs(self) -> int:
        """How many jobs need not run, since earlier ones did the same."""
        return sum(
            planned.cached_runs if planned.nested is None else (planned.runs or 0) * planned.nested.cached_jobs
            for planned in self.nodes.values()
        )

    @property
    def is_exact(self) -> bool:
        """Whether it is known how often each node runs."""
        return all(planned.runs is not None for _, planned in self.walk())

    @property
    def never_ran(self) -> tuple[str, ...]:
        """The components that are to run and of which no job has succeeded yet, so that nobody knows how long."""
        return tuple(
            sorted(
                {
                    planned.node.component
                    for _, planned in self.walk()
                    if planned.node.component and planned.expected_s is None and not planned.is_done
                }
            )
        )

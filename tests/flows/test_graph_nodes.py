"""In which order nodes start, how many at a time, and what is kept of those that have ended."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from records import a_component

from flows.graph_nodes import MORE_IN_FLIGHT, NodeRun, Nodes, failure_of
from interfaces.component import InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.errors import ComponentException, GraphFailed
from interfaces.graph import Graph, Node, Source
from interfaces.graph_plan import GraphPlan, PlannedNode
from interfaces.graph_ports import Definitions
from interfaces.graph_run import GraphRun
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.value import ComponentInterfaceValue

NUMBER = ComponentInterface(title="number", kind=Kind.INTEGER, relative_path="number.json")
NUMBERS = ComponentInterface(
    title="numbers", kind=Kind.ANY, relative_path="numbers.json", schema={"type": "array", "items": {"type": "integer"}}
)
KNOWN = Definitions(
    interfaces={"number": NUMBER, "numbers": NUMBERS},
    components={
        "start": a_component(slug="start", interfaces=(InterfaceSet(inputs=(), outputs=("number",)),)),
        "step": a_component(slug="step", interfaces=(InterfaceSet(inputs=("number",), outputs=("number",)),)),
        "sum": a_component(slug="sum", interfaces=(InterfaceSet(inputs=("numbers",), outputs=("number",)),)),
    },
)


def value(pk: int = 1) -> ComponentInterfaceValue:
    one = ComponentInterfaceValue(pk=pk, interface=NUMBER, sha256="0" * 64, size_in_storage=1)
    one._value = pk
    return one


def a_plan(needs: dict[str, str], priorities: dict[str, float] | None = None, **options) -> GraphPlan:
    """A plan of nodes that each need at most one other one: ``{"a": "", "b": "a"}``."""
    nodes = {
        name: Node(component="step", inputs={"number": Source(node=one, name="number")})
        if one
        else Node(component="start", inputs={})
        for name, one in needs.items()
    }
    graph = Graph(title="g", slug="g", inputs={}, nodes=nodes, outputs={})
    planned = {name: PlannedNode(node=node) for name, node in nodes.items()}
    return GraphPlan(graph=graph, known=KNOWN, inputs={}, nodes=planned, priorities=priorities or {}, **options)


class Runner:
    """Ends each node after a turn of the event loop, and remembers what it saw."""

    def __init__(self, failing: str = "") -> None:
        self.started: list[str] = []
        self.failing = failing
        self.running = self.most_running = self.most_alive = 0
        self.alive: weakref.WeakSet[ComponentInterfaceValue] = weakref.WeakSet()

    async def __call__(self, node, path, inputs, upstream) -> NodeRun:
        self.started.append(path)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if path == self.failing:
            raise ComponentException("too dark")
        made = value(len(self.started))
        self.alive.add(made)
        self.most_alive = max(self.most_alive, len(self.alive))
        return NodeRun(outputs={"number": made})


def run(plan: GraphPlan, runner: Runner) -> Nodes:
    nodes = Nodes(plan, runner)
    asyncio.run(nodes.run())
    return nodes


def test_the_longest_way_to_go_is_started_first():
    priorities = {"short": 1.0, "long": 9.0, "middle": 4.0, "after": 8.0}
    runner = Runner()
    run(a_plan({"short": "", "long": "", "middle": "", "after": "long"}, priorities, parallel=1), runner)
    assert runner.started[:2] == ["long", "middle"]
    assert set(runner.started) == set(priorities)


@pytest.mark.parametrize("parallel", [1, 5])
def test_of_many_nodes_only_a_few_are_in_flight_and_only_what_is_wanted_is_kept(parallel):
    runner = Runner()
    fan = {"first": "", **{f"n{number}": "first" for number in range(1000)}}
    run(a_plan(fan, parallel=parallel), runner)
    assert len(runner.started) == 1001
    assert runner.most_running == parallel + MORE_IN_FLIGHT
    assert runner.most_alive <= 1 + 2 * runner.most_running
    chain = {"n0": "", **{f"n{number}": f"n{number - 1}" for number in range(1, 1000)}}
    long = Runner()
    run(a_plan(chain, parallel=parallel), long)
    assert long.started == list(chain)
    gc.collect()
    assert long.most_alive <= 4


def test_a_long_row_of_nodes_that_are_left_out_is_no_trouble():
    chain = {"n0": "", **{f"n{number}": f"n{number - 1}" for number in range(1, 5000)}}
    runner = Runner(failing="n0")
    nodes = run(a_plan(chain), runner)
    assert runner.started == ["n0"]
    assert len(nodes.outcome.left_out) == 4999
    failure = failure_of(nodes.outcome, GraphRun(graph="g", left_out=nodes.outcome.left_out))
    assert isinstance(failure, GraphFailed)
    names = ", ".join(f"n{number}" for number in range(1, 11))
    assert str(failure) == f"the node 'n0' failed: too dark (not run: {names}, and 4989 more)"


def test_lists_of_different_lengths_that_go_in_step_fail_the_node_with_a_sentence():
    node = Node(
        component="pair", inputs={"a": Source.from_text("left"), "b": Source.from_text("right")}, scatter=("a", "b")
    )
    graph = Graph(
        title="g",
        slug="g",
        inputs={"left": "number", "right": "number"},
        lists=frozenset({"left", "right"}),
        nodes={"pair": node},
        outputs={},
    )
    plan = GraphPlan(
        graph=graph,
        known=KNOWN,
        inputs={"left": (value(1), value(2)), "right": (value(3),)},
        nodes={"pair": PlannedNode(node=node)},
    )
    nodes = run(plan, Runner())
    assert str(nodes.outcome.failures["pair"]) == "it scatters over lists of different lengths: 'a' has 2, 'b' has 1"


def test_a_cancelled_run_cancels_what_is_in_flight():
    ended = []

    async def slow(node, path, inputs, upstream) -> NodeRun:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append(path)
        raise AssertionError

    async def cancelled():
        running = asyncio.ensure_future(Nodes(a_plan({"a": "", "b": ""}), slow).run())
        await asyncio.sleep(0.05)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert sorted(ended) == ["a", "b"]

from __future__ import annotations

from interfaces.graph import Graph, Node, Source
from interfaces.graph_plan import GraphPlan, PlannedNode
from interfaces.graph_ports import Definitions

KNOWN = Definitions(components={}, interfaces={})


def a_plan(parallel: int = 1, **planned: PlannedNode) -> GraphPlan:
    nodes = {name: one.node for name, one in planned.items()}
    graph = Graph(title="g", slug="g", inputs={}, nodes=nodes, outputs={})
    return GraphPlan(graph=graph, known=KNOWN, inputs={}, nodes=planned, parallel=parallel)


def node(*needs: str, graph: str = "", scatter: bool = False) -> Node:
    inputs = {f"in-{one}": Source(node=one, name="out") for one in needs}
    what = {"graph": graph} if graph else {"component": "c"}
    return Node(**what, inputs=inputs, scatter=tuple(inputs) if scatter else ())


def test_a_plan_takes_as_long_as_its_longest_way_where_there_is_room():
    parts = {
        "a": PlannedNode(node=node(), expected_s=2.0),
        "b": PlannedNode(node=node("a"), expected_s=3.0),
        "c": PlannedNode(node=node("a"), expected_s=4.0),
    }
    assert a_plan(4, **parts).expected_s == 6
    assert a_plan(1, **parts).expected_s == 9
    assert (a_plan(1, **parts).jobs, a_plan(1, **parts).cached_jobs) == (3, 0)


def test_what_is_cached_or_left_out_takes_no_time_and_is_no_job():
    plan = a_plan(
        a=PlannedNode(node=node(), expected_s=2.0, cached="job", cached_runs=1),
        b=PlannedNode(node=node("a"), runs=0, left_out="'x' is not there", expected_s=9.0),
        c=PlannedNode(node=node("a"), expected_s=4.0),
    )
    assert (plan.expected_s, plan.jobs, plan.cached_jobs) == (4, 1, 1)


def test_a_node_that_scatters_counts_for_each_of_its_runs_that_is_not_cached():
    plan = a_plan(
        2,
        a=PlannedNode(node=node(scatter=True), runs=5, cached_runs=1, expected_s=3.0),
        b=PlannedNode(node=node("a"), expected_s=1.0),
    )
    assert (plan.expected_s, plan.jobs, plan.cached_jobs, plan.is_exact) == (7, 5, 1, True)
    assert not a_plan(a=PlannedNode(node=node(scatter=True), runs=None, expected_s=3.0)).is_exact


def test_a_nested_graph_counts_with_all_that_is_in_it_and_what_follows_waits_for_its_end():
    nested = a_plan(x=PlannedNode(node=node(), expected_s=2.0), y=PlannedNode(node=node("x"), expected_s=2.0))
    plan = a_plan(
        3,
        a=PlannedNode(node=node(), expected_s=1.0),
        deep=PlannedNode(node=node("a", graph="inner", scatter=True), runs=3, nested=nested),
        b=PlannedNode(node=node("deep"), expected_s=1.0),
    )
    assert (plan.expected_s, plan.jobs) == (6, 8)
    assert [path for path, _ in plan.walk()] == ["a", "deep", "deep/x", "deep/y", "b"]


def test_components_that_never_ran_are_named_once():
    plan = a_plan(a=PlannedNode(node=node()), b=PlannedNode(node=node("a")), c=PlannedNode(node=node(), expected_s=1.0))
    assert (plan.never_ran, plan.expected_s) == (("c",), 1)

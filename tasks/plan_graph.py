"""Check a graph and its inputs before anything runs, all problems at once; and say what running it will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy.orm import Session

from interfaces.component import Component
from interfaces.database.component_records import find_components
from interfaces.database.graph_records import desired_images, find_graphs, find_nested_graphs
from interfaces.database.interface_records import find_interfaces
from interfaces.engine import get_engine
from interfaces.errors import GraphInvalid, InvalidInputs
from interfaces.estimates import past_durations
from interfaces.graph import Graph, Node, Source
from interfaces.graph_check import check_graph, find_warnings
from interfaces.graph_plan import GraphPlan
from interfaces.graph_ports import Definitions
from interfaces.site import get_site
from tasks.admission import machine_capacity
from tasks.in_thread import in_thread
from tasks.planning.inputs import read_graph_inputs
from tasks.planning.outlook import Outlook
from tasks.planning.resources import resource_problems
from tasks.run_logging import run_logger
from tasks.validate_inputs import inputs_of


def planned(slug: str, given: Mapping[str, Any], *, look_up: bool = False) -> GraphPlan:
    """Check the graph, everything within it, what it needs of this site, and its inputs.

    Args:
        slug: The graph's.
        given: Its inputs, by the graph's own names.
        look_up: Whether to look for the earlier jobs whose outputs will be taken.

    Raises:
        UnknownName: No such graph is registered.
        GraphInvalid: The graph can't run; holds every problem, those with the inputs included.
        InvalidInputs: Only inputs are missing, unknown or invalid; holds every problem.
        EngineUnavailable: No container engine answers.
    """
    with get_site().database.session() as session:
        known = _definitions(session, find_nested_graphs(session, slug))
    return _planned(known.graphs[slug], known, given, look_up=look_up)


def planned_component(slug: str, given: Mapping[str, Any], *, look_up: bool = False) -> GraphPlan:
    """The plan of a component by itself, as a graph of one node; see `planned`."""
    with get_site().database.session() as session:
        component = find_components(session, [slug])[slug]
        known = _definitions(session, {})
    _, outputs = inputs_of(component, known.interfaces, given)
    sources = {one: Source(node=None, name=one) for one in given}
    alone = Graph(
        title=component.title,
        slug=slug,
        inputs={one: one for one in given},
        nodes={slug: Node(component=slug, inputs=sources)},
        outputs={one: Source(node=slug, name=one) for one in outputs},
    )
    return _planned(alone, known, given, look_up=look_up)


def _planned(graph: Graph, known: Definitions, given: Mapping[str, Any], *, look_up: bool) -> GraphPlan:
    engine, site, capacity = get_engine(), get_site(), machine_capacity()
    components = dict(_components(graph, known))
    problems = list(check_graph(graph, known))
    with site.database.session() as session:
        if problems:  # with all names that there are, the nearest one can be named
            problems = list(check_graph(graph, _definitions(session, find_graphs(session))))
        images = desired_images(session, components)
    limits, elsewhere = site.settings.limits, site.settings.place_jobs == "pool"
    problems += resource_problems(
        components, images, engine=engine, limits=limits, capacity=capacity, elsewhere=elsewhere
    )
    values, wrong = read_graph_inputs(graph, known, given)
    if problems:
        raise GraphInvalid(graph.slug, [*problems, *(f"the input '{name}' {why}" for name, why in wrong.items())])
    if wrong:
        raise InvalidInputs(wrong)
    shares = [capacity.share(memory_gb=one.memory_gb, gpu_type=one.gpu_type) for one in components.values()]
    past = {one: past_durations(one, images[one].sha256) for one in components}
    outlook = Outlook(
        known=known,
        seconds={one: durations.mean_s for one, durations in past.items() if durations is not None},
        parallel=site.settings.placed_at_once if elsewhere else capacity.parallel(shares),
        look_up=look_up,
    )
    plan = outlook.of(graph, values, warnings=list(_warnings(graph, known)))
    if outlook.problems:
        raise GraphInvalid(graph.slug, outlook.problems)
    return plan


def _definitions(session: Session, graphs: Mapping[str, Graph]) -> Definitions:
    return Definitions(components=find_components(session), interfaces=find_interfaces(session), graphs=graphs)


def _components(graph: Graph, known: Definitions) -> Iterator[tuple[str, Component]]:
    """The components of a graph and of those within it, each once."""
    slugs = {node.component for one in _graphs(graph, known) for node in one.nodes.values() if node.component}
    yield from ((slug, known.components[slug]) for slug in sorted(slugs) if slug in known.components)


def _graphs(graph: Graph, known: Definitions) -> Iterator[Graph]:
    """A graph and those within it, each once."""
    seen, todo = {graph.slug}, [graph]
    while todo:
        one = todo.pop()
        yield one
        inner = {node.graph for node in one.nodes.values()} & known.graphs.keys() - seen
        seen |= inner
        todo += [known.graphs[slug] for slug in sorted(inner)]


def _warnings(graph: Graph, known: Definitions) -> Iterator[str]:
    for one in _graphs(graph, known):
        where = "" if one is graph else f"in the graph '{one.slug}' "
        yield from (where + text for text in find_warnings(one, known))


@task(name="plan", task_run_name="plan", cache_policy=NO_CACHE)
async def plan_graph(graph: str, inputs: Mapping[str, Any]) -> GraphPlan:
    """Check the graph and its inputs; see `planned`. Logs what is hardly meant, and how much there is to do."""
    plan = await in_thread(planned, graph, inputs)
    at_least = "at least " if plan.never_ran or not plan.is_exact else ""
    run_logger().info("%d jobs, %s%.1f s with %d at a time", plan.jobs, at_least, plan.expected_s, plan.parallel)
    for warning in plan.warnings:
        run_logger().warning("%s", warning)
    return plan

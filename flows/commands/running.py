"""``run``: one component or one graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interfaces.errors import InvalidInputs, ValidationError

if TYPE_CHECKING:
    from interfaces.component import Component
    from interfaces.definition import ComponentInterface
    from interfaces.graph import Graph


def find_runnable(name: str) -> tuple[Component | Graph, dict[str, ComponentInterface]]:
    """What is registered under a name, and the interface of each of its inputs.

    Raises:
        UnknownName: Nothing is, or both a component and a graph are.
    """
    from interfaces.database.runnable_records import find_component_or_graph
    from interfaces.graph import Graph
    from interfaces.site import get_site

    with get_site().database.session() as session:
        found, known = find_component_or_graph(session, name)
    slugs = found.inputs if isinstance(found, Graph) else {slug: slug for slug in found.input_slugs}
    return found, {one: known.interfaces[slug] for one, slug in slugs.items()}


def read_texts(
    texts: tuple[str, ...], interfaces: Mapping[str, ComponentInterface], lists: Collection[str] = ()
) -> dict[str, Any]:
    """What ``-i name=text`` hands in; an input of a graph that is a list (`lists`) once for each of its elements.

    Raises:
        click.BadParameter: A text has another form.
        InvalidInputs: Texts that are no JSON where JSON is needed.
    """
    from interfaces.text_input import from_text

    given: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not equals:
            raise click.BadParameter(f"'{text}' is not of the form NAME=VALUE_OR_PATH", param_hint="-i")
        if name in given and name not in lists:
            raise click.BadParameter(f"'{name}' is given twice", param_hint="-i")
        try:
            # An unknown name goes through: the flow refuses it with the nearest known one.
            value = from_text(interfaces[name], rest) if name in interfaces else rest
        except ValidationError as error:
            problems[name] = str(error)
            continue
        given[name] = [*given.get(name, ()), value] if name in lists else value
    if problems:
        raise InvalidInputs(problems)
    return given


@click.command()
@click.argument("name")
@click.option("-i", "--input", "texts", multiple=True, metavar="NAME=VALUE_OR_PATH", help="An input; @FILE reads JSON.")
@click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write outputs there.")
@click.option("--reuse", is_flag=True, help="Of a component: take an earlier success; graphs do so anyway.")
@click.option("--refresh", is_flag=True, help="Run everything, whatever was run before.")
@click.option("--refresh-node", "nodes", multiple=True, metavar="NODE", help="The same for this node of the graph.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def run(
    name: str,
    texts: tuple[str, ...],
    folder: Path | None,
    reuse: bool,
    refresh: bool,
    nodes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run a registered component or graph."""
    from flows.commands.describing import (
        job_document,
        print_json,
        run_document,
        run_text,
        value_text,
    )
    from flows.component_job import run_component
    from flows.graph import run_graph
    from interfaces.export import export_values
    from interfaces.graph import Graph
    from interfaces.graph_values import one_by_one

    found, interfaces = find_runnable(name)
    given = read_texts(texts, interfaces, found.lists if isinstance(found, Graph) else ())
    if isinstance(found, Graph):
        result = run_graph(name, given, refresh=refresh or list(nodes))
        reused, left_out = result.reused, result.left_out
        outputs, jobs, document = one_by_one(result.outputs), dict(result.jobs), run_document(result)
    else:
        if nodes:
            raise click.BadParameter(f"'{name}' is a component, and has no nodes", param_hint="--refresh-node")
        started = datetime.now(UTC)
        job = run_component(name, given, reuse=reuse, refresh=refresh)
        left_out = {}
        reused = frozenset({name} if job.created < started else ())
        outputs, jobs, document = dict(job.outputs), {name: job}, job_document(job)
    written = dict(zip(outputs, export_values(outputs, folder), strict=True)) if folder is not None else {}
    if as_json:
        print_json(document)
        return
    for node, one in jobs.items():
        click.echo(f"{node}: {run_text(one, is_reused=node in reused)}")
    for node, why in left_out.items():
        click.echo(f"{node}: not run, {why}")
    for output, value in outputs.items():
        click.echo(f"{output} = {written[output] if output in written and value.path else value_text(value)}")

"""``plan``: what running a component or graph would do; nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flows.commands.running import find_runnable, read_texts
from interfaces.errors import GraphInvalid, InvalidInputs

if TYPE_CHECKING:
    from interfaces.graph_plan import GraphPlan, PlannedNode

COLUMNS = ("node", "runs", "times", "each", "")


@click.command()
@click.argument("name")
@click.option("-i", "--input", "texts", multiple=True, metavar="NAME=VALUE_OR_PATH", help="An input; @FILE reads JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def plan(context: click.Context, name: str, texts: tuple[str, ...], as_json: bool) -> None:
    """Say what a run would do: what would run, what is cached, how long it takes, everything that is wrong."""
    from flows.commands.describing import print_json
    from interfaces.graph import Graph
    from tasks.plan_graph import planned, planned_component

    found, interfaces = find_runnable(name)
    make = planned if isinstance(found, Graph) else planned_component
    try:
        given = read_texts(texts, interfaces, found.lists if isinstance(found, Graph) else ())
        made = make(name, given, look_up=True)
    except (GraphInvalid, InvalidInputs) as error:
        problems = _problems(error)
        if as_json:
            print_json({"name": name, "problems": problems})
        else:
            click.echo(f"'{name}' can't run as asked:", err=True)
            for problem in problems:
                click.echo(f"- {problem}", err=True)
        context.exit(error.exit_code)
    if as_json:
        print_json(plan_document(name, made))
    else:
        for line in plan_lines(name, made):
            click.echo(line)


def _problems(error: GraphInvalid | InvalidInputs) -> list[str]:
    if isinstance(error, GraphInvalid):
        return list(error.problems)
    return [f"the input '{name}' {why}" for name, why in error.problems.items()]


def plan_document(name: str, plan: GraphPlan) -> dict[str, Any]:
    """A plan as a JSON object."""
    return {
        "name": name,
        "problems": [],
        "warnings": list(plan.warnings),
        "jobs": plan.jobs,
        "cached_jobs": plan.cached_jobs,
        "is_exact": plan.is_exact,
        "parallel": plan.parallel,
        "expected_s": None if plan.never_ran else plan.expected_s,
        "at_least_s": plan.expected_s,
        "never_ran": list(plan.never_ran),
        "nodes": [
            {
                "node": path,
                "component": planned.node.component or None,
                "graph": planned.node.graph or None,
                "runs": planned.runs,
                "cached_runs": planned.cached_runs,
                "cached": planned.cached,
                "why": planned.why,
                "left_out": planned.left_out,
                "expected_s": planned.expected_s,
            }
            for path, planned in plan.walk()
        ],
    }


def plan_lines(name: str, plan: GraphPlan) -> list[str]:
    """A plan as lines for a terminal."""
    rows = [COLUMNS, *(_row(path, planned) for path, planned in plan.walk())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [_summary(name, plan), *table, *(f"warning: {one}" for one in plan.warnings)]


def _summary(name: str, plan: GraphPlan) -> str:
    from flows.commands.describing import seconds_text

    jobs = f"{'' if plan.is_exact else 'at least '}{plan.jobs} {'job' if plan.jobs == 1 else 'jobs'} to run"
    cached = f", {plan.cached_jobs} cached" if plan.cached_jobs else ""
    if not plan.jobs:
        return f"{name}: {jobs}{cached}"
    unknown = ", ".join(plan.never_ran)
    how_long = seconds_text(plan.expected_s)
    if unknown:
        return f"{name}: {jobs}{cached}, at least {how_long}: of {unknown} no job has succeeded yet"
    return f"{name}: {jobs}{cached}, about {how_long} with {plan.parallel} at a time"


def _row(path: str, planned: PlannedNode) -> tuple[str, ...]:
    from flows.commands.describing import seconds_text

    times = "?" if planned.runs is None else str(planned.runs)
    state = planned.why
    if planned.left_out:
        state = f"left out: {planned.left_out}"
    elif planned.cached:
        state = f"cached: job {planned.cached[:8]}"
    elif planned.cached_runs:
        state = f"{planned.cached_runs} cached" + (f"; {planned.why}" if planned.why else "")
    each = "" if planned.nested is not None else seconds_text(planned.expected_s)
    return path, planned.node.runs, times, each, state

"""``deploy``: Prefect deployments of what is registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

COLUMNS = ["deployment", "change", "pool", "queue", "version", "schedule"]


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--pool", metavar="POOL", help="Work pool in place of that of the settings; made if it is not there.")
@click.option("--schedule", metavar="CRON|INTERVAL|off", help="Of one NAME: '0 6 * * *', 6h, or off.")
@click.option("--timezone", default="UTC", show_default=True, help="In which the hours of the schedule are meant.")
@click.option("-i", "--input", "texts", multiple=True, metavar="NAME=VALUE_OR_PATH", help="An input of its runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def deploy(
    names: tuple[str, ...],
    pool: str | None,
    schedule: str | None,
    timezone: str,
    texts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a Prefect deployment of each registered component and graph, with a form for its inputs.

    Doing it again updates what has changed and removes what is gone. With NAMEs, only those are made and updated.
    """
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from flows.deployments import deploy as deploy_flow

    if schedule is None and texts:
        raise click.UsageError("-i is for the runs of a --schedule")
    if schedule is not None and len(names) != 1:
        raise click.UsageError("--schedule is for one component or graph: give its NAME, and no other")
    inputs = _read_inputs(names[0], texts) if texts else None
    done = deploy_flow(list(names), pool=pool, schedule=schedule, timezone=timezone, inputs=inputs)
    if as_json:
        print_json([one.model_dump() for one in done])
        return
    if not done:
        click.echo("nothing is registered yet; 'component-flows register FOLDER' does that")
        return
    rows = [[one.name, one.change, one.pool, one.queue, one.version, ", ".join(one.schedules)] for one in done]
    print_table(COLUMNS, rows)
    for one in done:
        if one.problem:
            click.echo(f"{one.name} was kept as it is, since the graph can't run: {one.problem}", err=True)


def _read_inputs(name: str, texts: tuple[str, ...]) -> dict[str, Any]:
    """The inputs as Prefect keeps them with a schedule: the content of a JSON file that was named, not its path."""
    from flows.commands.running import find_runnable, read_texts
    from interfaces.graph import Graph
    from interfaces.site import get_site
    from interfaces.value_creation import existing_file, read_json

    found, interfaces = find_runnable(name)
    given = read_texts(texts, interfaces, found.lists if isinstance(found, Graph) else ())

    def kept(value: Any) -> Any:
        if isinstance(value, list):
            return [kept(one) for one in value]
        return read_json(get_site(), existing_file(value), nan_to_null=False) if isinstance(value, Path) else value

    return {slug: kept(value) for slug, value in given.items()}

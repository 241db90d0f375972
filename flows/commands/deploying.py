"""``deploy``: Prefect deployments of what is registered."""

from __future__ import annotations

import click

COLUMNS = ["deployment", "change", "pool", "queue", "version", "schedule"]


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--pool", metavar="POOL", help="Work pool in place of that of the settings; made if it is not there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def deploy(names: tuple[str, ...], pool: str | None, as_json: bool) -> None:
    """Make a Prefect deployment of each registered component and graph, with a form for its inputs.

    Doing it again updates what has changed and removes what is gone. With NAMEs, only those are made and updated.
    """
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from flows.deployments import deploy as deploy_flow

    done = deploy_flow(list(names), pool=pool)
    if as_json:
        print_json([one.model_dump() for one in done])
        return
    if not done:
        click.echo("nothing is registered yet; 'component-flows register FOLDER' does that")
        return
    print_table(
        COLUMNS, [[one.name, one.change, one.pool, one.queue, one.version, ", ".join(one.schedules)] for one in done]
    )
    for one in done:
        if one.problem:
            click.echo(f"{one.name} was kept as it is, since the graph can't run: {one.problem}", err=True)

"""``stats``: how long jobs take, what they need and cost, and how they end."""

from __future__ import annotations

from datetime import datetime

import click

from interfaces.job_summaries import BY


@click.command()
@click.argument("component", required=False)
@click.option(
    "--by", multiple=True, type=click.Choice(BY), help="What a row is: an image of a component, unless given."
)
@click.option("--since", type=click.DateTime(), help="Only jobs that were created from then on (local time).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def stats(component: str | None, by: tuple[str, ...], since: datetime | None, as_json: bool) -> None:
    """Summarise all jobs, or those of one component: durations, waiting, memory, cost, failures, suggested limits."""
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from flows.statistics_tables import jobs_table, limits_table
    from interfaces.suggested_limits import LEAST_RUNS
    from tasks.job_statistics import BY_IMAGE, summarised

    table = summarised(component, by=by or BY_IMAGE, since=since)
    if as_json:
        if "day" in table:
            table["day"] = table["day"].dt.strftime("%Y-%m-%d")
        print_json(table.astype(object).where(table.notna(), None).to_dict(orient="records"))
        return
    if table.empty:
        click.echo("no jobs yet" if component is None and since is None else "no such jobs")
        return
    print_table(*jobs_table(table))
    header, rows = limits_table(table)
    if rows:
        click.echo(f"\nlimits that {LEAST_RUNS} or more succeeded runs speak for:")
        print_table(header, rows)

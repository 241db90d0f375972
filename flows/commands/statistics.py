"""``stats``: how long jobs take, what they need and cost, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interfaces.job_status import BY

if TYPE_CHECKING:
    import pandas as pd

    from interfaces.job_statistics import JobStatistics


@click.command()
@click.argument("component", required=False)
@click.option(
    "--by", multiple=True, type=click.Choice(BY), help="What a row is: a version of a component's image, unless given."
)
@click.option("--since", help="Only jobs that were created from then on: an age (30d) or a date (local time).")
@click.option("--until", help="Only jobs that were created up to then.")
@click.option(
    "--csv",
    "-o",
    "csv_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the tables to this folder as CSV files.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def stats(
    component: str | None,
    by: tuple[str, ...],
    since: str | None,
    until: str | None,
    csv_folder: Path | None,
    as_json: bool,
) -> None:
    """Summarise all jobs, or those of one component: durations, waiting, memory, cost, failures, suggested limits."""
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from interfaces.jobs import ComponentJob
    from interfaces.periods import moment

    first, last = (moment(one) if one else None for one in (since, until))
    if by:
        if csv_folder is not None:
            raise click.UsageError("--csv writes tables by component and image; leave out --by")
        from interfaces.statistics_tables import jobs_table

        table = ComponentJob.objects.summary(by, component=component, since=first, until=last)
        if as_json:
            print_json(_document(table))
        elif table.empty:
            click.echo(_none(component, since, until))
        else:
            print_table(*jobs_table(table))
        return
    from interfaces.job_statistics import job_statistics

    statistics = job_statistics(component, since=first, until=last)
    if csv_folder is not None:
        from interfaces.statistics_files import write_csv

        for path in write_csv(statistics, csv_folder):
            click.echo(f"wrote {path}", err=True)
    if as_json:
        tables = {"jobs": statistics.by_image, "days": statistics.by_day, "failures": statistics.failures}
        print_json({name: _document(table) for name, table in tables.items()})
    elif not statistics.jobs:
        click.echo(_none(component, since, until))
    else:
        _print(statistics)


def _none(*filters: str | None) -> str:
    return "no such jobs" if any(filters) else "no jobs yet"


def _print(statistics: JobStatistics) -> None:
    from flows.commands.looking import print_table
    from interfaces.statistics_tables import failures_table, jobs_table, limits_table
    from interfaces.suggested_limits import LEAST_RUNS

    print_table(*jobs_table(statistics.by_image))
    for title, (header, rows) in (
        ("what went wrong", failures_table(statistics.failures)),
        (f"limits that {LEAST_RUNS} or more succeeded runs speak for", limits_table(statistics.limits)),
    ):
        if rows:
            click.echo(f"\n{title}:")
            print_table(header, rows)


def _document(table: pd.DataFrame) -> list[dict[str, object]]:
    texts = {"day": "%Y-%m-%d", "newest": "%Y-%m-%dT%H:%M:%SZ"}
    told = {name: [format(one, form) for one in table[name]] for name, form in texts.items() if name in table}
    table = table.assign(**told)
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")  # type: ignore[return-value]

"""``clean``: remove what is needed no more."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--older-than", default="30d", show_default=True, metavar="AGE", help="What was used since then stays (30d, 12h)."
)
@click.option("--records", is_flag=True, help="Also remove the records of jobs that ended before that.")
@click.option("--graph-runs", is_flag=True, help="Also remove the records of runs of graphs that ended before that.")
@click.option("--dry-run", is_flag=True, help="Remove nothing, and tell what would be.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def clean(older_than: str, records: bool, graph_runs: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what is needed no more; jobs may run meanwhile.

    What crashes have left; logs of old jobs; versions of images that no job has used for long; values, stored files and
    unpacked models that no record names. What a job that runs, an archive, a desired version, an evaluation or the
    record of a run of a graph needs stays.
    """
    from flows.cleaning import clean as clean_flow
    from flows.cleaning import table
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from interfaces.periods import age
    from interfaces.reports.words import bytes_text

    age(older_than)  # before a server is started
    done = clean_flow(older_than=older_than, records=records, graph_runs=graph_runs, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "dry_run": done.dry_run,
                "removed": [
                    {"what": tally.kind.name.lower(), "count": tally.count, "bytes": tally.size_bytes}
                    for tally in done.tallies
                ],
                "problems": list(done.problems),
            }
        )
        return
    header, rows = table(done)
    if rows:
        print_table(header, rows)
        what = "would be freed" if done.dry_run else "are freed"
        click.echo(f"\n{bytes_text(done.size_bytes)} on disk {what}")
    else:
        click.echo("nothing to remove")
    for problem in done.problems:
        click.echo(problem, err=True)

"""``jobs``, ``show`` and ``logs``: what ran, and how it went."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from interfaces.errors import UnknownName
from interfaces.job_status import JobStatus

FOLLOW_S = 0.3
_STATUSES = click.Choice([status.name for status in JobStatus], case_sensitive=False)


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """A table that fits the terminal, or plain columns as wide as they need to be elsewhere."""
    # Names are copied from here: the first column stays whole, and what is long elsewhere goes on in the next line.
    first, *others = columns
    heads = [Column(first, no_wrap=True), *(Column(one, overflow="fold") for one in others)]
    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False).print(table)


@click.command()
@click.option("--status", type=_STATUSES, help="Only jobs in this status.")
@click.option("-n", "--number", default=50, show_default=True, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def jobs(status: str | None, number: int, as_json: bool) -> None:
    """List the newest jobs."""
    from flows.commands.describing import job_document, memory_text, print_json, seconds_text
    from interfaces.database.job_records import list_jobs
    from interfaces.site import get_site

    with get_site().database.session() as session:
        found = list_jobs(session, status=JobStatus[status.upper()] if status else None, limit=number)
    if as_json:
        print_json([job_document(job) for job in found])
        return
    rows = [
        [
            str(job.id)[:8],
            job.component,
            job.status.label,
            f"{job.created.astimezone():%Y-%m-%d %H:%M:%S}",
            seconds_text(job.duration.total_seconds() if job.duration is not None else None),
            memory_text(job.peak_memory_bytes),
            job.error_message,
        ]
        for job in found
    ]
    print_table(["job", "component", "status", "created", "duration", "memory", "message"], rows)


@click.command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(job: str, as_json: bool) -> None:
    """Show one job; JOB is its id or the start of it."""
    from flows.commands.describing import (
        job_document,
        memory_text,
        print_json,
        seconds_text,
        value_text,
        verdict_lines,
    )
    from interfaces.jobs import ComponentJob

    found = ComponentJob.objects.get(job)
    if as_json:
        print_json(job_document(found))
        return
    lines: dict[str, Any] = {
        "job": found.id,
        "component": found.component,
        "image": found.image.sha256,
        "status": found.status.label,
        "message": found.error_message or "-",
        **{f"  {slug}": why for slug, why in found.detailed_error_message.items()},
        **verdict_lines(found),
        **({"ran, since": found.why} if found.why else {}),
        "created": f"{found.created.astimezone():%Y-%m-%d %H:%M:%S}",
        "duration": seconds_text(found.duration.total_seconds() if found.duration is not None else None),
        "container ran": seconds_text(found.exec_duration_s),
        "peak memory": f"{memory_text(found.peak_memory_bytes)} of {found.requires_memory_gb:g} GB",
        "time limit": seconds_text(found.time_limit),
        **{f"input {slug}": value_text(value) for slug, value in found.inputs.items()},
        **{f"output {slug}": value_text(value) for slug, value in found.outputs.items()},
        "flow run": found.flow_run_id or "-",
    }
    width = max(len(name) for name in lines)
    for name, text in lines.items():
        click.echo(f"{name:<{width}}  {text}")


@click.command()
@click.argument("job")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--stderr/--stdout", "errors", default=None, help="Only one of the two; both otherwise.")
def logs(job: str, follow: bool, errors: bool | None) -> None:
    """Print what a job's container wrote."""
    from interfaces.jobs import ComponentJob
    from interfaces.site import get_site
    from tasks.job_logs import STREAMS, fetched_log, log_path

    found = ComponentJob.objects.get(job)
    wanted = STREAMS if errors is None else ("stderr",) if errors else ("stdout",)
    path_of = fetched_log if found.status.is_final else log_path
    paths = {stream: path_of(get_site(), found.id, stream) for stream in wanted}
    if not follow and not any(path.exists() for path in paths.values()):
        raise UnknownName(
            f"no output of the job {found.id} is kept here; its container did not start, or ran elsewhere"
        )
    read = dict.fromkeys(paths, 0)
    while True:
        ended = ComponentJob.objects.get(str(found.id)).status.is_final
        for stream, path in paths.items():
            read[stream] += _copy(path, read[stream], to_stderr=stream == "stderr")
        if ended or not follow:
            return
        time.sleep(FOLLOW_S)


def _copy(path: Path, start: int, *, to_stderr: bool) -> int:
    if not path.exists():
        return 0
    target = sys.stderr if to_stderr else sys.stdout
    with path.open("rb") as file:
        file.seek(start)
        # A terminal must not be driven by a container: only a file or pipe gets the bytes as they are.
        if target.isatty():
            data = file.read()
            text = data.decode("utf-8", errors="replace")
            target.write(
                "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)
            )
        else:
            shutil.copyfileobj(file, target.buffer)
        target.flush()
        return file.tell() - start

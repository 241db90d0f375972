"""``cancel``, ``retry`` and ``reap``: bring jobs to their end, or run them once more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from interfaces.errors import ComponentException, ComponentFlowsError

if TYPE_CHECKING:
    from interfaces.jobs import ComponentJob

PATIENCE_S = 30.0
"""How long a cancelled job is waited for: its container has its grace, and what follows it may take a while."""

LOOK_S = 0.3


@click.command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cancel(job: str, as_json: bool) -> None:
    """Stop a job that is queued or runs; JOB is its id or the start of it."""
    from flows.commands.describing import job_document, print_json
    from interfaces.database.lease_records import leases, request_cancellation
    from interfaces.jobs import ComponentJob
    from interfaces.site import get_site

    found = ComponentJob.objects.get(job)
    if found.status.is_final:
        raise ComponentException(f"the job {found.id} has ended already: {found.status.label}", job=found)
    with get_site().database.session() as session:
        request_cancellation(session, found.id)
        over = any(lease.job_id == found.id and lease.is_over() for lease in leases(session))
    if over:  # nobody runs it who could hear that
        from tasks.reap import reaped

        reaped()
    found = _awaited(found)
    if as_json:
        print_json(job_document(found))
    else:
        click.echo(f"{found.component} {found.id}: {found.status.label}")


def _awaited(job: ComponentJob) -> ComponentJob:
    from interfaces.jobs import ComponentJob

    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        job = ComponentJob.objects.get(str(job.id))
        if job.status.is_final:
            return job
        time.sleep(LOOK_S)
    raise ComponentFlowsError(
        f"the job {job.id} was asked to stop and is still {job.status.label}; 'component-flows show' tells when it ends"
    )


@click.command()
@click.argument("job")
@click.option("--memory-gb", type=float, help="GB in place of that job's.")
@click.option("--time-limit", type=int, help="Seconds in place of that job's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def retry(job: str, memory_gb: float | None, time_limit: int | None, as_json: bool) -> None:
    """Run a job that has ended once more, with the same image and inputs; JOB is its id or the start of it."""
    from flows.commands.describing import job_document, memory_text, print_json, seconds_text, value_text
    from flows.component_job import retry_job
    from interfaces.jobs import ComponentJob

    found = ComponentJob.objects.get(job)
    again = retry_job(str(found.id), memory_gb=memory_gb, time_limit=time_limit)
    if as_json:
        print_json(job_document(again))
        return
    click.echo(
        f"{again.component} {again.id}: {again.status.label} in {seconds_text(again.exec_duration_s)}, "
        f"{memory_text(again.peak_memory_bytes)}"
    )
    for slug, value in again.outputs.items():
        click.echo(f"{slug} = {value_text(value)}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def reap(as_json: bool) -> None:
    """End the jobs of processes that died, remove what they left, and run what follows them."""
    from flows.commands.describing import print_json
    from flows.maintenance import reap as reap_flow

    done = reap_flow()
    if as_json:
        print_json(done.model_dump())
        return
    for job, status in done.jobs.items():
        click.echo(f"{job}: {status}")
    for what in ("containers", "volumes", "folders"):
        for name in getattr(done, what):
            click.echo(f"removed {name}")
    for job in done.followed:
        click.echo(f"ran what follows {job}")
    if not any(done.model_dump().values()):
        click.echo("nothing was left behind")

"""Why a piece of work is run although something was run before: said by comparing it with what came nearest."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from interfaces.cache_keys import Work
from interfaces.component import Component
from interfaces.database.job_records import load_jobs
from interfaces.database.work_records import has_run, nearest, newest_of_work, successes
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob

REFRESHED = "a refresh was asked for"
NEVER_RAN = "it has never run before"
NEVER_SUCCEEDED = "it has not succeeded before"

_SHOWN_CHANGES = 3
_ENDS = {JobStatus.FAILURE: "failed", JobStatus.CANCELLED: "was cancelled"}


def explained(session: Session, component: Component, work: Work) -> str:
    """Why no earlier success stands for that work, in the words that follow ``<component> ran:``.

    Args:
        session: An open session.
        component: Who does the work.
        work: For which there is no success whose outputs are all stored.
    """
    if before := _same_work(session, work):
        return before
    jobs = load_jobs(session, nearest(session, component.slug, work.key))
    compared = [(job, work.changes_since(Work.done_by(job, component))) for job in jobs.values()]
    if not compared:
        return NEVER_SUCCEEDED if has_run(session, component.slug) else NEVER_RAN
    job, changes = min(compared, key=lambda one: (len(one[1]), -(one[0].completed_at or one[0].created).timestamp()))
    if not changes:
        return f"with its last run no key was kept (job {_short(job.id)})"
    more = len(changes) - _SHOWN_CHANGES
    return "; ".join([*changes[:_SHOWN_CHANGES], *([f"and {more} more changes"] if more > 0 else [])])


def _same_work(session: Session, work: Work) -> str | None:
    """What became of the same work, where it was begun before."""
    for job in load_jobs(session, successes(session, [work.key]).get(work.key, [])[:1]).values():
        gone = ", ".join(f"'{slug}'" for slug in lost_outputs(job))
        return f"outputs of its earlier run were removed from the store (job {_short(job.id)}: {gone})"
    newest = newest_of_work(session, work.key)
    if newest is None:
        return None
    job_id, status = newest
    return f"its last run over the same inputs {_ENDS.get(status, 'did not end')} (job {_short(job_id)})"


def lost_outputs(job: ComponentJob) -> list[str]:
    """The slugs of a succeeded job's outputs that are not there any more."""
    return [slug for slug in job.output_slugs if slug not in job.outputs or not job.outputs[slug].is_stored]


def _short(job_id: UUID) -> str:
    return str(job_id)[:8]

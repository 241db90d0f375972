"""Why a piece of work is run although something was run before: said by comparing it with what came nearest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from interfaces.cache_keys import Work, inputs_part
from interfaces.component import Component
from interfaces.database.job_records import load_jobs
from interfaces.database.work_records import (
    has_run,
    newest_of_works,
    newest_successes,
    over_same_inputs,
    successes,
)
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob

REFRESHED = "a refresh was asked for"
NEVER_RAN = "it has never run before"
NEVER_SUCCEEDED = "it has not succeeded before"

DID_NOT_RUN = "%s did not run: its outputs are those of the job %s"
"""In a run's log: the component and the earlier job."""

_SHOWN_CHANGES = 3

_MOST_KEPT = 1_000
_done: dict[UUID, Work] = {}
"""What jobs have done that succeeded, by their ids: that never changes, and the next ones are compared with it."""
_ENDS = {JobStatus.FAILURE: "failed", JobStatus.CANCELLED: "was cancelled"}


def explained(session: Session, component: Component, works: Collection[Work]) -> dict[str, str]:
    """Why no earlier success stands for pieces of work, by key, in the words that follow ``<component> ran:``.

    Args:
        session: An open session.
        component: Who does them.
        works: For each of which there is no success whose outputs are all stored.
    """
    keys = {work.key for work in works}
    why = _of_same_work(session, keys)
    others = [work for work in works if work.key not in why]
    if not others:
        return why
    near = over_same_inputs(session, component.slug, [work.key for work in others])
    newest = newest_successes(session, component.slug)
    if not newest:
        return why | dict.fromkeys(
            keys - why.keys(), NEVER_SUCCEEDED if has_run(session, component.slug) else NEVER_RAN
        )
    earlier = _works(session, {*newest, *(one for some in near.values() for one in some)})
    for work in others:
        compared = near.get(inputs_part(work.key), newest)
        job_id, changes = min(
            ((one, work.changes_since(earlier[one])) for one in compared), key=lambda one: len(one[1])
        )
        why[work.key] = _told(changes) or f"no key was kept with its last run (job {_short(job_id)})"
    return why


def _works(session: Session, ids: Collection[UUID]) -> dict[UUID, Work]:
    """What succeeded jobs have done."""
    found = {job_id: work for job_id in ids if (work := _done.get(job_id))}
    for job in load_jobs(session, [job_id for job_id in ids if job_id not in found]).values():
        found[job.id] = keep_work(job)
    return found


def keep_work(job: ComponentJob) -> Work:
    """Keep what a succeeded job has done, so that it need not be read when the next ones are compared with it."""
    if len(_done) >= _MOST_KEPT:
        _done.clear()
    return _done.setdefault(job.id, Work.done_by(job))


def _of_same_work(session: Session, keys: Collection[str]) -> dict[str, str]:
    """What became of the same work, where it was begun before."""
    began = newest_of_works(session, keys)
    why = {
        key: f"its last run over the same inputs {_ENDS.get(status, 'did not end')} (job {_short(job_id)})"
        for key, (job_id, status) in began.items()
    }
    succeeded = {ids[0]: key for key, ids in successes(session, began.keys()).items()}
    for job_id, job in load_jobs(session, succeeded).items():
        gone = ", ".join(f"'{slug}'" for slug in lost_outputs(job))
        why[succeeded[job_id]] = (
            f"outputs of its earlier run were removed from the store (job {_short(job_id)}: {gone})"
        )
    return why


def _told(changes: Sequence[str]) -> str:
    more = len(changes) - _SHOWN_CHANGES
    return "; ".join([*changes[:_SHOWN_CHANGES], *([f"and {more} more changes"] if more > 0 else [])])


def lost_outputs(job: ComponentJob) -> list[str]:
    """The slugs of a succeeded job's outputs that are not there any more."""
    return [slug for slug in job.output_slugs if slug not in job.outputs or not job.outputs[slug].is_stored]


def _short(job_id: UUID) -> str:
    return str(job_id)[:8]

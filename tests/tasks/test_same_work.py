"""Who runs and who waits, over records alone; the jobs of the others never end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from records import a_component, a_job, a_stored_image, an_interface
from sqlalchemy import update

import tasks.same_work
from interfaces.component import InterfaceSet
from interfaces.database.interface_records import save_interface
from interfaces.database.job_records import list_jobs, save_job
from interfaces.database.tables import JobRow
from interfaces.database.work_records import runners
from interfaces.job_status import JobStatus
from interfaces.owners import Owner
from tasks.records import reread, saved
from tasks.same_work import succeeded_or_begun

ELSEWHERE = str(replace(Owner.current(), host="elsewhere"))
COMPONENT = a_component(interfaces=(InterfaceSet(inputs=("age",), outputs=("age",)),))


@pytest.fixture
def image(site):
    with site.database.session() as session:
        save_interface(session, an_interface(title="age", slug="age"))
    return a_stored_image(site, COMPONENT)


@pytest.fixture
def begin(image):
    """Asks for the work; gives what it comes to."""

    async def begin(**options):
        return await succeeded_or_begun(lambda: a_job(image), {"age": 1}, **{"refresh": False, **options})

    return begin


def jobs(site):
    with site.database.session() as session:
        return list_jobs(session)


def is_waiting(begin) -> bool:
    async def look() -> bool:
        waiting = asyncio.create_task(begin())
        done, _ = await asyncio.wait([waiting], timeout=1)
        waiting.cancel()
        await asyncio.wait([waiting])
        return not done

    return asyncio.run(look())


def test_who_comes_second_waits_and_leaves_nothing_when_cancelled(site, begin):
    first = asyncio.run(begin())
    assert (first.status, first.why) == (JobStatus.PENDING, "it has never run before")
    assert is_waiting(begin)
    assert [job.id for job in jobs(site)] == [first.id]


def test_who_wants_a_refresh_waits_for_nobody_and_others_wait_for_it(site, begin):
    first = asyncio.run(begin(refresh=True))
    second = asyncio.run(begin(refresh=True))
    assert first.id != second.id
    assert is_waiting(begin)


def test_a_job_that_runs_longer_than_it_may_is_not_waited_for(site, begin, monkeypatch):
    first = asyncio.run(begin())
    with site.database.session() as session:
        for step in ("PROVISIONING", "PROVISIONED", "EXECUTING"):
            first = first.moved_to(JobStatus[step])
        save_job(session, first)
    monkeypatch.setattr(tasks.same_work, "SLACK_S", 0.5 - first.time_limit)
    started = time.monotonic()
    second = asyncio.run(begin())
    assert 0.5 < time.monotonic() - started < 10
    assert second.why == f"the job {first.id} does the same work, but takes too long"


def test_a_machine_that_gives_no_sign_of_life_is_not_waited_for(site, begin):
    first = asyncio.run(begin())

    def last_sign(ago_s: float) -> None:
        until = datetime.now(UTC) - timedelta(seconds=ago_s)
        with site.database.session() as session:
            held = update(JobRow).where(JobRow.id == first.id)
            session.execute(held.values(lease_owner=ELSEWHERE, lease_until=until))

    last_sign(-30)
    assert is_waiting(begin)
    last_sign(1)
    second = asyncio.run(begin())
    assert second.why == f"its last run over the same inputs did not end (job {str(first.id)[:8]})"
    with site.database.session() as session:
        (claimed,) = [one for one in runners(session, second.cache_key) if one.is_claimed]
    assert claimed.lease.job_id == second.id


@pytest.mark.engine
def test_a_job_that_is_stored_while_its_run_is_cancelled_ends(site, begin, monkeypatch):
    def slowly(job):
        time.sleep(0.5)
        return saved(job)

    monkeypatch.setattr(tasks.same_work, "saved", slowly)

    async def cancel():
        beginning = asyncio.create_task(begin(refresh=True))
        await asyncio.sleep(0.3)
        beginning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await beginning

    asyncio.run(cancel())
    (job,) = jobs(site)
    assert reread(job).status is JobStatus.CANCELLED

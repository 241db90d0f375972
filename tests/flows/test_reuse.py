"""Earlier successes in place of runs, with real containers."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from puppet_jobs import nothing_is_left_of
from puppet_scripts import MASK

from flows import arun_component, reap, run_component
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.database.job_records import list_jobs
from interfaces.errors import DefinitionError, InvalidInputs
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

REPORT = """
import json, random, time
time.sleep({seconds})
json.dump({{'of': {text!r}, 'random': random.random()}}, open('/output/report.json', 'w'))
"""


def work(text: str, seconds: float = 0, component: str = "puppet-report") -> tuple[str, dict]:
    return component, {"script": REPORT.format(text=text, seconds=seconds)}


def jobs_with(given: dict) -> list[ComponentJob]:
    """All jobs over that script, the newest first."""
    with get_site().database.session() as session:
        found = list_jobs(session, limit=40)
    return [job for job in found if "script" in job.inputs and job.inputs["script"].value == given["script"]]


def test_a_success_is_given_again_where_that_is_asked_for_and_only_there(caplog):
    given = work("again")
    first = run_component(*given)
    assert (first.why, first.cache_key[:3]) == ("", "v1:")
    with caplog.at_level(logging.INFO):
        again = run_component(*given, reuse=True, name="another name", memory_gb=0.5, time_limit=30)
    assert again == ComponentJob.objects.get(str(first.id))
    assert f"puppet-report did not run: its outputs are those of the job {first.id}" in caplog.text
    assert run_component(*given).id != first.id
    with caplog.at_level(logging.INFO):
        refreshed = run_component(*given, reuse=True, refresh=True)
    assert "puppet-report ran: a refresh was asked for" in caplog.text
    assert refreshed.outputs["report"].value["random"] != first.outputs["report"].value["random"]
    assert run_component(*given, reuse=True).id == refreshed.id
    assert len(jobs_with(given[1])) == 3


def test_another_input_runs_and_says_what_changed(scan):
    component, given = work("what changed")
    run_component(component, given)
    more = run_component(component, {**given, "scan": scan}, reuse=True)
    assert "the input 'scan' is new" in more.why
    assert ComponentJob.objects.get(str(more.id)).why == more.why


@pytest.mark.soak
def test_outputs_that_were_removed_by_hand_or_cut_short_are_made_again(scan):
    given = ("puppet-mask", {"script": MASK.format(voxels="[1, 0] * 4") + "\n# removed"})
    first = run_component(*given, reuse=True)
    path = first.outputs["mask"].path
    path.unlink()
    second = run_component(*given, reuse=True)
    assert second.why == f"outputs of its earlier run were removed from the store (job {str(first.id)[:8]}: 'mask')"
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-3])
    third = run_component(*given, reuse=True)
    assert third.id not in (first.id, second.id)
    assert path.read_bytes() == content
    assert run_component(*given, reuse=True).id == third.id


def test_a_failure_is_no_answer_and_is_named():
    given = ("puppet-report", {"script": "import sys; sys.exit('no, never')"})
    for _ in range(2):
        with pytest.raises(ComponentException, match="no, never") as caught:
            run_component(*given, reuse=True)
    first, second = reversed(jobs_with(given[1]))
    assert caught.value.job.id == second.id
    assert second.why == f"its last run over the same inputs failed (job {str(first.id)[:8]})"


def test_invalid_inputs_are_refused_as_ever_and_leave_their_record():
    with pytest.raises(InvalidInputs) as caught:
        run_component("puppet-report", {"script": 1}, reuse=True)
    assert caught.value.job.status is JobStatus.CANCELLED


def test_what_would_follow_a_run_that_may_not_happen_is_refused():
    with pytest.raises(DefinitionError, match="ask either for 'reuse'"):
        run_component(*work("followed"), reuse=True, task_on_success={"task": "followers:note_the_job_in_a_task"})


def test_the_same_work_asked_for_at_once_is_done_once_in_one_process():
    given = work("at once", seconds=1)

    async def several():
        return await asyncio.gather(*(arun_component(*given, reuse=True) for _ in range(4)))

    assert len({job.id for job in asyncio.run(several())}) == 1
    assert len(jobs_with(given[1])) == 1


RUN = """
import sys
from flows import run_component
print(run_component("puppet-report", {"script": sys.argv[1]}, reuse=True).id)
"""


def test_another_process_is_waited_for_and_the_wait_can_be_cancelled(script, until):
    component, given = work("two processes", seconds=4)
    runner = script(RUN, given["script"])
    until(lambda: jobs_with(given))

    async def two():
        waiting, cancelled = (asyncio.create_task(arun_component(component, given, reuse=True)) for _ in range(2))
        await asyncio.sleep(0.5)
        started = time.monotonic()
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert time.monotonic() - started < 2
        return await waiting

    job = asyncio.run(two())
    assert runner.communicate(timeout=60)[0].strip() == str(job.id)
    assert [one.id for one in jobs_with(given)] == [job.id]


@pytest.mark.soak
def test_where_the_runner_is_killed_one_of_those_that_wait_runs(script, until):
    component, given = work("killed runner", seconds=3)
    runner = script(RUN, given["script"])
    lost = until(lambda: [job for job in jobs_with(given) if job.status is JobStatus.EXECUTING])[0]

    async def two():
        waiting = [asyncio.create_task(arun_component(component, given, reuse=True)) for _ in range(2)]
        await asyncio.sleep(0.5)
        runner.kill()
        return await asyncio.gather(*waiting)

    one, other = asyncio.run(two())
    assert one.id == other.id != lost.id
    assert one.why == f"its last run over the same inputs did not end (job {str(lost.id)[:8]})"
    reap()
    assert nothing_is_left_of(lost)

"""Jobs that a person ends, or runs once more."""

from __future__ import annotations

import json
import threading

import pytest
from programs import call
from puppet_scripts import REPORT

from flows import retry_job, run_component
from flows.component_job import run_component as run_component_flow
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

RUN = """
import sys
from flows import run_component
try:
    run_component("puppet-report", {"script": "import time; time.sleep(100)"}, name=sys.argv[1])
except BaseException as error:
    print(type(error).__name__)
"""
GOOD = REPORT.format(report="{'fine': True}")


def executing(name: str) -> ComponentJob | None:
    table = ComponentJob.objects.with_duration(status=JobStatus.EXECUTING)
    for job_id in table["id"]:
        job = ComponentJob.objects.get(str(job_id))
        if job.name == name and left_of(job).containers:
            return job
    return None


def left_of(job: ComponentJob):
    return get_engine().leftovers({"component-flows.job": str(job.id)})


def test_a_job_is_cancelled_from_the_command_line(script, until, ask):
    runner = script(RUN, "to be cancelled")
    job = until(lambda: executing("to be cancelled"))
    done = call("cancel", str(job.id)[:13], "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "CANCELLED"
    out, _ = runner.communicate(timeout=30)
    assert out.strip() == "CancelledRun"
    assert not left_of(job)
    assert not (get_site().jobs_folder / str(job.id)).exists()
    assert ask(lambda client: client.read_flow_run(job.flow_run_id)).state.is_cancelled()


def test_a_run_that_is_cancelled_in_the_ui_stops_its_container(script, until, ask):
    from prefect.states import Cancelling

    runner = script(RUN, "cancelled in the ui")
    job = until(lambda: executing("cancelled in the ui"))
    ask(lambda client: client.set_flow_run_state(job.flow_run_id, Cancelling()))
    out, _ = runner.communicate(timeout=30)
    assert out.strip() == "CancelledRun"
    assert ComponentJob.objects.get(str(job.id)).status is JobStatus.CANCELLED
    assert not left_of(job)


def test_a_job_whose_process_has_died_can_be_cancelled(script, until):
    runner = script(RUN, "dead")
    job = until(lambda: executing("dead"))
    runner.kill()
    runner.wait()
    assert call("cancel", str(job.id)).returncode == 0
    assert ComponentJob.objects.get(str(job.id)).status is JobStatus.CANCELLED
    assert not left_of(job)


def test_what_has_ended_is_not_cancelled():
    job = run_component("puppet-report", {"script": GOOD})
    done = call("cancel", str(job.id))
    assert done.returncode == 1
    assert done.stderr.strip() == f"Error: the job {job.id} has ended already: Succeeded"


def test_a_failed_job_is_run_again_with_other_limits():
    with pytest.raises(ComponentException) as caught:
        run_component("puppet-report", {"script": "blob = b'x' * 300 * 2**20\n" + GOOD}, name="big")
    failed = caught.value.job
    again = retry_job(str(failed.id)[:13], memory_gb=0.5)
    assert again.status is JobStatus.SUCCESS
    assert (again.retry_of, again.name, again.image) == (failed.id, "big", failed.image)
    assert (again.requires_memory_gb, again.time_limit) == (0.5, failed.time_limit)
    assert again.inputs == failed.inputs
    assert ComponentJob.objects.get(str(failed.id)).requires_memory_gb == 0.25


def test_a_job_is_run_again_from_the_command_line():
    job = run_component("puppet-report", {"script": GOOD})
    done = call("retry", str(job.id), "--time-limit", "30", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["outputs"]["report"]["value"]) == ("SUCCESS", {"fine": True})


def test_limits_of_a_retry_are_held_against_the_site():
    job = run_component("puppet-report", {"script": GOOD})
    with pytest.raises(DefinitionError, match="a time limit of 0 s is outside"):
        retry_job(str(job.id), time_limit=0)


def test_a_job_that_runs_is_not_run_again(until):
    stopped = threading.Event()

    def run() -> None:
        with pytest.raises(BaseException):  # noqa: B017 - whatever a cancellation raises in a thread
            run_component_flow("puppet-report", {"script": "import time; time.sleep(100)"}, name="at work")
        stopped.set()

    threading.Thread(target=run, daemon=True).start()
    job = until(lambda: executing("at work"))
    with pytest.raises(DefinitionError, match="has not ended"):
        retry_job(str(job.id))
    assert call("cancel", str(job.id)).returncode == 0
    assert stopped.wait(20)

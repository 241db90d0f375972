"""A process beside the jobs that ends what a crash leaves; each test has a home and a guardian of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from workers import guardians, kill

from flows import guardian, register, run_component
from flows.server import ensure_server
from interfaces import ComponentJob, JobStatus
from interfaces.database.job_records import list_jobs
from interfaces.engine import get_engine
from interfaces.settings import get_settings
from interfaces.site import get_site

pytestmark = pytest.mark.engine

PUPPET = Path(__file__).parents[1] / "puppet"
RUN = """
import sys
from flows import run_component
run_component("puppet-report", {"script": sys.argv[1]}, time_limit=int(sys.argv[2]))
"""
SLEEP = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)"


@pytest.fixture
def guarded(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", ensure_server())
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COMPONENT_FLOWS_GUARDIAN", "true")
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__STOP_GRACE_S", "1")
    get_settings.cache_clear()
    register(PUPPET)
    yield get_site()
    kill(mine())
    get_site().database.close()
    monkeypatch.undo()
    get_settings.cache_clear()


def mine() -> list[int]:
    """The guardians of this site."""
    return guardians(get_site().home)


def the_job() -> ComponentJob | None:
    with get_site().database.session() as session:
        jobs = list_jobs(session, limit=1)
    return jobs[0] if jobs else None


def containers_of(job: ComponentJob) -> tuple:
    return get_engine().leftovers({"component-flows.job": str(job.id)}).containers


def is_running() -> ComponentJob | None:
    job = the_job()
    is_there = job is not None and any(one.state == "running" for one in containers_of(job))
    return job if is_there else None


def test_the_death_of_a_runner_ends_its_container_and_its_job(guarded, script, until, ask):
    runner = script(RUN, SLEEP, 60)
    job = until(is_running)
    runner.kill()
    until(lambda: the_job().status.is_final and not containers_of(job), seconds=30)
    job = the_job()
    assert job.status is JobStatus.FAILURE
    assert job.error_message == "An unexpected error occurred"
    assert job.verdict["kind"] == "runner_lost"
    until(lambda: not list(get_site().jobs_folder.iterdir()))
    run = until(lambda: (run := ask(lambda client: client.read_flow_run(job.flow_run_id))).state.is_final() and run)
    assert (run.state.name, run.state.message) == ("RunnerLost", job.error_message)


@pytest.mark.soak
def test_the_next_job_starts_a_guardian_that_settles_what_the_last_could_not(guarded, script, until):
    runner = script(RUN, SLEEP, 60)
    lost = until(is_running)
    kill(until(mine))
    runner.kill()
    run_component("puppet-report", {"script": "import json; json.dump({}, open('/output/report.json', 'w'))"})
    until(lambda: ComponentJob.objects.get(str(lost.id)).status.is_final and not containers_of(lost), seconds=30)
    assert len(mine()) == 1


def test_several_that_start_one_get_one(guarded, until):
    threads = [threading.Thread(target=guardian.ensure_guardian) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(mine)
    assert len(mine()) == 1  # and not six, five of which would find out a second later
    log = guarded.home / guardian.LOG_FILE
    until(lambda: "watching" in log.read_text())
    until(lambda: len(mine()) == 1)
    assert log.read_text().count("watching") == 1


def test_it_leaves_when_there_is_nothing_to_guard(guarded, monkeypatch, capfd):
    monkeypatch.setattr(guardian, "IDLE_S", 0.5)
    monkeypatch.setattr(guardian, "LOOK_S", 0.1)
    started = time.monotonic()
    guardian.guard(get_site())
    assert time.monotonic() - started < 20
    assert "no job for a while" in capfd.readouterr().out


def test_it_can_be_switched_off(guarded, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_GUARDIAN", "false")
    get_settings.cache_clear()
    guardian.ensure_guardian()
    assert not (get_site().home / guardian.LOG_FILE).exists()


SERVE = """
from flows import run_component
if __name__ == "__main__":
    run_component.serve(name="guarded", print_starting_message=False)
"""


def test_the_end_of_who_serves_runs_ends_their_containers(guarded, script, until, ask):
    from prefect.exceptions import ObjectNotFound

    def deployment():
        try:
            return ask(lambda client: client.read_deployment_by_name("run-component/guarded"))
        except ObjectNotFound:
            return None

    server = script(SERVE, whole=True, PREFECT_RUNNER_POLL_FREQUENCY="1")
    parameters = {"component": "puppet-report", "inputs": {"script": SLEEP}}
    found = until(deployment)
    ask(lambda client: client.create_flow_run_from_deployment(found.id, parameters=parameters))
    job = until(is_running)
    server.kill()  # where it is asked to end, it waits for its runs
    until(lambda: the_job().status.is_final and not containers_of(job), seconds=40)
    assert the_job().status in (JobStatus.CANCELLED, JobStatus.FAILURE)
    until(lambda: not list(get_site().jobs_folder.iterdir()))

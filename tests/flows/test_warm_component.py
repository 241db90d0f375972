"""Jobs of a component that is called over HTTP, through Prefect, and what is left when their process ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from programs import Program
from puppet_scripts import REPORT
from warm_bench import until

from flows import run_component
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.engine import get_engine
from interfaces.owners import Owner
from interfaces.site import get_site
from tasks.invoke import close_pools
from tasks.sweep import sweep

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

WARM = {"component-flows.component": "puppet-warm-report", "component-flows.role": "warm"}


def warm(script: str = "", **options) -> ComponentJob:
    return run_component(
        "puppet-warm-report", {"script": script + "\n" + REPORT.format(report="{'fine': True}")}, **options
    )


def failure(script: str, **options) -> ComponentException:
    with pytest.raises(ComponentException) as caught:
        run_component("puppet-warm-report", {"script": script}, **options)
    assert nothing_is_left_of(caught.value.job)
    return caught.value


def nothing_is_left_of(job: ComponentJob) -> bool:
    left = get_engine().leftovers({"component-flows.job": str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


def containers_of(owner: str) -> list[str]:
    left = get_engine().leftovers({**WARM, "component-flows.owner": owner})
    return [container.id for container in left.containers]


def own_containers() -> list[str]:
    return containers_of(str(Owner.current()))


@pytest.fixture(autouse=True)
def _no_pool():
    close_pools()
    yield
    close_pools()
    assert not own_containers()
    assert not get_engine().leftovers({**WARM, "component-flows.owner": str(Owner.current())})


def test_jobs_run_from_inputs_to_outputs_on_one_container(scan):
    first = warm("print('one')")
    [container] = own_containers()
    second = run_component(
        "puppet-warm-report",
        {
            "script": "import os\n" + REPORT.format(report="{'files': sorted(os.listdir('/input/images/scan'))}"),
            "scan": scan,
        },
    )
    third = warm("import os; assert not os.path.exists('/input/images')")
    assert own_containers() == [container]
    assert first.outputs["report"].value == third.outputs["report"].value == {"fine": True}
    assert second.outputs["report"].value == {"files": ["scan.mha"]}
    assert first.stdout == "serving\none"
    for job in (first, second, third):
        assert job.status is JobStatus.SUCCESS
        assert 0 < job.invoke_duration_s <= job.exec_duration_s
        assert ComponentJob.objects.get(str(job.id)) == job
        assert nothing_is_left_of(job)
    assert first.exec_duration_s > third.exec_duration_s


def test_a_failed_job_says_the_last_line_of_its_stderr():
    assert str(failure("import sys; print('too dark', file=sys.stderr); status = 422")) == "too dark"
    assert str(failure("status = 400")) == "No errors were reported in the logs."
    assert str(failure("raise ValueError('no such slice')")) == "ValueError: no such slice"


def test_the_limits_hold_for_each_job():
    late = failure("import time; time.sleep(60)", time_limit=1)
    assert str(late) == "Time limit exceeded"
    assert not own_containers()
    large = failure("blob = b'x' * 2**30")
    assert str(large) == "The container was killed as it exceeded its memory limit"
    assert not own_containers()
    assert warm().status is JobStatus.SUCCESS


def test_hostile_outputs_are_refused(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"password": 1}')
    error = failure(f"import os; os.symlink({str(secret)!r}, '/output/report.json')")
    assert "symbolic link" in str(error)
    assert str(failure("pass")) == "Output file 'report.json' was not produced"


def test_a_stored_output_does_not_change_with_the_container():
    keep = "file = kept['file'] = open('/output/report.json', 'w'); file.write('{\"fine\": true}'); file.flush()"
    job = run_component("puppet-warm-report", {"script": keep})
    warm("kept['file'].seek(0); kept['file'].write('{\"fine\": \"not at all\"}'); kept['file'].flush()")
    assert ComponentJob.objects.get(str(job.id)).outputs["report"].value == {"fine": True}


def test_jobs_at_once_have_containers_of_their_own():
    with ThreadPoolExecutor(2) as threads:
        jobs = list(threads.map(lambda _: warm("import time; time.sleep(2)"), range(2)))
    assert len(own_containers()) == 2
    assert {job.status for job in jobs} == {JobStatus.SUCCESS}


SCRIPT = """
import sys, time
from flows import run_component
from interfaces.owners import Owner
print(Owner.current(), flush=True)
quick = "open('/output/report.json', 'w').write('{}')"
run_component("puppet-warm-report", {"script": quick})
print("ready", flush=True)
"""
ENDS = [
    pytest.param("", id="at its end"),
    pytest.param("raise SystemExit(3)", id="by an error", marks=pytest.mark.soak),
    pytest.param(
        "import threading; threading.Thread(target=time.sleep, args=[0.2]).start()",
        id="after a thread",
        marks=pytest.mark.soak,
    ),
]
RUNNING = 'run_component("puppet-warm-report", {"script": "import time; time.sleep(100)"}, name="stop me")'


def started(code: str, *, whole: bool = False) -> tuple[Any, str]:
    """A process that has used the component, and its owner; `whole`: an interpreter of its own, with a real end."""
    command = [sys.executable, "-c", SCRIPT + code]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True) if whole else Program("code", SCRIPT + code)
    owner = process.stdout.readline().strip()
    assert process.stdout.readline() == "ready\n"
    return process, owner


@pytest.mark.parametrize("code", ENDS)
def test_a_process_leaves_nothing_when_it_ends(code):
    process, owner = started(code, whole=True)
    process.communicate(timeout=40)
    assert not get_engine().leftovers({"component-flows.owner": owner})
    assert not [one for one in (get_site().home / "warm").iterdir() if one.name.startswith(f"{process.pid}-")]


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.soak), signal.SIGTERM])
def test_a_stopped_process_leaves_nothing_and_a_cancelled_job(number):
    process, owner = started(RUNNING)
    until(
        lambda: len(ComponentJob.objects.with_duration(component="puppet-warm-report", status=JobStatus.EXECUTING)) > 0
    )
    time.sleep(0.5)
    process.send_signal(number)
    process.communicate(timeout=40)
    assert process.returncode != 0
    assert not get_engine().leftovers({"component-flows.owner": owner})
    table = ComponentJob.objects.with_duration(component="puppet-warm-report")
    newest = ComponentJob.objects.get(str(table.sort_values("created")["id"].iloc[-1]))
    assert (newest.status, newest.error_message) == (JobStatus.CANCELLED, "The job was cancelled")


def test_what_a_killed_process_leaves_is_told_from_what_is_in_use_and_removed():
    process, owner = started("time.sleep(100)")
    warm()
    [own] = own_containers()
    process.kill()
    process.communicate()
    assert Owner.from_text(owner).is_alive() is False
    sweep(get_site(), get_engine())
    assert not get_engine().leftovers({"component-flows.owner": owner})
    assert own_containers() == [own]

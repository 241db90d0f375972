"""What a crash leaves, made by hand: who may touch what, and what is made of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import docker
import pytest
from puppet_scripts import REPORT
from sqlalchemy import update

from flows import reap, run_component
from interfaces import ComponentJob, JobStatus
from interfaces.containers.protocol import DEADLINE_LABEL
from interfaces.database.follow_up_records import FollowUpStatus, find_follow_up
from interfaces.database.tables import FollowUpRow, JobRow
from interfaces.engine import get_engine
from interfaces.owners import Owner
from interfaces.site import get_site
from interfaces.storage.job_folder import JobFolder
from tasks.create_job import create_job
from tasks.naming import JOB_LABEL, OWNER_LABEL, SITE_LABEL, container_name, labels, output_volume
from tasks.reap import reaped
from tasks.records import moved, saved

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

DEAD = replace(Owner.current(), started="1")
REBOOTED = replace(Owner.current(), boot="another/" + Owner.current().boot.partition("/")[2])
ELSEWHERE = replace(Owner.current(), host="elsewhere")
GOOD = REPORT.format(report="{'fine': True}")


@pytest.fixture(autouse=True)
def _nothing_else_is_left(puppets):
    reap()


@pytest.fixture
def followed(monkeypatch, tmp_path):
    path = tmp_path / "followed"
    path.touch()
    monkeypatch.setenv("FOLLOWED", str(path))
    return lambda: [UUID(json.loads(line)[0]) for line in path.read_text().splitlines()]


def give_to(job: ComponentJob, owner: Owner, until: datetime | None = None) -> None:
    with get_site().database.session() as session:
        values = {"lease_owner": str(owner), "lease_until": until}
        session.execute(update(JobRow).where(JobRow.id == job.id).values(**values))


def executing(script: str, *, owner: Owner = DEAD, run: bool = True, **options) -> ComponentJob:
    """A job whose container runs or has run, and whose process is gone."""
    job = create_job("puppet-report", name="left behind", **options)
    from interfaces.database.interface_records import find_interfaces

    with get_site().database.session() as session:
        interface = find_interfaces(session, ["script"])["script"]
    value = interface.create_instance(value=script)
    job = saved(job.changed(inputs={"script": value}, output_slugs=("report",)))
    job = moved(job, JobStatus.PROVISIONING)
    folder = JobFolder.of(get_site(), job.id)
    folder.create()
    folder.place_inputs(job.inputs, {}, unpacked_bytes=1)
    job = moved(moved(job, JobStatus.PROVISIONED), JobStatus.EXECUTING)
    with_owner = {**labels(job), OWNER_LABEL: str(owner)}
    get_engine().create_output_volume(output_volume(job), with_owner)
    client = docker.from_env()
    container = client.containers.create(
        job.image.sha256,
        name=container_name(job),
        labels=with_owner,
        network_mode="none",
        volumes={str(folder.input): {"bind": "/input", "mode": "ro"}, output_volume(job): {"bind": "/output"}},
        user="0",  # the volume was not opened for others here
    )
    if run:
        container.start()
    client.close()
    give_to(job, owner)
    return job


def has_ended(job: ComponentJob) -> bool:
    (left,) = get_engine().leftovers({JOB_LABEL: str(job.id)}).containers
    return left.state == "exited"


def again(job: ComponentJob) -> ComponentJob:
    return ComponentJob.objects.get(str(job.id))


def is_clean_after(job: ComponentJob) -> bool:
    left = get_engine().leftovers({JOB_LABEL: str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


def test_what_a_container_has_finished_is_taken(until):
    job = executing("print('words')\n" + GOOD)
    until(lambda: has_ended(job))
    reaped()
    job = again(job)
    assert (job.status, job.outputs["report"].value) == (JobStatus.SUCCESS, {"fine": True})
    assert job.stdout == "words"
    assert job.exec_duration_s > 0
    assert is_clean_after(job)


def test_a_failure_that_nobody_saw_is_told_as_if_somebody_had(until):
    job = executing("raise SystemExit('the scan is too dark')")
    until(lambda: has_ended(job))
    reaped()
    job = again(job)
    assert (job.status, job.error_message) == (JobStatus.FAILURE, "the scan is too dark")
    assert job.verdict["kind"] == "exit_code"
    assert is_clean_after(job)


def test_an_output_that_does_not_fit_is_told_as_well(until):
    job = executing("open('/output/report.json', 'w').write('[')")
    until(lambda: has_ended(job))
    reaped()
    assert again(job).error_message == "The output file 'report.json' is not valid json"


def test_a_container_that_was_made_and_never_started_is_no_work():
    job = executing(GOOD, run=False)
    reaped()
    assert (again(job).status, again(job).verdict["kind"]) == (JobStatus.FAILURE, "runner_lost")
    assert is_clean_after(job)


def test_a_container_that_went_down_with_its_machine_says_nothing_of_the_component(until):
    job = executing("raise SystemExit(255)", owner=REBOOTED)
    until(lambda: has_ended(job))
    reaped()
    assert again(job).verdict["kind"] == "runner_lost"


def test_a_job_of_a_living_process_is_left_alone():
    job = executing("import time; time.sleep(100)", owner=Owner.current())
    assert not reaped()
    assert again(job).status is JobStatus.EXECUTING
    assert not has_ended(job)
    give_to(job, DEAD)
    get_engine().remove_container(container_name(job))
    reaped()


def test_a_job_of_another_machine_is_left_alone_until_its_lease_is_over():
    job = create_job("puppet-report")
    give_to(job, ELSEWHERE, datetime.now(UTC) + timedelta(minutes=1))
    assert not reaped().jobs
    give_to(job, ELSEWHERE, datetime.now(UTC) - timedelta(seconds=1))
    (done,) = reaped().jobs
    assert (done.id, done.status) == (job.id, JobStatus.FAILURE)


def test_two_that_reap_at_once_share_the_jobs():
    jobs = {create_job("puppet-report").id for _ in range(6)}
    for job_id in jobs:
        give_to(again(ComponentJob.objects.get(str(job_id))), DEAD)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: reaped(), range(4)))
    settled = [job.id for one in done for job in one.jobs]
    assert sorted(settled) == sorted(jobs)


def test_leftovers_without_a_job_are_removed_and_those_of_other_sites_are_not():
    client = docker.from_env()
    image = again(run_component("puppet-report", {"script": GOOD})).image.sha256
    mine = {SITE_LABEL: get_site().id, OWNER_LABEL: str(DEAD), JOB_LABEL: str(uuid4())}
    other = {**mine, SITE_LABEL: "another-site"}
    containers = [client.containers.create(image, labels=each, network_mode="none") for each in (mine, other)]
    volumes = [client.volumes.create(uuid4().hex, labels=each) for each in (mine, other)]
    try:
        swept = reaped().swept
        assert (swept.containers, swept.volumes) == ((containers[0].name,), (volumes[0].name,))
    finally:
        containers[1].remove()
        volumes[1].remove()
        client.close()


def test_a_container_past_its_deadline_is_removed_whoever_watches_it():
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    job = create_job("puppet-report")
    client = docker.from_env()
    client.containers.create(job.image.sha256, labels={**labels(job), DEADLINE_LABEL: past}, network_mode="none")
    client.close()
    assert len(reaped().swept.containers) == 1
    give_to(job, DEAD)
    reaped()


def test_folders_of_dead_processes_are_removed_and_those_of_living_ones_are_not():
    site = get_site()
    with site.scratch() as alive:
        dead = alive.parent / "1-1-left"
        dead.mkdir()
        (dead / "half.mha").touch()
        half = site.store.incoming / "1-1-half"
        half.parent.mkdir(parents=True, exist_ok=True)
        half.touch()
        no_job = site.jobs_folder / str(uuid4())
        no_job.mkdir(parents=True)
        assert set(reaped().swept.folders) == {dead, half, no_job}
        assert alive.is_dir()
    assert not dead.exists() and not half.exists() and not no_job.exists()


def ended_with_follow_up(reference: dict) -> ComponentJob:
    job = create_job("puppet-report", task_on_failure=reference)
    give_to(job, DEAD)
    reaped()
    return again(job)


def set_follow_up(job: ComponentJob, **values) -> None:
    with get_site().database.session() as session:
        session.execute(update(FollowUpRow).where(FollowUpRow.job_id == job.id).values(**values))


def follow_up(job: ComponentJob):
    with get_site().database.session() as session:
        return find_follow_up(session, job.id)


def test_what_follows_a_job_that_was_reaped_is_run_once(followed):
    job = ended_with_follow_up({"flow": "followers:note_the_job"})
    assert followed() == []
    assert reap().followed == (str(job.id),)
    assert reap().followed == ()
    assert followed() == [job.id]
    assert follow_up(job).status is FollowUpStatus.DONE


def test_what_was_claimed_and_had_not_begun_is_run(followed):
    job = ended_with_follow_up({"flow": "followers:note_the_job"})
    set_follow_up(job, status="running", owner=str(DEAD))
    assert reap().followed == (str(job.id),)
    assert followed() == [job.id]


def test_what_had_begun_is_not_begun_again(followed):
    job = ended_with_follow_up({"flow": "followers:note_the_job"})
    reap()
    set_follow_up(job, status="running", owner=str(DEAD), completed_at=None)
    assert reap().followed == ()
    assert followed() == [job.id]
    assert follow_up(job).status is FollowUpStatus.INTERRUPTED


def test_what_a_living_process_runs_is_left_to_it(followed):
    job = ended_with_follow_up({"flow": "followers:note_the_job"})
    set_follow_up(job, status="running", owner=str(Owner.current()))
    assert reap().followed == ()
    set_follow_up(job, status="done")


def test_a_follow_up_that_fails_is_on_record_and_not_tried_for_ever(followed):
    job = ended_with_follow_up({"flow": "followers:break_down"})
    assert reap().followed == (str(job.id),)
    assert follow_up(job).status is FollowUpStatus.FAILED
    assert "the follower broke down" in follow_up(job).error_message
    assert reap().followed == ()

"""Looking for earlier successes and saying why there are none, over records alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from records import SHA256, a_component, a_job, a_stored_image, an_interface

import tasks.reuse
from interfaces.cache_keys import Work
from interfaces.component import InterfaceSet
from interfaces.database.component_records import save_component
from interfaces.database.interface_records import save_interface
from interfaces.database.job_records import save_job
from interfaces.errors import UnknownName
from interfaces.job_status import JobStatus
from interfaces.kinds import InterfaceKindChoices as Kind
from tasks.misses import NEVER_RAN, NEVER_SUCCEEDED
from tasks.reuse import Answer, Asked, check_refreshed, find_earlier, looked_up

COMPONENT = a_component(
    interfaces=(
        InterfaceSet(inputs=("age",), outputs=("report",)),
        InterfaceSet(inputs=("age", "weight"), outputs=("report",)),
    )
)


@pytest.fixture
def interfaces(site):
    with site.database.session() as session:
        return {
            slug: save_interface(
                session, an_interface(title=slug, slug=slug, kind=kind, relative_path=f"{slug}{suffix}")
            )[0]
            for slug, kind, suffix in (
                ("age", Kind.INTEGER, ".json"),
                ("weight", Kind.INTEGER, ".json"),
                ("report", Kind.CSV, ".csv"),
            )
        }


@pytest.fixture
def image(site, interfaces):
    return a_stored_image(site, COMPONENT)


@pytest.fixture
def done(site, image, interfaces, tmp_path):
    """Stores a job that has ended over those inputs."""

    def done(status: JobStatus = JobStatus.SUCCESS, image=image, **given: int):
        values = {slug: interfaces[slug].create_instance(value=value) for slug, value in given.items()}
        job = a_job(image, inputs=values, output_slugs=("report",))
        job = job.changed(cache_key=Work.of(job, COMPONENT).key)
        for step in ("PROVISIONING", "PROVISIONED", "EXECUTING", "EXECUTED", "PARSING"):
            job = job.moved_to(JobStatus[step])
        outputs = {}
        if status is JobStatus.SUCCESS:
            report = tmp_path / "report.csv"
            report.write_text(f"a,b\n{given['age']},{len(given)}\n")
            outputs = {"report": interfaces["report"].create_instance(file=report)}
        job = job.moved_to(status, outputs=outputs)
        with site.database.session() as session:
            save_job(session, job)
        return job

    return done


def answer(**given) -> Answer:
    (found,) = looked_up([Asked(component="lesion-counter", inputs=given)], explain=True)
    return found


def test_the_newest_success_over_the_same_values_is_the_answer(done):
    done(age=1)
    newest = done(age=1)
    done(JobStatus.FAILURE, age=1)
    assert answer(age=1).job.id == newest.id
    assert answer(age=1).why == ""


def test_a_success_whose_file_is_gone_gives_way_to_an_older_one_that_is_whole(done, interfaces, site):
    older = done(age=1)
    newest = done(age=1)
    other_file = done(age=2).outputs["report"].path  # content of its own
    assert newest.outputs["report"].path == older.outputs["report"].path
    newest.outputs["report"].path.unlink()
    assert answer(age=1).job is None
    assert answer(age=1).why == (
        f"outputs of its earlier run were removed from the store (job {str(newest.id)[:8]}: 'report')"
    )
    assert answer(age=2).job is not None
    other_file.chmod(0o644)
    other_file.write_text("a")
    assert "were removed" in answer(age=2).why


def test_a_miss_is_explained_by_what_came_nearest(done, site, image, interfaces):
    assert answer(age=1).why == NEVER_RAN
    failed = done(JobStatus.FAILURE, age=1)
    assert answer(age=1).why == f"its last run over the same inputs failed (job {str(failed.id)[:8]})"
    assert answer(age=2).why == NEVER_SUCCEEDED
    cancelled = done(JobStatus.CANCELLED, age=1)
    assert answer(age=1).why == f"its last run over the same inputs was cancelled (job {str(cancelled.id)[:8]})"
    done(age=3)
    done(age=4)
    assert answer(age=3, weight=70).why == "the input 'weight' is new"
    a_stored_image(site, COMPONENT, "sha256:" + "b" * 64)
    assert answer(age=3).why == f"the image changed (sha256:{SHA256[7:11]} -> bbbb)"
    with site.database.session() as session:
        save_component(session, replace(COMPONENT, gpu_type="T4"))
    assert answer(age=4).why == "the image changed (sha256:aaaa -> bbbb); the GPU type changed (none -> T4)"


def test_jobs_of_before_keys_were_kept_are_named(done, site, image):
    old = done(age=1)
    with site.database.session() as session:
        save_job(session, old.changed(cache_key=""))
    assert answer(age=1).why == f"no key was kept with its last run (job {str(old.id)[:8]})"


def test_what_cannot_be_run_as_asked_has_no_answer(image):
    asked = [
        Asked(component="lesion-counter", inputs={"age": "old"}),
        Asked(component="lesion-counter", inputs={"size": 1}),
        Asked(component="nobody", inputs={}),
    ]
    assert looked_up(asked, explain=True) == [Answer()] * 3


def test_all_that_ask_at_once_are_answered_together(done, monkeypatch):
    known = {age: done(age=age).id for age in range(5)}
    batches: list[int] = []

    def counted(asked):
        batches.append(len(asked))
        return looked_up(asked)

    monkeypatch.setattr(tasks.reuse, "looked_up", counted)

    async def ask_all():
        asking = [asyncio.create_task(find_earlier("lesion-counter", {"age": age})) for age in range(10)]
        asking[7].cancel()
        await asyncio.sleep(0)
        return await asyncio.gather(*asking, return_exceptions=True)

    jobs = asyncio.run(ask_all())
    assert {age: jobs[age].id for age in known} == known
    assert isinstance(jobs[7], asyncio.CancelledError)
    assert [jobs[age] for age in (5, 6, 8, 9)] == [None] * 4
    assert len(batches) <= 2


def test_a_fault_reaches_everyone_who_asked_and_nobody_after(done, monkeypatch):
    done(age=1)
    real = tasks.reuse.looked_up

    async def ask():
        monkeypatch.setattr(tasks.reuse, "looked_up", lambda _: 1 / 0)
        both = [find_earlier("lesion-counter", {"age": 1}) for _ in range(2)]
        faults = await asyncio.gather(*both, return_exceptions=True)
        monkeypatch.setattr(tasks.reuse, "looked_up", real)
        return faults, await find_earlier("lesion-counter", {"age": 1})

    faults, job = asyncio.run(ask())
    assert [type(fault) for fault in faults] == [ZeroDivisionError] * 2
    assert job is not None


def test_only_nodes_that_are_there_can_be_refreshed():
    nodes = ["segment", "prepare", "prepare/denoise"]
    check_refreshed(["segment[2]", "prepare[1]/denoise", "prepare"], nodes)
    with pytest.raises(UnknownName, match=r"no node 'prepare/denise' .*; did you mean 'prepare/denoise'"):
        check_refreshed(["prepare/denise"], nodes)
    with pytest.raises(UnknownName, match="its nodes are segment, prepare"):
        check_refreshed(["x"], nodes)

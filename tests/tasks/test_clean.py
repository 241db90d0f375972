"""What is needed no more goes, and nothing else: with a real store, real engine and both databases."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from image_archives import SavedImage, entry, tar
from old_site import aged
from postgresql import programs, running_server
from records import a_component, a_job, a_stored_image, an_interface
from sqlalchemy import create_engine, func, select, text

from interfaces import ComponentInterfaceValue, ComponentJob
from interfaces.archives import create_archive
from interfaces.cache_keys import Work
from interfaces.cleaning import Cleaned, Kind, Wanted
from interfaces.component import InterfaceSet
from interfaces.crates.records import GraphRecord
from interfaces.database.evaluation_records import add_case, save_evaluation
from interfaces.database.graph_run_records import find_graph_run, save_graph_run
from interfaces.database.image_records import find_image
from interfaces.database.interface_records import save_interface
from interfaces.database.job_records import load_job, save_job
from interfaces.database.phase_records import save_phase
from interfaces.database.tables import JobRow, ValueRow
from interfaces.errors import UnknownName
from interfaces.evaluations import EvaluatedCase, Evaluation
from interfaces.graph import Graph, Node, Source
from interfaces.job_status import JobStatus
from interfaces.kinds import InterfaceKindChoices as InterfaceKind
from interfaces.phase import Phase
from interfaces.settings import get_settings
from interfaces.site import Site, get_site
from interfaces.storage.unused_files import KEPT_S
from tasks import image_claims
from tasks.clean import cleaned
from tasks.job_logs import log_path
from tasks.reuse import Asked, looked_up

ROOT = Path(__file__).parents[2]
COMPONENT = a_component(interfaces=(InterfaceSet(inputs=("age",), outputs=("report",)),))
ALL = Wanted(records=True, graph_runs=True)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    with running_server() as url:
        yield url


@pytest.fixture
def site(request, tmp_path, monkeypatch) -> Iterator[Site]:
    """A site of its own, with SQLite unless a test asks for both databases."""
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgresql")
        with create_engine(url).begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        monkeypatch.setenv("COMPONENT_FLOWS_DATABASE_URL", url)
    get_settings.cache_clear()
    yield get_site()
    get_site().database.close()
    get_settings.cache_clear()


both = pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)
both_in_soak = pytest.mark.parametrize(
    "site", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)


@pytest.fixture
def interfaces(site):
    kinds = (("age", InterfaceKind.INTEGER, ".json"), ("report", InterfaceKind.CSV, ".csv"))
    with site.database.session() as session:
        return {
            slug: save_interface(
                session, an_interface(title=slug, slug=slug, kind=kind, relative_path=f"{slug}{suffix}")
            )[0]
            for slug, kind, suffix in kinds
        }


@pytest.fixture
def image(site, interfaces):
    return a_stored_image(site, COMPONENT)


@pytest.fixture
def report(interfaces, tmp_path):
    """A stored file with that number in it."""

    def report(number: int) -> ComponentInterfaceValue:
        path = tmp_path / f"{uuid4().hex}.csv"
        path.write_text(f"a,b\n{number},2\n")
        return interfaces["report"].create_instance(file=path)

    return report


@pytest.fixture
def ran(site, image, interfaces, report):
    """A job that has succeeded, with its log."""

    def ran(number: int, image=image) -> ComponentJob:
        job = a_job(image, inputs={"age": interfaces["age"].create_instance(value=number)}, output_slugs=("report",))
        job = job.changed(cache_key=Work.of(job, COMPONENT).key)
        for step in ("PROVISIONING", "PROVISIONED", "EXECUTING", "EXECUTED", "PARSING"):
            job = job.moved_to(JobStatus[step])
        job = job.moved_to(JobStatus.SUCCESS, outputs={"report": report(number)})
        with site.database.session() as session:
            save_job(session, job)
        path = log_path(site, job.id, "stdout")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("done\n")
        return job

    return ran


def counts(done: Cleaned) -> dict[Kind, int]:
    return {tally.kind: tally.count for tally in done.tallies}


def is_whole(site: Site, value: ComponentInterfaceValue) -> bool:
    with site.database.session() as session:
        return session.get(ValueRow, value.pk) is not None and value.is_stored


def is_known(site: Site, job: ComponentJob) -> bool:
    with site.database.session() as session:
        try:
            return all(one.is_stored for one in load_job(session, job.id).outputs.values())
        except UnknownName:
            return False


def a_graph_run(job: ComponentJob, **changes) -> GraphRecord:
    graph = Graph(
        title="G",
        slug="g",
        inputs={"age": "age"},
        nodes={"n": Node(component="lesion-counter", inputs={"age": Source(node=None, name="age")})},
        outputs={"report": Source(node="n", name="report")},
    )
    now = datetime.now(UTC)
    fields = {"inputs": job.inputs, "outputs": job.outputs, "jobs": {"n": job}, "started_at": now, "completed_at": now}
    return GraphRecord(id=uuid4(), graph=graph, **{**fields, **changes})


@both
def test_what_nothing_names_goes_and_what_is_named_stays(site, ran, report, interfaces):
    job, lone, in_archive, age = ran(1), report(2), report(3), interfaces["age"].create_instance(value=77)
    create_archive("Cases").add("one", {"report": in_archive})
    in_case, in_run = report(4), report(5)
    evaluation = Evaluation(phase="test", algorithm="a", version="v")
    phase = Phase(title="Test", slug="test", algorithm_interfaces=(), evaluation="lesion-counter")
    with site.database.session() as session:
        save_phase(session, phase)
        save_evaluation(session, evaluation.at(JobStatus.FAILURE))
        add_case(session, evaluation.id, 0, EvaluatedCase(name="one", inputs={"report": in_case}))
        save_graph_run(session, a_graph_run(job, inputs={"age": age}, outputs={"report": in_run}, jobs={}))
    path = lone.path
    aged(site)
    assert counts(cleaned(site, Wanted(), None)) == {Kind.VALUE: 1, Kind.FILE: 1, Kind.LOG: 1}
    assert not path.exists() and not is_whole(site, lone)
    assert is_known(site, job)
    assert all(is_whole(site, one) for one in (in_archive, in_case, in_run, age, *job.inputs.values()))
    assert cleaned(site, Wanted(), None).tallies == ()  # a second time there is nothing


@both
def test_what_was_used_within_a_day_stays_whatever_is_asked_for(site, ran, report):
    job, lone = ran(1), report(2)
    now = Wanted(older_than=timedelta(0), records=True, graph_runs=True)
    assert counts(cleaned(site, now, None)) == {Kind.LOG: 1}
    assert is_known(site, job) and is_whole(site, lone)
    aged(site)
    assert report(2).pk == lone.pk  # found again: it is as new
    assert looked_up([Asked(component="lesion-counter", inputs={"age": 1})])[0].job.id == job.id
    assert cleaned(site, ALL, None).tallies == ()
    assert is_known(site, job) and is_whole(site, lone)
    aged(site, days=(KEPT_S - 3600) / 86_400)
    assert cleaned(site, now, None).tallies == ()


@both
def test_records_of_old_jobs_go_where_that_is_asked_for_but_not_those_that_are_needed(site, ran):
    old, of_run, held, recent = ran(1), ran(2), ran(3), ran(4)
    queued = a_job(held.image)
    with site.database.session() as session:
        save_graph_run(session, record := a_graph_run(of_run))
        save_job(session, queued)
        session.get(JobRow, held.id).lease_owner = "somebody"
    aged(site)
    with site.database.session() as session:
        session.get(JobRow, recent.id).completed_at = datetime.now(UTC)
    told = cleaned(site, Wanted(records=True, dry_run=True), None)
    assert is_known(site, old)
    done = cleaned(site, Wanted(records=True), None)
    assert told.tallies == done.tallies
    assert counts(done) == {Kind.JOB: 1, Kind.VALUE: 2, Kind.FILE: 1, Kind.LOG: 2}  # not of the one that is held
    assert [is_known(site, job) for job in (old, of_run, held, recent, queued)] == [False, True, True, True, True]
    with site.database.session() as session:
        assert find_graph_run(session, str(record.id)) is not None
    assert counts(cleaned(site, ALL, None)) == {Kind.GRAPH_RUN: 1, Kind.JOB: 1, Kind.VALUE: 2, Kind.FILE: 1}
    assert not is_known(site, of_run)


def test_jobs_of_a_run_that_goes_on_stay_however_old_they_are(site, ran, monkeypatch):
    first = ran(1)
    with site.database.session() as session:
        save_evaluation_of_now(session)
    aged(site)
    with site.database.session() as session:
        session.execute(text("UPDATE evaluation SET created = :then"), {"then": datetime.now(UTC) - timedelta(days=90)})
    assert cleaned(site, ALL, None).tallies[0].kind is Kind.LOG
    assert is_known(site, first)


def save_evaluation_of_now(session) -> None:
    save_phase(session, Phase(title="Test", slug="test", algorithm_interfaces=(), evaluation="lesion-counter"))
    save_evaluation(session, Evaluation(phase="test", algorithm="a", version="v"))


def test_an_unpacked_model_stays_while_a_job_that_has_not_ended_needs_it(site, image):
    from interfaces.database.component_records import save_tarball
    from interfaces.tarballs import TarballKind

    shas = ["a" * 64, "b" * 64, "c" * 64]
    with site.database.session() as session:
        old, used, _desired = (
            save_tarball(session, owner="lesion-counter", kind=TarballKind.MODEL, sha256=one, size=1) for one in shas
        )
        save_job(session, a_job(image, tarball=used))
    for one in shas:
        (site.home / "tarballs" / one).mkdir(parents=True)
        (site.home / "tarballs" / one / "weights").write_bytes(b"12345")
    aged(site)
    (tally,) = cleaned(site, Wanted(), None).tallies
    assert (tally.kind, tally.count, tally.size_bytes) == (Kind.UNPACKED, 1, 5)
    assert not (site.home / "tarballs" / old.sha256).exists()
    assert (site.home / "tarballs" / used.sha256 / "weights").exists()


@pytest.fixture
def add_version(engine, site, interfaces):
    """Adds a version to a component that the engine has; the last one is the desired one."""
    made = []
    component = a_component(slug=f"test-{uuid4().hex}", title=uuid4().hex)

    def add():
        saved = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
        engine.load([tar(saved.old_layout())], name="an archive")
        image = a_stored_image(get_site(), component, saved.id)
        engine.tag(saved.id, image.original_repo_tag)
        image_claims.claim(engine, saved.id)
        made.append(image)
        return image

    yield add
    for image in made:
        image_claims.let_go(engine, image.component, image.sha256)
        engine.remove_image(image.original_repo_tag)


@pytest.mark.engine
def test_versions_that_nobody_needs_leave_the_engine(site, engine, add_version, ran, tmp_path, monkeypatch):
    unused, of_run, queued, shared, desired = (add_version() for _ in range(5))
    with site.database.session() as session:
        save_graph_run(session, a_graph_run(ran(1, of_run)))
        save_job(session, a_job(queued))
    with monkeypatch.context() as patch:  # another site on the same engine
        patch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "other"))
        patch.delenv("COMPONENT_FLOWS_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        image_claims.claim(engine, shared.sha256)
        other = get_site().id
    get_settings.cache_clear()
    assert cleaned(site, Wanted(), engine).tallies == ()  # none is old
    aged(site)
    told = cleaned(site, Wanted(dry_run=True), engine)
    assert engine.image(unused.sha256) is not None
    done = cleaned(site, Wanted(), engine)
    assert counts(told)[Kind.IMAGE] == counts(done)[Kind.IMAGE] == 2
    assert engine.image(unused.sha256) is None
    assert all(engine.image(one.original_repo_tag) for one in (of_run, queued, shared, desired))
    with site.database.session() as session:
        assert find_image(session, unused.component, unused.sha256).is_removed
        assert find_image(session, desired.component, desired.sha256).can_execute
    engine.remove_image(f"component-flows-claims/{other}:{shared.sha256[7:23]}")


@pytest.mark.engine
def test_an_image_that_a_person_has_named_keeps_that_name(site, engine, add_version):
    old, _ = add_version(), add_version()
    mine = f"somebodys-own:{uuid4().hex[:12]}"
    engine.tag(old.sha256, mine)
    aged(site)
    cleaned(site, Wanted(), engine)
    assert engine.image(mine) is not None
    assert engine.image(old.original_repo_tag) is None
    engine.remove_image(mine)


USERS = """
import json, sys
from pathlib import Path
from interfaces.database.interface_records import find_interfaces
from interfaces.site import get_site
from tasks.reuse import Asked, looked_up
site, folder = get_site(), Path(sys.argv[1])
with site.database.session() as session:
    interface = find_interfaces(session, ["report"])["report"]
print("ready", flush=True)
sys.stdin.readline()
values, jobs = [], []
for number in range(75):
    path = folder / f"{number}.csv"
    path.write_text(f"a,b\\n{number},2\\n")
    values.append(interface.create_instance(file=path).pk)
    found = looked_up([Asked(component="lesion-counter", inputs={"age": number})])[0].job
    if found is not None:
        jobs.append(str(found.id))
print(json.dumps([values, jobs]), flush=True)
"""
CLEANERS = """
import sys
from interfaces.cleaning import Wanted
from interfaces.site import get_site
from tasks.clean import cleaned
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[1])):
    cleaned(get_site(), Wanted(records=True, graph_runs=True), None)
print("done", flush=True)
"""


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


@both_in_soak
def test_who_uses_old_things_while_they_are_removed_has_them_or_is_told_that_they_are_gone(site, ran, report, tmp_path):
    for number in range(60):
        ran(number) if number % 2 else report(number)
    aged(site)
    user, cleaner = started(USERS, tmp_path), started(CLEANERS, 3)
    go(cleaner)
    go(user)
    values, jobs = json.loads(user.communicate()[0])
    assert cleaner.communicate()[0] == "done\n"
    cleaned(site, ALL, None)
    with site.database.session() as session:
        rows = {row.pk: row for row in session.scalars(select(ValueRow).where(ValueRow.pk.in_(values)))}
        assert len(rows) == len(set(values)) == 75
        for row in rows.values():
            assert site.store.path(row.sha256, suffix=".csv").stat().st_size == row.size
        for job in jobs:
            assert all(one.is_stored for one in load_job(session, UUID(job)).outputs.values())


@both_in_soak
def test_a_cleaning_that_is_killed_anywhere_is_finished_by_the_next_one(site, ran, report):
    kept = [ran(number) for number in range(5)]
    for number in range(5, 60):
        ran(number) if number % 2 else report(number)
    with site.database.session() as session:
        for job in kept:
            save_graph_run(session, a_graph_run(job))
    aged(site)
    only_jobs = CLEANERS.replace(", graph_runs=True", "")
    delays = random.Random(4)
    for _ in range(3):
        cleaner = started(only_jobs, 1)
        go(cleaner)
        time.sleep(delays.uniform(0, 0.15))
        cleaner.send_signal(signal.SIGKILL)
        cleaner.communicate()
        assert all(is_known(site, job) for job in kept)
    cleaned(site, Wanted(records=True), None)
    assert cleaned(site, Wanted(records=True), None).tallies == ()
    assert all(is_known(site, job) for job in kept)
    with site.database.session() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == len(kept)
        assert session.scalar(select(func.count()).select_from(ValueRow)) == 2 * len(kept)
    stored = list(site.store.folder.glob("[0-9a-f][0-9a-f]/*"))
    assert len(stored) == len(kept)

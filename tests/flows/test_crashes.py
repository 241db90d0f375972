"""A job's process is killed at every step of its life, and whatever it leaves is brought to a good end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from own_engine import own_engine
from sqlalchemy import select

from flows import reap, register, server
from interfaces import ComponentJob, JobStatus
from interfaces.database.tables import JobRow
from interfaces.engine import _engine, get_engine
from interfaces.settings import get_settings
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

SUPPORT = Path(__file__).parents[1] / "support"
PUPPET = Path(__file__).parents[1] / "puppet"
PARTS = 6


@pytest.fixture
def followed(monkeypatch, tmp_path):
    """The jobs after which something was run, as often as it was."""
    path = tmp_path / "followed"
    path.touch()
    monkeypatch.setenv("FOLLOWED", str(path))
    return lambda: [UUID(json.loads(line)[0]) for line in path.read_text().splitlines()]


def crash_at_every(parts: int, start: int, what: str = "process", **more: str) -> list[str]:
    """Let jobs run and kill something meanwhile; gives the names of all points at which that can be done."""
    program = [sys.executable, str(SUPPORT / "crashing.py"), str(start), str(parts), what]
    path = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])
    environment = {**os.environ, "PYTHONPATH": path, "PREFECT_LOGGING_LEVEL": "CRITICAL", **more}
    done = subprocess.run(program, env=environment, check=False, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def the_job(name: str) -> ComponentJob | None:
    with get_site().database.session() as session:
        row = session.scalar(select(JobRow.id).where(JobRow.name == name).order_by(JobRow.created.desc()).limit(1))
    return ComponentJob.objects.get(str(row)) if row else None


def is_clean_after(job: ComponentJob) -> bool:
    left = get_engine().leftovers({"component-flows.job": str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_job_that_is_killed_anywhere_comes_to_one_end_and_leaves_nothing(part, followed):
    names = crash_at_every(PARTS, part)
    assert len(names) >= 50
    reap()
    made = names.index("before save VALIDATING_INPUTS")  # the record is committed by then
    finished = max(index for index, name in enumerate(names) if name.startswith("after GET containers/json"))
    for point in range(part, len(names), PARTS):
        job = the_job(f"crash {point}")
        if point < made:
            assert job is None
            continue
        where = f"killed {names[point]} ({point}): {job.status.name} {job.error_message}"
        assert job.status.is_final, where
        assert is_clean_after(job), where
        assert followed().count(job.id) == 1, where
        if point >= finished:
            assert job.status is JobStatus.SUCCESS, where
            assert job.outputs["report"].value == {"fine": True}, where
        else:
            assert job.verdict is None or job.verdict["kind"] == "runner_lost", where
    assert not list(get_site().jobs_folder.iterdir())


TINY = """
component:
  title: Tiny report
  image: {reference: "tiny:1"}
  interfaces:
    - {inputs: [script], outputs: [report]}
  time_limit: 60
  memory_gb: 0.0625
"""
ENTRYPOINT = ["/bin/dash", "-c", """sleep 0.7; echo '{"fine": true}' > /output/report.json"""]


@pytest.fixture
def own_home(tmp_path, monkeypatch, followed):
    """A home with a Prefect server and a database of its own."""
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "1")
    get_settings.cache_clear()
    server.start()
    yield followed
    server.stop()
    get_site().database.close()
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def tiny(own_home, tmp_path, monkeypatch):
    """An engine of the test's own, and a component in it."""
    if os.geteuid() != 0:
        pytest.skip("an engine of one's own needs root")
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "component.yaml").write_text(TINY)
    shutil.copy(PUPPET / "interfaces.yaml", definitions)
    with own_engine() as engine:
        engine.import_image("tiny", ENTRYPOINT)
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        _engine.cache_clear()
        register(definitions)
        yield engine
        _engine.cache_clear()


def check_all(names: list[str], part: int, parts: int, followed: Callable[[], list[UUID]]) -> None:
    for point in range(part, len(names), parts):
        job = the_job(f"crash {point}")
        assert job is not None, names[point]
        where = f"at {names[point]} ({point}): {job.status.name} {job.error_message}"
        assert job.status is JobStatus.SUCCESS, where
        assert is_clean_after(job), where
        assert followed().count(job.id) == 1, where


def engine_crash(tiny, part: int, parts: int, followed: Callable[[], list[UUID]]) -> None:
    names = crash_at_every(parts, part, "engine", CRASH_ENGINE=str(tiny.folder), CRASH_COMPONENT="tiny-report")
    reap()
    check_all(names, part, parts, followed)


def test_an_engine_that_is_killed_and_comes_back_fails_no_job(tiny, own_home):
    engine_crash(tiny, 30, 100, own_home)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_an_engine_may_be_killed_anywhere(tiny, own_home, part):
    engine_crash(tiny, part + 6, 8, own_home)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4, 56, 4))
def test_a_prefect_server_may_be_killed_anywhere(own_home, part):
    register(PUPPET)
    names = crash_at_every(100, part, "server")
    reap()
    check_all(names, part, 100, own_home)

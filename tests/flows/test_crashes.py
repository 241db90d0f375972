"""A job's process is killed at every step of its life, and whatever it leaves is brought to a good end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from own_engine import own_engine
from programs import Program
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


def crash_at_every(parts: int, start: int, what: str = "process", **more: str) -> tuple[int, dict[int, list[str]]]:
    """Let jobs run and kill something meanwhile.

    Returns:
        At how many points that can be done, and by each that was chosen, what its job had passed by then.
    """
    crashing = str(SUPPORT / "crashing.py")
    program = Program("file", crashing, start, parts, what, PREFECT_LOGGING_LEVEL="CRITICAL", **more)
    output, errors = program.communicate(timeout=900)
    assert program.returncode == 0, errors
    names, *passed = map(json.loads, output.splitlines())
    return len(names), dict(passed)


def the_job(name: str) -> ComponentJob | None:
    with get_site().database.session() as session:
        row = session.scalar(select(JobRow.id).where(JobRow.name == name).order_by(JobRow.created.desc()).limit(1))
    return ComponentJob.objects.get(str(row)) if row else None


def is_clean_after(job: ComponentJob) -> bool:
    left = get_engine().leftovers({"component-flows.job": str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


@pytest.mark.parametrize("part", [2, *(pytest.param(part, marks=pytest.mark.soak) for part in (0, 1, 3, 4, 5))])
def test_a_job_that_is_killed_anywhere_comes_to_one_end_and_leaves_nothing(part, followed):
    count, crashes = crash_at_every(PARTS, part)
    assert count >= 50
    assert len(crashes) == len(range(part, count, PARTS))
    reap()
    for point, passed in crashes.items():
        job = the_job(f"crash {point}")
        if "before save VALIDATING_INPUTS" not in passed:  # nothing is committed by then
            assert job is None
            continue
        where = f"killed {passed[-1]} ({point}): {job.status.name} {job.error_message}"
        assert job.status.is_final, where
        assert is_clean_after(job), where
        assert followed().count(job.id) == 1, where
        if "after POST containers/wait" in passed:  # the container has ended
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
def own_home(home, tmp_path, monkeypatch, followed):
    """A home of the test's own, on the tests' Prefect server."""
    monkeypatch.setenv("PREFECT_API_URL", server.ensure_server())
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield followed
    get_site().database.close()
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def own_server(own_home, monkeypatch):
    """A home of the test's own, with a Prefect server of its own."""
    monkeypatch.delenv("PREFECT_API_URL")
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "1")
    server.start()
    yield own_home
    server.stop()


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


def check_all(crashes: dict[int, list[str]], followed: Callable[[], list[UUID]]) -> None:
    assert crashes
    for point in crashes:
        job = the_job(f"crash {point}")
        assert job is not None, point
        where = f"at {crashes[point][point]} ({point}): {job.status.name} {job.error_message}"
        assert job.status is JobStatus.SUCCESS, where
        assert is_clean_after(job), where
        assert followed().count(job.id) == 1, where


def engine_crash(tiny, part: int, parts: int, followed: Callable[[], list[UUID]]) -> None:
    _, crashes = crash_at_every(parts, part, "engine", CRASH_ENGINE=str(tiny.folder), CRASH_COMPONENT="tiny-report")
    reap()
    check_all(crashes, followed)


def test_an_engine_that_is_killed_and_comes_back_fails_no_job(tiny, own_home):
    engine_crash(tiny, 30, 100, own_home)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_an_engine_may_be_killed_anywhere(tiny, own_home, part):
    engine_crash(tiny, part + 6, 8, own_home)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4, 56, 4))
def test_a_prefect_server_may_be_killed_anywhere(own_server, part):
    register(PUPPET)
    _, crashes = crash_at_every(part + 1000, part, "server")
    reap()
    check_all(crashes, own_server)

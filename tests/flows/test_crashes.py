"""A job's process is killed at every step of its life, and whatever it leaves is brought to a good end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from flows import reap
from interfaces import ComponentJob, JobStatus
from interfaces.database.tables import JobRow
from interfaces.engine import get_engine
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

SUPPORT = Path(__file__).parents[1] / "support"
PARTS = 6


@pytest.fixture
def followed(monkeypatch, tmp_path):
    """The jobs after which something was run, as often as it was."""
    path = tmp_path / "followed"
    path.touch()
    monkeypatch.setenv("FOLLOWED", str(path))
    return lambda: [UUID(json.loads(line)[0]) for line in path.read_text().splitlines()]


def crash_at_every(parts: int, start: int) -> list[str]:
    """Let jobs die; gives the names of all points at which one could."""
    program = [sys.executable, str(SUPPORT / "crashing.py"), str(start), str(parts)]
    path = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])
    environment = {**os.environ, "PYTHONPATH": path, "PREFECT_LOGGING_LEVEL": "CRITICAL"}
    done = subprocess.run(program, env=environment, check=False, capture_output=True, text=True, timeout=220)
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

"""What follows a job in the tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from prefect import task


def note_the_job(job_id: str, words: str = "none") -> None:
    """Add a line to the file that FOLLOWED names."""
    with Path(os.environ["FOLLOWED"]).open("a") as file:
        file.write(json.dumps([job_id, words]) + "\n")


@task
def note_the_job_in_a_task(job_id: str) -> None:
    """The same as a Prefect task."""
    note_the_job(job_id)


def break_down() -> None:
    """Fail."""
    raise RuntimeError("the follower broke down")

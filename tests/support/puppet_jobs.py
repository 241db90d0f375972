"""Running the puppet, and looking at everything that it left."""

from __future__ import annotations

import subprocess

import pytest
from puppet_scripts import REPORT

from flows import run_component
from interfaces import ComponentException, ComponentJob
from interfaces.engine import get_engine
from interfaces.site import get_site
from interfaces.verdicts import Verdict, VerdictKind
from tasks.naming import container_name


def report(script: str = "", **options) -> ComponentJob:
    """A job of the puppet that writes its report after the script."""
    job = run_component("puppet-report", {"script": script + "\n" + REPORT.format(report="{'fine': True}")}, **options)
    assert nothing_is_left_of(job)
    return job


def failure(script: str, component: str = "puppet-report", **options) -> ComponentException:
    """What a job of the puppet fails with; nothing may be left of it."""
    with pytest.raises(ComponentException) as caught:
        run_component(component, {"script": script}, **options)
    job = caught.value.job
    assert nothing_is_left_of(job)
    assert ComponentJob.objects.get(str(job.id)).verdict == job.verdict
    return caught.value


def verdict_of(job: ComponentJob) -> Verdict:
    """The verdict on a job's record."""
    assert job.verdict is not None
    return Verdict.of(job.verdict)


def nothing_is_left_of(job: ComponentJob) -> bool:
    """Whether its containers, volumes and folder are gone."""
    left = get_engine().leftovers({"component-flows.job": str(job.id)})
    return not left and not (get_site().jobs_folder / str(job.id)).exists()


def kind_and_text(error: ComponentException) -> tuple[VerdictKind, str]:
    """The verdict's kind and the message for the user."""
    return verdict_of(error.job).kind, str(error)


def is_told(job: ComponentJob) -> bool:
    """Whether the container of a job that runs `UNTIL_TOLD` is there, and knows that it may end."""
    done = subprocess.run(["docker", "exec", container_name(job), "touch", "/tmp/go"], capture_output=True, check=False)
    return done.returncode == 0

"""A graph that is run again does only what is left to do."""

from __future__ import annotations

import json
import logging

import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from puppet_scripts import MASK, REPORT

from flows import reap, run_graph
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.database.job_records import list_jobs
from interfaces.errors import UnknownName
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def inputs(scan, text: str, seconds: float = 0) -> dict:
    """Those of the diamond, which nobody has used before."""
    mask = MASK.format(voxels="[0, 1] * 4") + f"\n# {text}"
    return {
        "first": mask,
        "others": f"import time; time.sleep({seconds})\n" + REPORT.format(report=f"{{'of': {text!r}}}"),
        "image": scan,
    }


def number_of_jobs() -> int:
    return len(ComponentJob.objects.with_duration())


def test_a_second_run_starts_nothing_and_is_told_apart(scan, caplog, ask):
    given = inputs(scan, "twice")
    first = run_graph("puppet-diamond", given)
    assert first.jobs["left"].id == first.jobs["right"].id  # the same work in one graph is done once
    before = number_of_jobs()
    with caplog.at_level(logging.INFO):
        again = run_graph("puppet-diamond", given)
    assert number_of_jobs() == before
    assert again.jobs == first.jobs
    assert again.outputs == first.outputs
    assert again.reused == {"top", "left", "right", "apart"}
    parent = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[again.flow_run_id]))
    assert ask(lambda client: client.read_flow_runs(flow_run_filter=parent)) == []
    assert "puppet-mask did not run: its outputs are those of the job" in caplog.text


def test_a_refreshed_node_runs_and_those_after_it_only_where_its_outputs_differ(scan):
    given = inputs(scan, "refreshed")
    first = run_graph("puppet-diamond", given)
    again = run_graph("puppet-diamond", given, refresh=["top"])
    assert again.jobs["top"].id != first.jobs["top"].id
    assert again.jobs["top"].why == "a refresh was asked for"
    assert again.reused == {"left", "right", "apart"}
    whole = run_graph("puppet-diamond", given, refresh=True)
    assert not whole.reused
    assert len({job.id for job in whole.jobs.values()}) == 4


def test_a_node_that_is_not_there_cannot_be_refreshed(scan):
    with pytest.raises(UnknownName, match="no node 'lift' that could be refreshed; did you mean 'left'"):
        run_graph("puppet-diamond", inputs(scan, "unknown"), refresh=["top", "lift"])


def test_after_a_failure_only_what_failed_and_what_needs_it_runs(scan):
    given = inputs(scan, "failed first")
    with pytest.raises(ComponentException, match="too dark"):
        run_graph("puppet-diamond", {**given, "first": "import sys; sys.exit('too dark')"})
    done = run_graph("puppet-diamond", given)
    assert done.reused == {"apart"}
    assert "the input 'script' changed (sha256:" in done.jobs["top"].why


RUN = """
import json, sys
from flows import run_graph
run_graph("puppet-diamond", json.loads(sys.argv[1]))
"""


def test_a_run_that_was_killed_goes_on_where_it_was(scan, script, until):
    given = inputs(scan, "killed", seconds=2)
    runner = script(RUN, json.dumps({**given, "image": str(scan)}))

    def jobs() -> list[ComponentJob]:
        with get_site().database.session() as session:
            found = list_jobs(session, limit=20)
        return [job for job in found if "script" in job.inputs and "killed" in job.inputs["script"].value]

    def is_in_the_middle() -> bool:
        there = {(job.component, job.status) for job in jobs()}
        return ("puppet-mask", JobStatus.SUCCESS) in there and any(
            job.status is JobStatus.EXECUTING and "mask" not in job.component and job.inputs["scan"].name == "mask.mha"
            for job in jobs()
        )

    until(is_in_the_middle)
    runner.kill()
    runner.wait()
    finished = {job.id for job in jobs() if job.status is JobStatus.SUCCESS}
    run = run_graph("puppet-diamond", given)
    assert {job.id for name, job in run.jobs.items() if name in run.reused} == finished
    assert "top" in run.reused
    assert "did not end" in run.jobs["left"].why
    reap()

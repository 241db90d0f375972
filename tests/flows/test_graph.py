"""A graph, with real containers."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from prefect.client.schemas.sorting import FlowRunSort
from puppet_scripts import MASK, REPORT
from sqlalchemy import select

from flows import run_graph
from flows.maintenance import reap
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.database.graph_run_records import find_graph_run
from interfaces.database.run_tables import GraphRunRow
from interfaces.errors import GraphInvalid, InvalidInputs, UnknownName
from interfaces.site import get_site
from tasks.export_crate import export_crate

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]


def inputs(scan, **changes) -> dict:
    good = {"first": MASK.format(voxels="[0, 1] * 4"), "others": REPORT.format(report="{'done': 1}"), "image": scan}
    return {**good, **changes}


def children_of(run_id: UUID) -> dict:
    async def read():
        async with get_client() as client:
            parent = FlowRunFilterParentFlowRunId(any_=[run_id])
            runs = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(parent_flow_run_id=parent), sort=FlowRunSort.NAME_ASC, limit=50
            )
            return {run.name: (run, await client.read_task_run(run.parent_task_run_id)) for run in runs}

    with client_settings(ensure_server()):
        return asyncio.run(read())


def test_values_flow_along_the_edges(scan):
    run = run_graph("puppet-diamond", inputs(scan))
    assert set(run.jobs) == {"top", "left", "right", "apart"}
    assert {job.status for job in run.jobs.values()} == {JobStatus.SUCCESS}
    assert run.jobs["left"].inputs["scan"].sha256 == run.jobs["top"].outputs["mask"].sha256
    assert run.outputs["left"].value == {"done": 1}
    assert run.outputs["mask"] == run.jobs["top"].outputs["mask"]


def test_the_prefect_ui_has_one_named_run_a_node_and_the_edges(scan):
    run = run_graph("puppet-diamond", inputs(scan), refresh=True)
    children = children_of(run.flow_run_id)
    assert set(children) == {"top", "left", "right", "apart"}
    assert {name: flow_run.id for name, (flow_run, _) in children.items()} == {
        name: job.flow_run_id for name, job in run.jobs.items()
    }

    def parents(name):
        return {
            entry.id for entries in children[name][1].task_inputs.values() for entry in entries if hasattr(entry, "id")
        }

    top = children["top"][1].id
    assert top in parents("left")
    assert top in parents("right")
    assert top not in parents("apart")


def test_where_a_node_fails_the_others_go_on_and_its_followers_do_not_run(scan):
    before = len(ComponentJob.objects.with_duration())
    with pytest.raises(ComponentException, match="the node 'top' failed: too dark") as caught:
        run_graph("puppet-diamond", inputs(scan, first="import sys; sys.exit('too dark')"), refresh=True)
    assert "not run: left, right" in str(caught.value)
    assert caught.value.job.status is JobStatus.FAILURE
    new = ComponentJob.objects.with_duration().iloc[before:]
    assert sorted(new["component"]) == ["puppet-mask", "puppet-report"]


def test_all_invalid_inputs_are_named_before_anything_runs(scan, tmp_path):
    before = len(ComponentJob.objects.with_duration())
    with pytest.raises(InvalidInputs) as caught:
        run_graph("puppet-diamond", {"first": 1, "image": tmp_path / "none.mha", "frist": "x"})
    assert set(caught.value.problems) == {"first", "image", "others", "frist"}
    assert "did you mean 'first'" in caught.value.problems["frist"]
    assert len(ComponentJob.objects.with_duration()) == before


def test_an_unknown_graph_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'puppet-diamond'"):
        run_graph("puppet-diamnod", {})


def test_a_graph_that_no_longer_fits_its_components_is_refused_before_anything_runs(scan, puppets):
    from dataclasses import replace

    from interfaces.database.graph_records import find_graphs, save_graph
    from interfaces.graph import Node, Source
    from interfaces.site import get_site

    with get_site().database.session() as session:
        graph = find_graphs(session, ["puppet-diamond"])["puppet-diamond"]
        broken = {**graph.nodes, "more": Node(component="gone", inputs={"script": Source(node="nowhere", name="x")})}
        save_graph(session, replace(graph, slug="broken", title="Broken", nodes=broken))
    with pytest.raises(GraphInvalid) as caught:
        run_graph("broken", inputs(scan))
    assert any("gone" in problem for problem in caught.value.problems)
    assert any("nowhere" in problem for problem in caught.value.problems)


KILLED = """
import sys
from pathlib import Path
from flows import run_graph
run_graph("puppet-diamond", {"first": sys.argv[1], "others": sys.argv[2], "image": Path(sys.argv[3])}, refresh=True)
"""


def test_a_run_that_is_killed_is_kept_as_far_as_it_came_and_can_be_exported(scan, script, until, tmp_path):
    slow = "import time\ntime.sleep(600)\n" + REPORT.format(report="{}")
    process = script(KILLED, MASK.format(voxels="[0, 1] * 4"), slow, scan)

    def kept():
        with get_site().database.session() as session:
            rows = session.scalars(select(GraphRunRow).where(GraphRunRow.completed_at.is_(None))).all()
        return next((row for row in rows if "top" in row.jobs), None)

    row = until(kept)
    process.kill()
    process.wait()
    with get_site().database.session() as session:
        record = find_graph_run(session, str(row.id))
    assert record.error_message == "The process that ran it went away before it had ended"
    assert record.jobs["top"].status is JobStatus.SUCCESS
    assert set(record.inputs) == {"first", "others", "image"}
    crate = export_crate(str(row.id), tmp_path / "crate")
    assert "went away" in (crate / "ro-crate-metadata.json").read_text()
    reap()

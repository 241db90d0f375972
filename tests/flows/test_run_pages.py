"""What runs show in the Prefect UI: their pages, as its API has them."""

from __future__ import annotations

import asyncio
import re
import time
from threading import Event, Thread
from uuid import UUID

import pytest
from puppet_scripts import MASK, REPORT
from report_records import a_job

from flows import run_batch, run_component, run_graph
from flows.component_job import current_flow_run_id
from flows.reports import report
from interfaces import ComponentException, ComponentJob
from interfaces.errors import GraphFailed
from interfaces.reports.building import job_report
from interfaces.settings import get_settings
from tasks.run_pages import show, with_parts

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

GOOD = REPORT.format(report="{'dice': 0.5}")
FAILING = "import sys; sys.exit('</td><img src=x onerror=alert(1)>[x](javascript:alert(1))')"


@pytest.fixture
def artifacts(ask):
    """The artifacts of a run: `artifacts(flow_run_id)`."""
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    def artifacts(run):
        only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        return ask(lambda client: client.read_artifacts(artifact_filter=only))

    return artifacts


@pytest.fixture
def settings(monkeypatch):
    """Set settings of the pages: `settings(nodes=3)`."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"COMPONENT_FLOWS_PAGES__{name.upper()}", str(value))
        get_settings.cache_clear()

    yield change
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_job_shows_its_outputs_its_image_and_what_it_used(scan, artifacts):
    script = MASK.format(voxels="[0, 1] * 4") + f"\n{GOOD}\nimport time; time.sleep(1.5)"
    job = run_component("puppet-report", {"script": script, "scan": scan, "second": 3})
    (page,) = artifacts(job.flow_run_id)
    assert (page.key, page.type) == ("component-puppet-report", "markdown")
    assert re.search(r"!\[Puppet mask.*a segmentation of 2 x 2 x 2 voxels.*\]\(data:image/png;base64,", page.data)
    assert "![Use of the machine over time](data:image/svg+xml;base64," in page.data
    assert "/artifacts/key/image-puppet-report-" in page.data
    assert r"\{&quot;dice&quot;\: 0\.5\}" in page.data
    assert str(job.id).replace("-", r"\-") in page.data


def test_a_job_that_fails_says_why_and_escapes_what_its_container_wrote(artifacts):
    with pytest.raises(ComponentException) as caught:
        run_component("puppet-report", {"script": FAILING})
    (page,) = artifacts(caught.value.job.flow_run_id)
    assert page.data.startswith("**Failed**")
    assert "What went wrong: Exit code" in page.data
    before_log = page.data.partition("## Last lines of stderr")[0]
    assert "<img" not in before_log
    assert "](javascript" not in before_log


def test_a_graph_shows_its_nodes_first_those_that_failed_and_each_node_shows_itself(scan, artifacts):
    inputs = {"first": MASK.format(voxels="[0, 1] * 4"), "others": GOOD, "image": scan}
    run = run_graph("puppet-diamond", inputs, refresh=True)
    (page,) = artifacts(run.flow_run_id)
    assert page.key == "graph-puppet-diamond"
    assert "### mask" in page.data
    assert "![When the parts of the run waited and ran]" in page.data
    for node in run.jobs.values():
        assert f"](/runs/flow-run/{node.flow_run_id})" in page.data
        (own,) = artifacts(node.flow_run_id)
        assert own.key is None
        assert f"[the run that it is a part of](/runs/flow-run/{run.flow_run_id})" in own.data
    # A value leads to the run that gave it.
    (left,) = artifacts(run.jobs["left"].flow_run_id)
    assert f"](/runs/flow-run/{run.jobs['top'].flow_run_id})" in left.data

    with pytest.raises(GraphFailed) as caught:
        run_graph("puppet-diamond", {**inputs, "others": FAILING})
    (page,) = artifacts(caught.value.run.flow_run_id)
    assert page.data.index("## What failed") < page.data.index("## Outputs") < page.data.index("## Nodes")
    assert "<img" not in page.data


@pytest.mark.soak
def test_nodes_of_a_large_graph_and_cases_have_no_page_until_one_is_asked_for(scan, artifacts, settings, tmp_path):
    settings(nodes=3)
    inputs = {"first": MASK.format(voxels="[0, 1] * 4"), "others": GOOD, "image": scan}
    run = run_graph("puppet-diamond", inputs, refresh=True)
    assert len(artifacts(run.flow_run_id)) == 1
    assert [artifacts(job.flow_run_id) for job in run.jobs.values()] == [[]] * 4

    table = run_batch("puppet-report", [{"script": GOOD}], refresh=True)
    case = ComponentJob.objects.get(table["job"][0])
    assert artifacts(case.flow_run_id) == []

    state = report(str(case.id), output=tmp_path / "case.html", return_state=True)
    keys = {one.key: one.data for one in artifacts(state.state_details.flow_run_id)}
    assert keys["report-job"].startswith("**Succeeded**")
    assert str(tmp_path / "case.html") in keys["report"]


def test_pages_can_be_switched_off(artifacts, settings):
    settings(enabled=False)
    assert artifacts(run_component("puppet-report", {"script": GOOD}).flow_run_id) == []


def test_a_page_that_can_not_be_made_or_is_refused_is_a_warning_and_nothing_more(artifacts, caplog):
    from flows.calling import component_flow

    job = a_job()

    @component_flow(name="shows")
    async def shows() -> str:
        await show(lambda: 1 / 0, key="fine", what="can't be made")
        await show(lambda: job_report(job), key="fine", what=["refused: no text"])  # type: ignore[arg-type]
        await show(lambda: job_report(job), key="Some Graph_2", what="is shown")
        return str(current_flow_run_id())

    run = shows()
    assert [one.key for one in artifacts(UUID(run))] == ["some-graph-2"]
    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert any("could not be made" in one for one in told)
    assert any("can't be shown in the Prefect UI" in one and "422" in one for one in told)


def test_a_cancellation_does_not_wait_for_pages():
    from flows.calling import component_flow

    begun = Event()

    def slow() -> None:
        begun.set()
        time.sleep(5)

    async def part() -> None:
        await show(slow, key="slow", what="takes long")
        await asyncio.sleep(60)

    @component_flow(name="cancelled")
    async def cancelled() -> None:
        await with_parts(part(), count=1)

    async def cancel() -> float:
        run = asyncio.create_task(cancelled.aio())
        await asyncio.to_thread(begun.wait, 30)
        start = time.monotonic()
        run.cancel()
        await asyncio.wait([run])
        assert run.cancelled()
        return time.monotonic() - start

    assert asyncio.run(cancel()) < 4


@pytest.mark.soak
def test_the_output_of_a_container_is_in_the_log_of_its_run_while_it_runs(ask, until):
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags, LogFilter, LogFilterFlowRunId

    done: list[float] = []

    def run():
        script = f"print('halfway', flush=True); import time; time.sleep(6); {GOOD}"
        run_component("puppet-report", {"script": script}, name="live")
        done.append(time.monotonic())

    thread = Thread(target=run)
    thread.start()

    def seen():
        tags = FlowRunFilter(tags=FlowRunFilterTags(all_=["puppet-report"]))
        runs = [one.id for one in ask(lambda client: client.read_flow_runs(flow_run_filter=tags)) if one.name == "live"]
        if not runs:
            return False
        logs = ask(lambda client: client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=runs))))
        return any("halfway" in one.message for one in logs)

    until(seen, seconds=30)
    assert done == []
    thread.join()

"""What runs show in the Prefect UI: their pages, as its API has them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)
from puppet_scripts import MASK, REPORT
from report_records import a_job

from flows import run_batch, run_component, run_graph
from flows.component_job import current_flow_run_id
from flows.reports import report
from interfaces import ComponentException, ComponentJob, JobStatus
from interfaces.database.job_records import list_jobs
from interfaces.errors import GraphFailed
from interfaces.reports.building import job_report
from interfaces.reports.image_page import image_key
from interfaces.reports.record import Links
from interfaces.reports.value_page import value_key
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks import linked_pages, run_pages
from tasks.linked_pages import LinkedPage, with_linked_pages
from tasks.run_pages import show, with_parts

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

GOOD = REPORT.format(report="{'dice': 0.5}")
FAILING = "import sys; sys.exit('</td><img src=x onerror=alert(1)>[x](javascript:alert(1))')"


@pytest.fixture
def artifacts(ask):
    """The artifacts of a run: `artifacts(flow_run_id)`."""

    def artifacts(run):
        only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        return ask(lambda client: client.read_artifacts(artifact_filter=only))

    return artifacts


@pytest.fixture
def named(ask):
    """The latest page under a key, or None: `named("value-1-abcdef012345")`."""

    def named(key):
        only = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[key]))
        found = ask(lambda client: client.read_latest_artifacts(artifact_filter=only))
        return found[0].data if found else None

    return named


@pytest.fixture
def forgotten():
    """Let this process forget which pages are there: `forgotten()`."""
    yield linked_pages._known.clear
    linked_pages._known.clear()


@pytest.fixture
def requests(monkeypatch):
    """What the API is asked about pages, while it answers as ever."""
    asked: list[str] = []
    request = PrefectClient.request

    async def counted(self, method, path, *args, **kwargs):
        if path.startswith("/artifacts"):
            asked.append(path)
        return await request(self, method, path, *args, **kwargs)

    monkeypatch.setattr(PrefectClient, "request", counted)
    return asked


async def delete_all(client, key):
    """Delete all that was ever written under a key."""
    only = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    for one in await client.read_artifacts(artifact_filter=only):
        await client.delete_artifact(one.id)


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


def test_a_job_shows_its_outputs_what_it_used_and_links_to_its_image_and_values(scan, artifacts, named):
    # A mask that no other test makes: a value's page tells of the jobs that gave it when it was written.
    script = MASK.format(voxels="[0, 1, 1, 0, 1, 0, 0, 0]") + f"\n{GOOD}\nimport time; time.sleep(1.5)"
    job = run_component("puppet-report", {"script": script, "scan": scan, "second": 3})
    (page,) = artifacts(job.flow_run_id)
    assert (page.key, page.type) == ("component-puppet-report", "markdown")
    assert re.search(r"!\[Puppet mask.*a segmentation of 2 x 2 x 2 voxels.*\]\(data:image/png;base64,", page.data)
    assert "![Use of the machine over time](data:image/svg+xml;base64," in page.data
    assert r"\{&quot;dice&quot;\: 0\.5\}" in page.data
    assert str(job.id).replace("-", r"\-") in page.data

    (mask,) = [one for one in job.outputs.values() if one.interface.is_image_kind]
    given = job.inputs["scan"]
    linked = set(re.findall(r"\]\(/artifacts/key/([a-z0-9-]+)\)", page.data))
    assert linked == {image_key("puppet-report", job.image.sha256), value_key(mask), value_key(given)}
    for key in linked:
        assert named(key)
    of_mask, of_scan = named(value_key(mask)), named(value_key(given))
    assert mask.sha256 in of_mask
    assert re.search(r"!\[Puppet mask.*\]\(data:image/png;base64,", of_mask)
    assert f"[{str(job.id)[:8]}](/runs/flow-run/{job.flow_run_id})" in of_mask
    assert f"](/artifacts/key/{image_key('puppet-report', job.image.sha256)})" in of_mask
    assert "it came in as an input" in of_scan.replace("\\", "")


def test_small_json_costs_one_request_and_what_is_there_is_not_written_again(named, forgotten, requests, ask):
    job = run_component("puppet-report", {"script": GOOD})
    key = image_key("puppet-report", job.image.sha256)
    requests.clear()
    run_component("puppet-report", {"script": GOOD})
    assert requests == ["/artifacts/"]

    # As in another process.
    forgotten()
    written = named(key)
    requests.clear()
    run_component("puppet-report", {"script": GOOD})
    assert requests == ["/artifacts/latest/count", "/artifacts/"]
    assert named(key) == written

    # As with a version that an earlier release has registered.
    forgotten()
    ask(lambda client: delete_all(client, key))
    assert named(key) is None
    requests.clear()
    run_component("puppet-report", {"script": GOOD})
    assert requests == ["/artifacts/latest/count", "/artifacts/", "/artifacts/"]
    assert job.image.sha256.removeprefix("sha256:") in named(key)


def test_large_json_has_a_page_too(artifacts, named):
    script = REPORT.format(report="{'scores': list(range(70))}")
    job = run_component("puppet-report", {"script": script})
    (page,) = artifacts(job.flow_run_id)
    key = value_key(*job.outputs.values())
    assert f"](/artifacts/key/{key})" in page.data
    assert "Only the beginning is shown" in named(key)


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


def test_a_linked_page_that_can_not_be_made_is_not_linked_to(named, forgotten, caplog):
    from flows.calling import component_flow

    pages = [
        LinkedPage(key="linked-fine", what="is made", text=lambda links: "it is here"),
        LinkedPage(key="linked-broken", what="can't be made", text=lambda links: str(1 / 0)),
    ]

    @component_flow(name="links")
    async def links() -> list[str]:
        return sorted((await with_linked_pages(pages, Links(base=""), None)).pages)

    assert links() == ["linked-fine"]
    assert named("linked-fine") == "it is here"
    assert any("could not be made" in one.getMessage() for one in caplog.records if one.levelname == "WARNING")
    pages[1] = replace(pages[1], text=lambda links: " ".join(links.pages))
    assert links() == ["linked-broken", "linked-fine"]  # it was not taken for one that is there
    assert named("linked-broken") == "linked-fine"


def test_a_cancellation_waits_only_so_long_for_pages(monkeypatch):
    from flows.calling import component_flow

    monkeypatch.setattr(run_pages, "CANCELLED_S", 0.5)
    begun, enough = Event(), Event()

    def slow() -> None:
        begun.set()
        enough.wait(20)

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
        took = time.monotonic() - start
        enough.set()
        return took

    assert asyncio.run(cancel()) < 10


def test_what_was_cancelled_shows_how_far_it_came(scan, artifacts, until):
    waits = "import time; time.sleep(100)"
    inputs = {"first": MASK.format(voxels="[0, 1] * 4"), "others": waits, "image": scan}

    began = datetime.now(UTC)

    def under_way(*names: str) -> list[ComponentJob]:
        """The jobs that this test began and that are there by now, once one of those names has a container."""
        with get_site().database.session() as session:
            jobs = [job for job in list_jobs(session) if job.created > began]
        return jobs if any(job.name in names and job.status is JobStatus.EXECUTING for job in jobs) else []

    async def cancelled(run: Coroutine[Any, Any, Any], *names: str) -> list[ComponentJob]:
        task = asyncio.create_task(run)
        jobs = await asyncio.to_thread(until, lambda: under_way(*names))
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return jobs

    async def cancel() -> list[ComponentJob]:
        alone = await cancelled(run_component.aio("puppet-report", {"script": waits}, name="alone"), "alone")
        graph = run_graph.aio("puppet-diamond", inputs, refresh=True)
        return [*alone, *await cancelled(graph, "left", "right")]  # with one core, one of the two waits

    jobs = {job.name: ComponentJob.objects.get(str(job.id)) for job in asyncio.run(cancel())}
    for name in ("alone", "left"):
        (page,) = artifacts(jobs[name].flow_run_id)
        assert page.data.startswith("**Cancelled**")
    around = re.search(r"the run that it is a part of\]\(/runs/flow-run/(.*?)\)", page.data)
    (page,) = artifacts(UUID(around[1]))
    assert page.data.startswith("**Cancelled**")
    assert f"[top](/runs/flow-run/{jobs['top'].flow_run_id})" in page.data


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

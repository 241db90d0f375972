"""What a run shows in Prefect's UI beside its state and log: one page, written once, when it has ended.

A run of its own always has one. The nodes of a graph have them where they are few; cases never do: the page of their
run lists them. A page is made beside the steps that follow, never before one, and whatever goes wrong with it is a
warning in the log and nothing more.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from anyio import CapacityLimiter, to_thread
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_UI_URL

from interfaces.batch_records import BatchRecord
from interfaces.component_images import ComponentImage
from interfaces.crates.records import GraphRecord
from interfaces.database.component_records import desired_image
from interfaces.evaluations import Evaluation
from interfaces.jobs import ComponentJob
from interfaces.previews.texts import markdown_code
from interfaces.reports.building import graph_report, job_report
from interfaces.reports.gallery import Gallery
from interfaces.reports.markdown import MOST_ROWS, image_key, image_page, page
from interfaces.reports.record import Links, RunReport
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.run_logging import run_logger
from tasks.run_reports import batch_run_report, evaluation_run_report, find_report, input_origins

R = TypeVar("R")

WRITE_S = 20
"""Seconds that a server may take for a page; a run does not wait for one that is away for minutes."""

NOT_SHOWN = (httpx.HTTPError, PrefectException, TimeoutError)
"""What a server raises that is away or refuses; the run goes on without its page."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9-]+")

_AT_ONCE = 1
"""Pages of one process that are made at a time: pictures take processor time, which jobs have a better use for."""


@dataclass(kw_only=True)
class _Parts:
    """The pages of a run's parts.

    Attributes:
        run: The Prefect run that they are parts of.
        room: How many further ones there may be.
        begun: Those that are being made.
    """

    run: UUID | None
    room: int
    begun: set[asyncio.Task[None]] = field(default_factory=set)
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_AT_ONCE))


_parts: ContextVar[_Parts | None] = ContextVar("component_flows_parts", default=None)


async def with_parts(work: Coroutine[Any, Any, R], *, count: int | None) -> R:
    """Do the work of a run that has parts which are runs themselves, and finish their pages.

    Args:
        work: Runs the parts.
        count: How many there are at least; None: they are cases, which have no page.
    """
    around = _parts.get()
    if around is not None:  # the outermost run decides
        return await work
    most = get_settings().pages.nodes
    parts = _Parts(run=_own_run(), room=most if count is not None and count <= most else 0)
    token = _parts.set(parts)
    try:
        done = await work
        await _settled(parts)
    except Exception:
        await _settled(parts)
        raise
    finally:
        _parts.reset(token)
        for task in parts.begun:
            task.cancel()
    return done


async def _settled(parts: _Parts) -> None:
    if parts.begun:
        await asyncio.wait(parts.begun)


def show_job(job: ComponentJob) -> asyncio.Future[None]:
    """Begin to make the page of a job that has ended; wait for what is given before the run ends.

    For a node of a graph there is nothing to wait for: its page is finished with the graph's run.
    """
    return show(lambda: job_report(job), key=f"component-{job.component}", what=f"Job {str(job.id)[:8]}")


def show_graph(run: GraphRecord) -> asyncio.Future[None]:
    """The same for a run of a graph."""
    return show(lambda: graph_report(run), key=f"graph-{run.graph.slug}", what=f"Graph run {str(run.id)[:8]}")


def show_batch(batch: BatchRecord) -> asyncio.Future[None]:
    """The same for a batch."""
    key = f"batch-{batch.summary.name}"
    return show(lambda: batch_run_report(batch), key=key, what=f"Batch {str(batch.id)[:8]}")


def show_evaluation(evaluation: Evaluation) -> asyncio.Future[None]:
    """The same for an evaluation, from what the database has of it by then."""
    key, what = f"evaluation-{evaluation.phase}", f"Evaluation {str(evaluation.id)[:8]}"
    return show(lambda: evaluation_run_report(evaluation.id), key=key, what=what)


async def show_run(run: str) -> None:
    """Make the page of a run that has ended, by its id or the start of it, as a page of the present run.

    Raises:
        UnknownName: There is no such run, or there are several.
    """
    found = await to_thread.run_sync(find_report, run)
    await show(lambda: found, key=f"report-{found.kind}", what=f"{found.kind.capitalize()} {str(found.id)[:8]}")


async def show_file(path: Path) -> None:
    """Say in the present run where a file is."""
    text = f"On the machine of this run:\n\n{markdown_code(str(path))}\n"
    await _written(text, key="report", what="A report that opens from disk")


async def show_images(components: Iterable[str]) -> None:
    """Make the pages of the versions that new jobs of some components use; the pages of jobs link to them."""
    for image in await to_thread.run_sync(_desired, tuple(components)):
        key, what = image_key(image.component, image.sha256), f"Container image of {image.component}"
        await _written(image_page(image), key=key, what=what)


def _desired(components: tuple[str, ...]) -> list[ComponentImage]:
    with get_site().database.session() as session:
        found = [desired_image(session, component) for component in components]
    return [image for image in found if image is not None]


async def _written(text: str, *, key: str, what: str) -> None:
    run = _own_run()
    if run is not None and get_settings().pages.enabled:
        try:
            await _write(text, run, key=key, what=what)
        except NOT_SHOWN as error:
            run_logger().warning("A page can't be shown in the Prefect UI: %s", str(error) or "it takes too long")


async def show_broken(error: BaseException) -> None:
    """Make the page of a job that failed; one whose run is cancelled has none, so that nothing holds that up."""
    job = getattr(error, "job", None)
    if isinstance(error, Exception) and job is not None:
        await show_job(job)


def show(report: Callable[[], RunReport], *, key: str, what: str) -> asyncio.Future[None]:
    """The same for any run.

    Args:
        report: Makes the report; called in a thread.
        key: Of the artifact; all runs of the same component or graph have the same, so that its page shows the latest.
        what: One line above it.
    """
    run, parts, settings = _own_run(), _parts.get(), get_settings().pages
    nothing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    nothing.set_result(None)
    if run is None or not settings.enabled or (parts is not None and not parts.room):
        return nothing
    links = ui_links(around=parts.run if parts is not None else None)
    # A part is found through its run; to be listed by itself would cost the server half as much again.
    planned = _Page(report=report, links=links, run=run, key=key if parts is None else None, what=what)
    made = asyncio.create_task(planned.make(parts.limiter if parts is not None else None))
    if parts is None:
        return made
    parts.room -= 1
    parts.begun.add(made)
    made.add_done_callback(parts.begun.discard)
    return nothing


def _own_run() -> UUID | None:
    context = FlowRunContext.get()
    return context.flow_run.id if context is not None and context.flow_run is not None else None


def ui_links(*, around: UUID | None = None) -> Links:
    """Where the Prefect UI has runs: on the host of the page itself, whichever that is by then.

    Args:
        around: The run that the page's own is a part of.
    """
    return Links(base=urlsplit(PREFECT_UI_URL.value() or "").path.rstrip("/"), around=around)


@dataclass(frozen=True, kw_only=True)
class _Page:
    report: Callable[[], RunReport]
    links: Links
    run: UUID
    key: str | None
    what: str

    async def make(self, limiter: CapacityLimiter | None) -> None:
        stop = threading.Event()
        try:
            # Nobody who cancels waits for a picture.
            text = await to_thread.run_sync(self._text, stop, limiter=limiter, abandon_on_cancel=True)
            await _write(text, self.run, key=self.key, what=self.what)
        except NOT_SHOWN as error:
            run_logger().warning(
                "The run's page can't be shown in the Prefect UI: %s", str(error) or "it takes too long"
            )
        except Exception:  # a page must not break a run
            run_logger().warning("The run's page could not be made", exc_info=True)
        finally:
            stop.set()

    def _text(self, stop: threading.Event) -> str:
        settings = get_settings().pages
        gallery = Gallery(most_bytes=settings.preview_bytes, seconds=settings.preview_s, stop=stop)
        report = self.report()
        links = replace(self.links, origins=input_origins(report, MOST_ROWS))
        return page(report, gallery, links)


async def _write(text: str, run: UUID, *, key: str | None, what: str) -> None:
    """One request; Prefect's own function for it would send an event as well, and read all of it back."""
    document = {"type": "markdown", "description": what, "data": text, "flow_run_id": str(run)}
    if key is not None:
        document["key"] = _NOT_IN_KEYS.sub("-", key.lower())
    async with asyncio.timeout(WRITE_S), get_client() as client:
        await client.request("POST", "/artifacts/", json=document)

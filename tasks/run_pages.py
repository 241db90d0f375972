"""What a run shows in Prefect's UI beside its state and log: one page, written once, when it has ended.

A run of its own always has one. The nodes of a graph have them where they are few; cases never do: the page of their
run lists them. A page is made beside the steps that follow, never before one, and whatever goes wrong with it is a
warning in the log and nothing more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from anyio import CancelScope, CapacityLimiter, to_thread
from prefect.context import FlowRunContext
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
from interfaces.reports.markdown import MOST_ROWS, page
from interfaces.reports.record import Links, RunReport
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.linked_pages import LinkedPage, image_linked, pages_of, remember, with_linked_pages
from tasks.run_logging import run_logger
from tasks.run_reports import batch_run_report, evaluation_run_report, find_report, input_origins
from tasks.ui_artifacts import NOT_SHOWN, write_artifact

R = TypeVar("R")

CANCELLED_S = 3.0
"""Seconds that a cancelled run waits for its page; a worker would kill it after 30."""

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
    except BaseException as error:
        await ended(_settled(parts), error)
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
    if (run := _own_run()) is None:
        return
    for image in await to_thread.run_sync(_desired, tuple(components)):
        linked = image_linked(image, run)
        if await _written(linked.text(ui_links()), key=linked.key, what=linked.what):
            remember(linked.key)


def _desired(components: tuple[str, ...]) -> list[ComponentImage]:
    with get_site().database.session() as session:
        found = [desired_image(session, component) for component in components]
    return [image for image in found if image is not None]


async def _written(text: str, *, key: str, what: str) -> bool:
    run = _own_run()
    if run is None or not get_settings().pages.enabled:
        return False
    try:
        await write_artifact(text, key=key, what=what, run=run)
    except NOT_SHOWN as error:
        run_logger().warning("A page can't be shown in the Prefect UI: %s", str(error) or "it takes too long")
        return False
    return True


async def show_broken(error: BaseException) -> None:
    """Make the page of a job that failed or was cancelled, as `tasks.finish_job.finish_broken` gives it."""
    job = getattr(error, "job", None) or getattr(error, "cancelled_job", None)
    if job is not None:
        await ended(show_job(job), error)


async def ended(pages: Awaitable[None], error: BaseException) -> None:
    """Wait for what a run shows that broke off; a cancellation waits for `CANCELLED_S` at most.

    Args:
        pages: Ends once they are shown.
        error: What broke the run off; whoever calls this raises it again.
    """
    if isinstance(error, Exception):
        await pages
        return
    # Who cancels once more waits no longer; the run ends as cancelled either way.
    with CancelScope(shield=True), suppress(TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(CANCELLED_S):
            await pages


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
            draft = await to_thread.run_sync(self._draft, stop, limiter=limiter, abandon_on_cancel=True)
            links = await with_linked_pages(draft.linked, draft.links, limiter)
            text = await to_thread.run_sync(draft.text, links, limiter=limiter, abandon_on_cancel=True)
            await write_artifact(text, key=self.key, what=self.what, run=self.run)
        except NOT_SHOWN as error:
            run_logger().warning(
                "The run's page can't be shown in the Prefect UI: %s", str(error) or "it takes too long"
            )
        except Exception:  # a page must not break a run
            run_logger().warning("The run's page could not be made", exc_info=True)
        finally:
            stop.set()

    def _draft(self, stop: threading.Event) -> _Draft:
        settings = get_settings().pages
        gallery = Gallery(most_bytes=settings.preview_bytes, seconds=settings.preview_s, stop=stop)
        report = self.report()
        links = replace(self.links, origins=input_origins(report, MOST_ROWS))
        return _Draft(report=report, gallery=gallery, links=links, linked=pages_of(report, gallery, run=self.run))


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """A page before it is known which pages it can link to."""

    report: RunReport
    gallery: Gallery
    links: Links
    linked: list[LinkedPage]

    def text(self, links: Links) -> str:
        return page(self.report, self.gallery, links)

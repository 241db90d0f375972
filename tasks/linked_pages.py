"""The pages that pages of runs link to, of values and of versions of container images: each is written once.

Where it is first linked to: so those of what an earlier release registered, or came in with a crate, are there as well.
A process remembers which there are; of others it asks the server, but for what a job has just given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from prefect.settings import PREFECT_API_URL
from sqlalchemy import select

from interfaces.component_images import ComponentImage
from interfaces.database.tables import ImageRow, InterfaceRow, JobRow, JobValueRow, ValueRow
from interfaces.graph_values import values_in
from interfaces.reports.gallery import Gallery, backdrop_of
from interfaces.reports.image_page import image_key, image_page
from interfaces.reports.markdown import MOST_ROWS
from interfaces.reports.record import Links, RunReport
from interfaces.reports.value_page import Giver, needs_page, value_key, value_page
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue
from tasks.run_logging import run_logger
from tasks.ui_artifacts import NOT_SHOWN, which_exist, write_artifact

MOST_VALUES, MOST_IMAGES = 20, 20
"""Pages that the page of one run links to: outputs before inputs, and no more."""

MOST_GIVERS = 10
"""Jobs that a value's page lists."""

_MOST_KNOWN = 10_000

_known: set[tuple[str, str]] = set()
"""By URL of the API and key, the pages that are there, or are being written by this process."""


@dataclass(frozen=True, kw_only=True)
class LinkedPage:
    """A page that another one links to.

    Attributes:
        key: Of its artifact.
        what: One line above it.
        text: Makes it, given the links that there are; called in a thread.
        is_new: Whether it can't be there yet, so that the server need not be asked.
    """

    key: str
    what: str
    text: Callable[[Links], str]
    is_new: bool = False


def remember(key: str) -> None:
    """Say that a page is there."""
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known.add(_here(key))


def _here(key: str) -> tuple[str, str]:
    return PREFECT_API_URL.value() or "", key


def pages_of(report: RunReport, gallery: Gallery, *, run: UUID) -> list[LinkedPage]:
    """The pages that the page of a run links to; reads values.

    Args:
        report: The run.
        gallery: Makes the previews: those of outputs are made once for both pages.
        run: The Prefect run whose page it is.
    """
    jobs = [step.job for step in report.steps if step.job is not None]
    images = {image_key(job.component, job.image.sha256): job.image for job in jobs}
    pages = [image_linked(image, run) for image in list(images.values())[:MOST_IMAGES]]
    gave = report.flow_run_id == run and report.job is not None
    outputs, inputs = (values_in(values)[:MOST_ROWS] for values in (report.outputs, report.inputs))
    over = backdrop_of({**report.inputs, **report.outputs})
    with_pages: dict[int, LinkedPage] = {}
    for number, value in enumerate([*outputs, *inputs]):
        if len(with_pages) == MOST_VALUES:
            break
        if value.pk in with_pages or not needs_page(value):
            continue
        text = partial(_value_text, value, gallery, over if over != value else None, run)
        what = f"Value {value.pk} of the interface {value.interface.slug}"
        is_new = gave and number < len(outputs)
        with_pages[value.pk] = LinkedPage(key=value_key(value), what=what, text=text, is_new=is_new)
    return [*pages, *with_pages.values()]


def image_linked(image: ComponentImage, run: UUID) -> LinkedPage:
    """The page of a version of a container image.

    Args:
        image: The version.
        run: The Prefect run that writes it.
    """

    def text(links: Links) -> str:
        return image_page(image, now=datetime.now(UTC), address=links.run(run))

    key, what = image_key(image.component, image.sha256), f"Container image of {image.component}"
    return LinkedPage(key=key, what=what, text=text)


def _value_text(
    value: ComponentInterfaceValue, gallery: Gallery, over: ComponentInterfaceValue | None, run: UUID, links: Links
) -> str:
    preview = gallery.show_alone(value, over=over)
    return value_page(value, preview, _givers(value.sha256), links, now=datetime.now(UTC), by=run)


def _givers(sha256: str) -> list[Giver]:
    """The jobs that gave a content, the latest first; of whatever interface, as an edge may lead to another one."""
    # All interfaces, so that the one index that holds contents is of use.
    same = ValueRow.interface_pk.in_(select(InterfaceRow.pk)) & (ValueRow.sha256 == sha256)
    query = (
        select(JobRow.id, JobRow.component_slug, ImageRow.sha256, JobRow.flow_run_id, JobRow.created)
        .join(ImageRow, ImageRow.pk == JobRow.image_pk)
        .join(JobValueRow, JobValueRow.job_id == JobRow.id)
        .join(ValueRow, ValueRow.pk == JobValueRow.value_pk)
        .where(same, JobValueRow.direction == "output")
        .order_by(JobRow.created.desc())
        .limit(MOST_GIVERS)
    )
    with get_site().database.session() as session:
        return [
            Giver(job=job, component=component, image=image, flow_run_id=flow_run, created=created)
            for job, component, image, flow_run, created in session.execute(query).tuples()
        ]


async def with_linked_pages(pages: list[LinkedPage], links: Links, limiter: CapacityLimiter | None) -> Links:
    """Write those pages that are not there yet. A page that can't be is a warning, and is not linked to.

    Returns:
        The links, with those to the pages that there are now.
    """
    unknown = [page for page in pages if _here(page.key) not in _known]
    for page in unknown:  # at once, so that no other page of this process writes them, too
        remember(page.key)
    left = {page.key: page for page in unknown}
    try:
        for key in await which_exist([page.key for page in unknown if not page.is_new]):
            del left[key]
        for key, page in list(left.items()):
            there = frozenset(one.key for one in pages if one.key not in left)
            text = await to_thread.run_sync(
                page.text, replace(links, pages=there), limiter=limiter, abandon_on_cancel=True
            )
            await write_artifact(text, key=key, what=page.what, run=None)
            del left[key]
    except NOT_SHOWN as error:
        run_logger().warning("A value or image has no page in the Prefect UI: %s", str(error) or "it takes too long")
    except Exception:  # the run's own page is shown without it
        run_logger().warning("The page of a value or image could not be made", exc_info=True)
    finally:
        for key in left:
            _known.discard(_here(key))
    return replace(links, pages=frozenset(page.key for page in pages if page.key not in left))

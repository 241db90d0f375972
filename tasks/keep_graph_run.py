"""Keep what a run of a graph was, so that it can be exported later: also where its process is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from prefect.exceptions import TerminationSignal
from sqlalchemy.exc import SQLAlchemyError

from interfaces.crates.people import current_person
from interfaces.crates.records import STOPPED, GraphRecord
from interfaces.crates.software import software_versions
from interfaces.database.graph_run_records import save_graph_run, save_unfinished_graph_run
from interfaces.errors import ComponentFlowsError
from interfaces.graph import Graph
from interfaces.graph_plan import GraphPlan
from interfaces.graph_run import GraphRun
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger
from tasks.run_pages import ended, show_graph

AGAIN_S = 2.0
"""Between two looks at which nodes have ended: what ends in between is not told of a run that is killed."""


class SoFar(Protocol):
    """What has become of a run's nodes so far, by their paths."""

    jobs: dict[str, ComponentJob]
    left_out: dict[str, str]
    reused: set[str]


def kept_graph_run(run: GraphRun, *, graphs: Mapping[str, Graph], started_at: datetime, error: str = "") -> GraphRecord:
    """Write a run that has ended into the database.

    Args:
        run: The run, whole or as far as it came.
        graphs: Its graph as it was planned, and those within it, by slug.
        started_at: When it began.
        error: What went wrong; "" where nothing did.
    """
    record = _record(run, graphs=graphs, started_at=started_at, error=error)
    with get_site().database.session() as session:
        save_graph_run(session, record)
    return record


@asynccontextmanager
async def kept_meanwhile(
    plan: GraphPlan, so_far: SoFar, *, run_id: UUID | None, started_at: datetime
) -> AsyncIterator[None]:
    """Write a run into the database while its nodes run: as it begins, and whenever some have ended.

    Beside the nodes, so that none waits for it. Where they are broken off, so is the record.

    Args:
        plan: The graph.
        so_far: Changes as nodes end.
        run_id: Of its Prefect flow run; None: nothing is written, since nobody could ask for it.
        started_at: When it began.
    """

    def record(error: str = "") -> GraphRecord:
        run = GraphRun(
            graph=plan.graph.slug,
            inputs=plan.inputs,
            outputs={},
            jobs=dict(so_far.jobs),
            left_out=dict(so_far.left_out),
            reused=frozenset(so_far.reused),
            flow_run_id=run_id,
        )
        return _record(run, graphs=plan.known.graphs, started_at=started_at, error=error)

    writing = asyncio.create_task(_written_again_and_again(record, so_far)) if run_id is not None else None
    broken_off: BaseException | None = None
    try:
        yield
    except BaseException as error:
        broken_off = error
        raise
    finally:
        if writing is not None:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            if broken_off is not None:
                last = record(_why(broken_off))
                _save(save_graph_run, last)
                await ended(show_graph(last), broken_off)


async def _written_again_and_again(record: Callable[[], GraphRecord], so_far: SoFar) -> None:
    written = -1
    while True:
        if (ended := len(so_far.jobs) + len(so_far.left_out)) > written:
            # Made here and not in the thread, while the nodes change nothing.
            written, now = ended, record()
            await in_thread(_save, save_unfinished_graph_run, now)
        await asyncio.sleep(AGAIN_S)


def _save(save: Callable[..., None], record: GraphRecord) -> None:
    try:
        with get_site().database.session() as session:
            save(session, record)
    except (SQLAlchemyError, ComponentFlowsError) as error:  # the run goes on: its own end is written as ever
        run_logger().warning("The run of the graph '%s' is not kept as it goes: %s", record.graph.slug, error)


def _why(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit | TerminationSignal):
        return STOPPED
    return str(error) if isinstance(error, ComponentFlowsError) else f"The run broke off ({type(error).__name__})"


def _record(run: GraphRun, *, graphs: Mapping[str, Graph], started_at: datetime, error: str) -> GraphRecord:
    return GraphRecord(
        id=run.flow_run_id or uuid4(),
        graph=graphs[run.graph],
        graphs={slug: graph for slug, graph in graphs.items() if slug != run.graph},
        inputs=run.inputs,
        outputs=run.outputs,
        jobs=run.jobs,
        left_out=run.left_out,
        reused=run.reused,
        started_at=started_at,
        completed_at=datetime.now(UTC),
        error_message=error,
        run_by=current_person(),
        software=software_versions(),
    )

"""Keep what a run of a graph was, so that it can be exported later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from interfaces.crates.people import current_person
from interfaces.crates.records import GraphRecord
from interfaces.crates.software import software_versions
from interfaces.database.graph_run_records import save_graph_run
from interfaces.graph import Graph
from interfaces.graph_run import GraphRun
from interfaces.site import get_site


def kept_graph_run(run: GraphRun, *, graphs: Mapping[str, Graph], started_at: datetime, error: str = "") -> GraphRecord:
    """Write a run that has ended into the database.

    Args:
        run: The run, whole or as far as it came.
        graphs: Its graph as it was planned, and those within it, by slug.
        started_at: When it began.
        error: What went wrong; "" where nothing did.
    """
    record = GraphRecord(
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
    with get_site().database.session() as session:
        save_graph_run(session, record)
    return record

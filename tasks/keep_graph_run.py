"""Keep what a run of a graph was, so that it can be exported later."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from interfaces.crates.people import current_person
from interfaces.crates.records import GraphRecord
from interfaces.crates.software import software_versions
from interfaces.database.graph_records import find_nested_graphs
from interfaces.database.graph_run_records import save_graph_run
from interfaces.graph_run import GraphRun
from interfaces.site import get_site


def kept_graph_run(run: GraphRun, *, started_at: datetime, error: str = "") -> GraphRecord:
    """Write a run that has ended into the database.

    Args:
        run: The run, whole or as far as it came.
        started_at: When it began.
        error: What went wrong; "" where nothing did.
    """
    with get_site().database.session() as session:
        graphs = find_nested_graphs(session, run.graph)
        graph = graphs.pop(run.graph)
        record = GraphRecord(
            id=run.flow_run_id or uuid4(),
            graph=graph,
            graphs=graphs,
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
        save_graph_run(session, record)
    return record

"""What is kept of a run of a graph: enough to tell later what ran, with which data, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from interfaces.graph import Graph
from interfaces.graph_values import Carried
from interfaces.jobs import ComponentJob

STOPPED = "The run was stopped before it had ended"
"""What went wrong with a run that somebody cancelled."""


@dataclass(frozen=True, kw_only=True)
class GraphRecord:
    """One run of a graph that has ended. A node is named by its path, as in `interfaces.graph_run.GraphRun`.

    Attributes:
        id: That of its Prefect flow run.
        graph: The graph as it was when it ran.
        graphs: The graphs that are nodes of it, directly or within each other, by slug.
        inputs: By the graph's names; a tuple for a list.
        outputs: By the graph's names; those that there are.
        jobs: The job of each node by the node's path.
        left_out: By path of each node that did not run, why.
        reused: The paths of the nodes that took the outputs of an earlier job.
        started_at: When it began.
        completed_at: When it ended.
        error_message: What went wrong; "" where nothing did.
        run_by: Who ran it: a name, or a name with an ORCID.
        software: The versions of what ran it, by name.
    """

    id: UUID
    graph: Graph
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    inputs: Mapping[str, Carried] = field(default_factory=dict)
    outputs: Mapping[str, Carried] = field(default_factory=dict)
    jobs: Mapping[str, ComponentJob] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    reused: frozenset[str] = frozenset()
    started_at: datetime
    completed_at: datetime
    error_message: str = ""
    run_by: str = ""
    software: Mapping[str, str] = field(default_factory=dict)

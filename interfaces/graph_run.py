"""`GraphRun`: what running a graph gave."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from interfaces.graph_values import Carried
from interfaces.jobs import ComponentJob


class GraphRun(BaseModel):
    """One run of a graph.

    A node is named by its path: ``measure``, ``prepare/denoise`` in a graph within the graph, ``segment[2]`` for the
    third run of a node that scatters.

    Attributes:
        graph: Slug of the graph.
        inputs: The values of the graph's inputs by name; a tuple of values for a list.
        outputs: The values of the graph's outputs by name; a tuple of values for a list. Those of nodes that were left
            out are not there.
        jobs: The job of each node by the node's path; an earlier job where its outputs were taken.
        left_out: By path of each node that did not run, why.
        reused: The paths of the nodes that took the outputs of an earlier job.
        flow_run_id: The Prefect flow run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    graph: str
    inputs: Mapping[str, Carried] = Field(default_factory=dict)
    outputs: Mapping[str, Carried] = Field(default_factory=dict)
    jobs: Mapping[str, ComponentJob] = Field(default_factory=dict)
    left_out: Mapping[str, str] = Field(default_factory=dict)
    reused: frozenset[str] = frozenset()
    flow_run_id: UUID | None = None

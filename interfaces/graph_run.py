"""`GraphRun`: what running a graph gave."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from interfaces.jobs import ComponentJob
from interfaces.value import ComponentInterfaceValue


class GraphRun(BaseModel):
    """One run of a graph.

    Attributes:
        graph: Slug of the graph.
        inputs: The values of the graph's inputs by name.
        outputs: The values of the graph's outputs by name.
        jobs: The job of each node by the node's name.
        flow_run_id: The Prefect flow run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    graph: str
    inputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    outputs: Mapping[str, ComponentInterfaceValue] = Field(default_factory=dict)
    jobs: Mapping[str, ComponentJob] = Field(default_factory=dict)
    flow_run_id: UUID | None = None

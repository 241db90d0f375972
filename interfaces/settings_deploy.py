"""Settings of where Prefect sends the runs of deployments; see docs/how-to/deploy.md."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PoolRule(BaseModel):
    """Where the runs of a component or graph go that needs such a machine; what is unset does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gpu_type: str | None = Field(None, min_length=1)
    min_memory_gb: float | None = Field(None, gt=0)
    pool: str | None = Field(None, min_length=1)
    queue: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> PoolRule:
        if self.gpu_type is None and self.min_memory_gb is None:
            raise ValueError("each rule of deploy.pools needs gpu_type or min_memory_gb")
        if self.pool is None and self.queue is None:
            raise ValueError("each rule of deploy.pools needs pool or queue")
        return self


class DeploySettings(BaseModel):
    """Where Prefect sends the runs of deployments, which machines take up by their workers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pool: str = Field("component-flows", min_length=1, description="Work pool of what no rule of `deploy.pools` fits.")
    pools: tuple[PoolRule, ...] = Field(
        (),
        description="Work pools and queues by what a component or graph needs, of which the first that fits is taken: "
        "each with `gpu_type` or `min_memory_gb` (GiB) or both, and `pool` or `queue` or both.",
    )

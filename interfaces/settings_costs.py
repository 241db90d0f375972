"""Settings of what machines cost; see docs/how-to/statistics.md."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class InstanceSettings(BaseModel):
    """A kind of machine and its price, an exact decimal: as a binary fraction, a cost would be rounded wrongly."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    cpu: int = Field(ge=1)
    memory: float = Field(gt=0)
    gpus: int = Field(0, ge=0)
    gpu_type: str | None = None
    us_cents_per_hour: Decimal = Field(ge=0)


class CostSettings(BaseModel):
    """What a job's use of a machine costs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    instances: tuple[InstanceSettings, ...] = Field(
        (),
        description="Table of instances: each with `name`, `cpu` (cores), `memory` (GB), `gpus`, `gpu_type` and "
        "`us_cents_per_hour`.",
    )
    instance: str | None = Field(
        None, description="Name of the row of that table which this machine is; unset: jobs have no cost."
    )
    euro_per_us_dollar: Decimal | None = Field(
        None, gt=0, description="Exchange rate for costs, such as 0.92; needed where the instance is set."
    )
    tax_percent: Decimal = Field(Decimal(0), ge=0, description="Tax on top of the prices, in percent.")

    @model_validator(mode="after")
    def _complete(self) -> CostSettings:
        if self.instance is None:
            return self
        names = [one.name for one in self.instances]
        if names.count(self.instance) != 1:
            raise ValueError(f"costs.instance is '{self.instance}', but costs.instances must have one row of that name")
        if self.euro_per_us_dollar is None:
            raise ValueError("costs.instance is set, so costs.euro_per_us_dollar must be set too")
        return self

"""Settings of the file store that several machines share; see docs/how-to/many-machines.md."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class StorageSettings(BaseModel):
    """How the file store of `storage_url` is reached, and what this machine keeps of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint_url: str | None = Field(
        None,
        description="Address of the S3 server, such as `http://10.0.0.5:9000`; unset: AWS_ENDPOINT_URL, else AWS "
        "itself. Credentials are found as AWS's own tools find them (AWS_ACCESS_KEY_ID, AWS_PROFILE, the machine's "
        "role).",
    )
    credentials_block: str | None = Field(
        None,
        pattern="^[^/]+/[^/]+$",
        description="Block of the Prefect server with the keys, as `type/name`, such as "
        "`component-flows-storage/site`; unset: the keys are found as said above.",
    )
    attempts: int = Field(5, ge=1, description="Most attempts at one request to the S3 server.")
    timeout_s: float = Field(
        30, gt=0, description="Seconds that the S3 server may be silent before a request is made again."
    )
    cache_gb: float | None = Field(
        None,
        gt=0,
        description="Most that this machine keeps of the store's files, in GB (GiB): beyond it, those go that were "
        "used longest ago and are nobody's inputs now; unset: no bound.",
    )

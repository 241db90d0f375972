"""Settings of who gets in, what they may reach, and with which credentials; see docs/how-to/security.md."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, SecretStr, model_validator


class ServerSettings(BaseModel):
    """The local Prefect server that is started where PREFECT_API_URL is not set."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: IPvAnyAddress = Field(
        IPv4Address("127.0.0.1"),
        description="Address that it listens on; one that other machines can reach needs `server.auth`.",
    )
    port: int = Field(0, ge=0, le=65_535, description="Its port; 0: the first free one from 4300.")
    auth: SecretStr | None = Field(
        None,
        description="Name and password, as `name:password`, without which nobody may use it; other machines' workers "
        "give them as PREFECT_API_AUTH_STRING. Unset: whoever is on this machine may.",
    )
    start_timeout_s: float = Field(90, gt=0, description="Seconds that a server may take to answer after its start.")

    @model_validator(mode="after")
    def _guarded(self) -> ServerSettings:
        name, colon, password = (self.auth.get_secret_value() if self.auth else "name:password").partition(":")
        if not (name and colon and password):
            raise ValueError("server.auth is not of the form name:password")
        if not self.host.is_loopback and self.auth is None:
            raise ValueError(
                f"server.host is {self.host}, which other machines can reach, so server.auth must be set too"
            )
        return self


class RegistryLoginSettings(BaseModel):
    """The login of the registry of the setting `registry`; without one, that of the docker command is used."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str | None = Field(None, description="Name for the registry of the setting `registry`; needs the password.")
    password: SecretStr | None = Field(None, description="Password or token for that registry; needs the name.")
    block: str | None = Field(
        None,
        pattern="^[^/]+/[^/]+$",
        description="Block of the Prefect server with name and password in place of these, as `type/name`, such as "
        "`component-flows-registry/site`; it may name a registry of its own.",
    )

    @model_validator(mode="after")
    def _whole(self) -> RegistryLoginSettings:
        if (self.name is None) != (self.password is None):
            raise ValueError("of registry_login.name and registry_login.password, one is set without the other")
        return self


class AccessSettings(BaseModel):
    """What runs from the Prefect UI or API may reach; calls in Python and commands reach what their user can."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    input_folders: tuple[Path, ...] | None = Field(
        None,
        description="Folders in which inputs, and tables and folders of cases, of runs from the Prefect UI or API may "
        "lie; unset: `inputs` in the home folder. Calls in Python and commands read what their user can.",
    )
    output_folders: tuple[Path, ...] | None = Field(
        None,
        description="Folders that runs from the UI or API may write results to; unset: `outputs` in the home folder.",
    )
    input_uris: tuple[str, ...] = Field(
        (),
        description="What the URIs of inputs of runs from the UI or API may begin with, such as `s3://bucket/prefix`; "
        "unset: no URI is taken.",
    )
    definition_folders: tuple[Path, ...] = Field(
        (),
        description="Folders that runs from the UI or API may register definitions from; images are built from these, "
        "so that whoever writes there runs programs. Unset: none.",
    )
    functions: tuple[str, ...] = Field(
        (),
        description="What runs from the UI or API may name as the `flow` or `task` that follows a job, as "
        "`module:function`; unset: only deployments.",
    )

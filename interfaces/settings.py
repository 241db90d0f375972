"""What a site can set, in small groups; the settings page in docs is made from these classes.

Environment variables win over ``component-flows.toml`` in the current directory, which wins over the defaults. A
group's field is reached with two underscores: ``COMPONENT_FLOWS_LIMITS__PROCESSES=1024``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from interfaces.errors import DefinitionError
from interfaces.secrets import has_stray_at, remember_secrets, secrets_of_url
from interfaces.settings_access import AccessSettings, RegistryLoginSettings, ServerSettings
from interfaces.settings_costs import CostSettings
from interfaces.settings_deploy import DeploySettings
from interfaces.settings_storage import StorageSettings

TOML_FILE = "component-flows.toml"


class LimitSettings(BaseModel):
    """What a job may use; a component's own numbers must lie within these bounds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_memory_gb: float = Field(0.0625, gt=0, description="Least memory a component may ask for, in GB (GiB).")
    max_memory_gb: float | None = Field(
        None,
        gt=0,
        description="Most memory a component may ask for, in GB (GiB); unset: what the machine has.",
    )
    min_time_limit_s: int = Field(1, ge=1, description="Shortest time limit of a component, in seconds.")
    max_time_limit_s: int = Field(86_400, ge=1, description="Longest time limit of a component, in seconds.")
    processes: int = Field(512, ge=1, description="Most processes and threads in one container.")
    cpus: float | None = Field(None, gt=0, description="Most CPU cores for one container; unset: all.")
    stop_grace_s: int = Field(5, ge=0, description="Seconds between SIGTERM and SIGKILL when a container is stopped.")
    log_bytes: int = Field(
        64 * 2**20,
        ge=1024,
        description="Most bytes of each of stdout and stderr that are kept; the rest is dropped.",
    )
    json_bytes: int = Field(
        512 * 2**20,
        ge=1024,
        description="Largest JSON file that is read, in bytes, from a person or a container.",
    )
    output_bytes: int = Field(
        64 * 2**30, ge=1024, description="Largest output file that is taken from a container, in bytes."
    )
    image_bytes: int = Field(10 * 2**30, ge=1024, description="Largest container image, unpacked, in bytes.")
    tarball_bytes: int = Field(64 * 2**30, ge=1024, description="Largest model or ground truth, unpacked, in bytes.")
    disk_bytes: int = Field(
        128 * 2**30,
        ge=2**20,
        description="Most bytes one container may have on disk, in /output, /tmp and its own layer together; watched "
        "about once a second where this process may read the engine's folders.",
    )
    min_free_disk_bytes: int = Field(
        2**30, ge=0, description="What must stay free on the engine's disk, in bytes; below it, containers are stopped."
    )
    gpu_wait_s: int = Field(
        86_400, ge=0, description="Longest wait of a job for a GPU that other jobs of this machine use, in seconds."
    )


class AdmissionSettings(BaseModel):
    """How many jobs run at a time on one machine: as many as fit by the limits that they declare."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reserve_memory_gb: float = Field(
        0.5, ge=0, description="Memory of the machine that stays free of jobs, for the engine and Prefect, in GB (GiB)."
    )
    cpus: float | None = Field(
        None,
        gt=0,
        description="CPU cores that jobs have together, where each counts as `limits.cpus` (unset: as 1); unset: those "
        "of the machine.",
    )


class WarmSettings(BaseModel):
    """Containers of components with `method: invoke`, which serve one job after another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle_s: float = Field(300, gt=0, description="Seconds without a job after which a warm container is stopped.")
    max_jobs: int = Field(100, ge=1, description="Most jobs that one warm container serves.")
    max_idle: int = Field(4, ge=0, description="Most warm containers of one process that wait for a job.")
    helper_image: str | None = Field(
        None,
        description="Image with python3 through which warm containers are reached where this process is not root "
        "beside the engine; unset: `base_image`, else the local base image.",
    )


class PageSettings(BaseModel):
    """What runs show in the Prefect UI: one page each, with values, previews and the use of the machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="Whether runs have pages in the Prefect UI.")
    nodes: int = Field(
        16,
        ge=0,
        description="Most nodes of a graph whose jobs have pages of their own; the page of the run lists those of a "
        "larger one.",
    )
    preview_bytes: int = Field(
        2 * 2**20, ge=0, description="Most bytes of all previews on one page together; the others are named."
    )
    preview_s: float = Field(10, ge=0, description="Seconds after which no further preview of a page is made.")


class Settings(BaseSettings):
    """All settings of a site."""

    model_config = SettingsConfigDict(
        env_prefix="COMPONENT_FLOWS_",
        env_nested_delimiter="__",
        toml_file=TOML_FILE,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        Path("~/.component-flows"),
        description="Folder of the embedded SQLite database, the file store, job folders and the server's own files.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL of the database, such as `postgresql://user@host/database`, which several machines "
        "may share; unset: SQLite in the home folder.",
    )
    storage_url: SecretStr | None = Field(
        None,
        description="fsspec URL of the file store, such as `s3://bucket/folder`, which several machines may share; "
        "unset: a folder in the home folder.",
    )
    gpu_types: tuple[str, ...] = Field(
        ("", "A100", "A10G", "V100", "K80", "T4"),
        description="GPU types that a component may ask for; each must be a word of its own in the name of a model.",
    )
    base_image: str | None = Field(
        None,
        description="Build argument BASE for images that are built from a Dockerfile; unset: the local base image "
        "'component-flows-base' where the engine has it, else the Dockerfile's own default.",
    )
    registry: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$",
        description="Where imported container images are pushed to, so that other machines of the site can run them: "
        "host, port and path, such as `localhost:5000/component-flows`; unset: they stay in the engine alone. "
        "Credentials are those of `registry_login`, else of `docker login`.",
    )
    lease_s: float = Field(
        60,
        ge=2,
        description="Seconds after its last sign of life that a process on another machine is taken for dead, and its "
        "work is taken up elsewhere; one that can't give such a sign for so long stops its own work.",
    )
    place_jobs: Literal["here", "pool"] = Field(
        "here",
        description="Where the jobs of graphs, batches and evaluations run: `here`, in the process that runs those; or "
        "`pool`, each as a run of its own in the work pool that `deploy.pools` says, on whatever machine takes it up.",
    )
    placed_at_once: int = Field(
        200,
        ge=1,
        description="Most jobs of one graph, batch or evaluation that wait or run in work pools at a time; only with "
        "`place_jobs`.",
    )
    guardian: bool = Field(
        True,
        description="Whether a small process watches over jobs and ends what a crash leaves behind; without it, "
        "'component-flows reap' or the deployment of the same name does that when it is run.",
    )
    parallel_cases: int | None = Field(
        None,
        ge=1,
        description="Most cases of a batch that are under way at a time; unset: two for each CPU core of the engine.",
    )
    author: str | None = Field(
        None,
        description="Who runs things here, as exported runs say: a name, or a name with an ORCID, such as "
        "`Ada Lovelace <0000-0002-1825-0097>`; unset: the name of the user on this machine.",
    )
    access: AccessSettings = AccessSettings()
    limits: LimitSettings = LimitSettings()
    storage: StorageSettings = StorageSettings()
    admission: AdmissionSettings = AdmissionSettings()
    costs: CostSettings = CostSettings()
    pages: PageSettings = PageSettings()
    deploy: DeploySettings = DeploySettings()
    registry_login: RegistryLoginSettings = RegistryLoginSettings()
    server: ServerSettings = ServerSettings()
    warm: WarmSettings = WarmSettings()

    @field_validator("database_url")
    @classmethod
    def _is_one_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and has_stray_at(url.get_secret_value()):
            raise ValueError("its password has an '@' as it is; write '%40' for it ('%2F' for '/', '%3A' for ':')")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def home_folder(self) -> Path:
        """The home folder as an absolute path."""
        return self.home.expanduser().absolute()


def _read() -> Settings:
    try:
        settings = Settings()
        for url in (settings.database_url, settings.storage_url):
            remember_secrets(*secrets_of_url(url.get_secret_value() if url else ""))
        if auth := settings.server.auth:
            remember_secrets(auth.get_secret_value(), auth.get_secret_value().partition(":")[2])
        if password := settings.registry_login.password:
            remember_secrets(password.get_secret_value())
        return settings
    except ValidationError as error:
        first = error.errors()[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        raise DefinitionError(
            f"the setting COMPONENT_FLOWS_{name} (or its key in {TOML_FILE}) is not valid: "
            + first["msg"].removeprefix("Value error, ")
        ) from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The site's settings, read once; `get_settings.cache_clear()` reads them anew."""
    return _in_place[-1] if _in_place else _read()


_in_place: list[Settings] = []


@contextmanager
def settings_in_place(settings: Settings) -> Iterator[None]:
    """Other settings for all of this process, until the end; nothing else may use the site meanwhile."""
    _in_place.append(settings)
    get_settings.cache_clear()
    try:
        yield
    finally:
        _in_place.pop()
        get_settings.cache_clear()

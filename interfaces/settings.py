"""What a site can set, in small groups; the settings page in docs is made from these classes.

Environment variables win over ``component-flows.toml`` in the current directory, which wins over the defaults. A
group's field is reached with two underscores: ``COMPONENT_FLOWS_LIMITS__PROCESSES=1024``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from interfaces.errors import DefinitionError

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


class ServerSettings(BaseModel):
    """The local Prefect server that is started where PREFECT_API_URL is not set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(0, ge=0, le=65_535, description="Port on loopback; 0: the first free one from 4300.")
    start_timeout_s: float = Field(90, gt=0, description="Seconds that a server may take to answer after its start.")


class Settings(BaseSettings):
    """All settings of a site."""

    model_config = SettingsConfigDict(
        env_prefix="COMPONENT_FLOWS_",
        env_nested_delimiter="__",
        toml_file=TOML_FILE,
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(
        Path("~/.component-flows"),
        description="Folder of the embedded SQLite database, the file store, job folders and the server's own files.",
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of the database; unset: SQLite in the home folder. Only SQLite is tested so far.",
    )
    storage_url: str | None = Field(
        None,
        description="fsspec URL of the file store; unset: a folder in the home folder. Only folders are tested so far.",
    )
    gpu_types: tuple[str, ...] = Field(
        ("", "A100", "A10G", "V100", "K80", "T4"), description="GPU types that a component may ask for."
    )
    base_image: str | None = Field(
        None,
        description="Build argument BASE for images that are built from a Dockerfile; unset: the local base image "
        "'component-flows-base' where the engine has it, else the Dockerfile's own default.",
    )
    limits: LimitSettings = LimitSettings()
    server: ServerSettings = ServerSettings()

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
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        raise DefinitionError(
            f"the setting COMPONENT_FLOWS_{name} (or its key in {TOML_FILE}) is not valid: {first['msg']}"
        ) from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The site's settings, read once; `get_settings.cache_clear()` reads them anew."""
    return _read()

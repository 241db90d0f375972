"""A site: the database, the file store and the job folders that the settings name."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import make_url

from interfaces.database.sessions import Database
from interfaces.owners import owned_name
from interfaces.settings import Settings, get_settings
from interfaces.storage.file_store import FileStore


class Site:
    """What belongs together under one home folder.

    Args:
        settings: The site's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home_folder

    @cached_property
    def database(self) -> Database:
        """The database, opened and migrated at first use."""
        return Database(self.database_url, self.home)

    @cached_property
    def store(self) -> FileStore:
        """The file store."""
        url = self.settings.storage_url
        return FileStore(self.home / "files", url.get_secret_value() if url else None, self.settings.storage)

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits that all processes with the same database share, and those of no other site."""
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite":
            text = f"{socket.gethostname()}:{self.database_url}"
        else:
            text = f"{url.host}:{url.port}/{url.database}"
        return sha256(text.encode()).hexdigest()[:16]

    @property
    def database_url(self) -> str:
        """Where the database is, as an SQLAlchemy URL."""
        url = self.settings.database_url
        return url.get_secret_value() if url else f"sqlite:///{self.home / 'component-flows.db'}"

    @property
    def jobs_folder(self) -> Path:
        """Where the folders of running jobs lie."""
        return self.home / "jobs"

    @property
    def gpus_folder(self) -> Path:
        """Where the locks lie that keep one GPU to one job."""
        return self.home / "gpus"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the store's file system that is gone at the end; after a crash, `tasks.sweep` removes it."""
        self.scratch_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch_folder, prefix=owned_name()) as folder:
            yield Path(folder)

    @property
    def scratch_folder(self) -> Path:
        """Where folders lie that their processes remove, each named after its process."""
        return self.home / "scratch"


@lru_cache(maxsize=4)
def _site(settings: Settings, _process: int) -> Site:
    # The process is part of the key, since a forked child must not share its parent's connections.
    return Site(settings)


def get_site() -> Site:
    """The site of the current settings."""
    return _site(get_settings(), os.getpid())

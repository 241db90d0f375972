"""A site: the database, the file store and the job folders that the settings name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

from interfaces.database.sessions import Database
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
        url = self.settings.database_url or f"sqlite:///{self.home / 'component-flows.db'}"
        return Database(url, self.home)

    @cached_property
    def store(self) -> FileStore:
        """The file store."""
        return FileStore(self.home / "files", self.settings.storage_url)

    @property
    def jobs_folder(self) -> Path:
        """Where the folders of running jobs lie."""
        return self.home / "jobs"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the store's file system that is gone at the end."""
        parent = self.home / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)


@lru_cache(maxsize=4)
def _site(settings: Settings, _process: int) -> Site:
    # The process is part of the key, since a forked child must not share its parent's connections.
    return Site(settings)


def get_site() -> Site:
    """The site of the current settings."""
    return _site(get_settings(), os.getpid())

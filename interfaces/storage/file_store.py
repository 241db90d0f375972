"""Files kept by their content: the same bytes are one file, which never changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from interfaces.errors import ServiceUnavailable
from interfaces.owners import owned_name
from interfaces.settings_storage import StorageSettings
from interfaces.storage.links import READ_ONLY, READ_ONLY_FOLDER, link_or_copy
from interfaces.storage.local_cache import GB, trimmed
from interfaces.storage.remote_store import RemoteStore
from interfaces.storage.stored_file import StoredFile, StoredMember, folder_of, sha256_of
from interfaces.storage.unused_files import renewed


class FileStore:
    """A content-addressed store at an fsspec URL, with a folder on this machine.

    Without a URL the folder is the store itself. With one it is a cache: a file is written through to the store, and
    fetched once when it is first asked for. What is fetched is believed only if it has the content that it is named by.

    Args:
        folder: Where files lie on this machine.
        url: An fsspec URL (``s3://bucket/prefix``), or None for the folder alone.
        settings: How the store is reached, and how much this machine keeps.

    Raises:
        ServiceUnavailable: The store's driver is not installed.
    """

    def __init__(self, folder: Path, url: str | None = None, settings: StorageSettings | None = None) -> None:
        self.folder = folder
        self._settings = settings or StorageSettings()
        self._remote = RemoteStore(url, self._settings) if url is not None else None
        self._untrimmed_bytes = 0

    def _name(self, sha256: str, suffix: str) -> str:
        return f"{sha256[:2]}/{sha256}{suffix}"

    def put(self, source: Path, *, suffix: str, move: bool = False, known: StoredFile | None = None) -> StoredFile:
        """Take a file into the store.

        Args:
            source: A regular file.
            suffix: The extension of the stored file, which is part of its address (``.mha``).
            move: Whether `source` may be moved rather than copied; it is gone afterwards.
            known: Its SHA-256 and size, if they were found before.

        Returns:
            Its address. A file that is there already is left as it is.
        """
        stored = known or sha256_of(source)
        target = self.folder / self._name(stored.sha256, suffix)
        if not renewed(self.folder, target, stored.size):  # a file that was cut short by hand is mended, too
            target.parent.mkdir(parents=True, exist_ok=True)
            self._place(source, target, move=move)
        elif move:
            source.unlink()
        if self._remote is not None:
            # A file that was cut short there, by whatever hand, is mended.
            if self._remote.size(name := self._name(stored.sha256, suffix)) != stored.size:
                self._remote.put(target, name)
            self._added(target, stored.size)
        return stored

    def put_bytes(self, data: bytes, *, suffix: str) -> StoredFile:
        """Take bytes into the store."""
        stored = StoredFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        with tempfile.NamedTemporaryFile(dir=self._scratch(), prefix=owned_name(), delete=False) as file:
            file.write(data)
        return self.put(Path(file.name), suffix=suffix, move=True, known=stored)

    def put_members(self, sources: Iterable[Path], *, suffix: str) -> tuple[StoredMember, ...]:
        """Take the files of a folder into the store, each by its own content; they are moved.

        Args:
            sources: Regular files with different names.
            suffix: The extension of the stored files.
        """
        found = ((source.name, self.put(source, suffix=suffix, move=True)) for source in sources)
        return tuple(StoredMember(name=name, sha256=stored.sha256, size=stored.size) for name, stored in found)

    @property
    def incoming(self) -> Path:
        """Where files lie that are being written, each named after its process."""
        return self.folder / "incoming"

    def _scratch(self) -> Path:
        self.incoming.mkdir(parents=True, exist_ok=True)
        return self.incoming

    def _place(self, source: Path, target: Path, *, move: bool) -> None:
        # Written beside its place and renamed, so that a crash or a second writer never shows half a file.
        with tempfile.NamedTemporaryFile(dir=self._scratch(), prefix=owned_name(), delete=False) as file:
            incoming = Path(file.name)
        try:
            # A second link would let someone else change what is stored.
            if move and source.stat().st_nlink == 1:
                shutil.move(source, incoming)
            else:
                shutil.copyfile(source, incoming)
                if move:
                    source.unlink()
            incoming.chmod(READ_ONLY)
            os.replace(incoming, target)  # noqa: PTH105 - Path.replace is the same; this name says that it is atomic
        finally:
            incoming.unlink(missing_ok=True)

    @property
    def is_shared(self) -> bool:
        """Whether the files lie elsewhere, too, where other machines find them."""
        return self._remote is not None

    def __str__(self) -> str:
        """Where it is."""
        return str(self._remote or self.folder)

    def share(self, local: Path, name: str, *, keep: bool = True) -> None:
        """Write a file of this machine to a store elsewhere, under a name of its own; nothing where there is none.

        Args:
            local: The file.
            name: What it is called there.
            keep: Whether it stays; else it is removed at once, and only seen that it could be written.

        Raises:
            ServiceUnavailable: The store is out of reach.
        """
        if self._remote is not None and self._remote.size(name) != local.stat().st_size:
            self._remote.put(local, name)
        if self._remote is not None and not keep:
            self._remote.remove(name)

    def has_shared(self, name: str) -> bool:
        """Whether somebody has shared a file of that name.

        Raises:
            ServiceUnavailable: The store is out of reach.
        """
        return self._remote is not None and self._remote.size(name) is not None

    def fetch(self, name: str, local: Path) -> bool:
        """Get what another machine has shared; False where nobody has.

        Raises:
            ServiceUnavailable: The store is out of reach.
        """
        if self._remote is None:
            return False
        with tempfile.NamedTemporaryFile(dir=self._scratch(), prefix=owned_name(), delete=False) as file:
            incoming = Path(file.name)
        try:
            self._remote.get(name, incoming)
            local.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(incoming, local)
        except FileNotFoundError:
            return False
        finally:
            incoming.unlink(missing_ok=True)
        return True

    def path(self, sha256: str, *, suffix: str) -> Path:
        """A read-only file on this machine with that content.

        Where the machine's cache is bounded, it may go again some time after the last call; link it, or ask again.

        Raises:
            FileNotFoundError: The store has no such file.
            ServiceUnavailable: The store is out of reach, or has something else under that name.
        """
        name = self._name(sha256, suffix)
        local = self.folder / name
        if self._is_here(local):
            return local
        if self._remote is None:
            raise FileNotFoundError(f"the file store has no {name}; it was removed by hand, or belongs to another site")
        with tempfile.NamedTemporaryFile(dir=self._scratch(), prefix=owned_name(), delete=False) as file:
            incoming = Path(file.name)
        try:
            size = self._fetched_whole(name, sha256, incoming)
            local.parent.mkdir(parents=True, exist_ok=True)
            self._place(incoming, local, move=True)
        finally:
            incoming.unlink(missing_ok=True)
        self._added(local, size)
        return local

    def _is_here(self, local: Path) -> bool:
        if self._settings.cache_gb is not None:
            with suppress(OSError):
                os.utime(local)  # what was used last stays longest
        return local.exists()

    def _fetched_whole(self, name: str, sha256: str, incoming: Path) -> int:
        """Fetch a file; one that comes damaged is fetched once more, since it may have been damaged on its way.

        Returns:
            Its size in bytes.
        """
        assert self._remote is not None  # there would be nothing to fetch from
        for _ in range(2):
            self._remote.get(name, incoming)
            found = sha256_of(incoming)
            if found.sha256 == sha256:
                return found.size
        raise ServiceUnavailable(
            f"the file store at {self._remote} has damaged content under {name} ({found.size} bytes with the SHA-256 "
            f"{found.sha256[:12]}...); restore it from a backup, or remove it there and run what made it again"
        )

    def _added(self, local: Path, size: int) -> None:
        """Keep the cache within its bound; looking through it costs time, so not after each file."""
        if self._settings.cache_gb is None:
            return
        limit = int(self._settings.cache_gb * GB)
        self._untrimmed_bytes += size
        if self._untrimmed_bytes >= limit // 20:
            self._untrimmed_bytes = 0
            self.trim()

    def trim(self) -> int:
        """Let those files of this machine go that were used longest ago, until the cache is within its bound.

        Files that the store elsewhere lacks stay, and so do those that a job has links to.

        Returns:
            How many bytes went.
        """
        if self._settings.cache_gb is None or self._remote is None:
            return 0
        remote = self._remote
        return trimmed(
            self.folder,
            int(self._settings.cache_gb * GB),
            is_safe=lambda name, size: remote.size(name) == size,
            incoming=self._scratch(),
        )

    def holds(self, stored: StoredFile, *, suffix: str) -> bool:
        """Whether the store has a file of that name and size; its content is not read."""
        name = self._name(stored.sha256, suffix)
        if _has_size(self.folder / name, stored.size):
            return True
        return self._remote is not None and self._remote.size(name) == stored.size

    def folder_path(self, members: Sequence[StoredMember], *, suffix: str) -> Path:
        """A read-only folder on this machine with those files; it is made of links once, when it is first asked for.

        Raises:
            FileNotFoundError: The store lacks a file.
        """
        sha256 = folder_of(members).sha256
        target = self.folder / "folders" / sha256[:2] / sha256
        if target.is_dir() and members:
            self._is_here(target / members[0].name)
        elif not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            # Named after its process, so that it is removed if that one is killed.
            incoming = Path(tempfile.mkdtemp(dir=self._scratch(), prefix=owned_name()))
            try:
                for member in members:
                    link_or_copy(self.path(member.sha256, suffix=suffix), incoming / member.name)
                incoming.rename(target)
            except OSError:
                if not target.is_dir():  # else another process was first
                    raise
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
        # Afterwards, since a folder that can't be written to can't be renamed.
        if target.stat().st_mode & 0o777 != READ_ONLY_FOLDER:
            target.chmod(READ_ONLY_FOLDER)
        return target


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False

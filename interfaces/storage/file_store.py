"""Files kept by their content: the same bytes are one file, which never changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import fsspec

from interfaces.errors import ServiceUnavailable

READ_ONLY = 0o444


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """What the store knows of one file: its SHA-256 (64 hexadecimal digits) and its size in bytes."""

    sha256: str
    size: int


def sha256_of(path: Path) -> StoredFile:
    """The SHA-256 and size of a file, read once."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return StoredFile(sha256=digest, size=file.tell())


class FileStore:
    """A content-addressed store at an fsspec URL, with a folder on this machine.

    On a local URL the folder is the store itself. On any other it is a cache: a file is written through to the store,
    and fetched once when it is first asked for.

    Args:
        folder: Where files lie on this machine.
        url: An fsspec URL (``s3://bucket/prefix``), or None for the folder alone.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self._remote = None
        if url is not None:
            self._remote, self._root = fsspec.core.url_to_fs(url)

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
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            self._place(source, target, move=move)
        elif move:
            source.unlink()
        if self._remote is not None:
            self._write_through(target, self._name(stored.sha256, suffix))
        return stored

    def put_bytes(self, data: bytes, *, suffix: str) -> StoredFile:
        """Take bytes into the store."""
        stored = StoredFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        with tempfile.NamedTemporaryFile(dir=self._scratch(), delete=False) as file:
            file.write(data)
        return self.put(Path(file.name), suffix=suffix, move=True, known=stored)

    def _scratch(self) -> Path:
        scratch = self.folder / "incoming"
        scratch.mkdir(parents=True, exist_ok=True)
        return scratch

    def _place(self, source: Path, target: Path, *, move: bool) -> None:
        # Written beside its place and renamed, so that a crash or a second writer never shows half a file.
        with tempfile.NamedTemporaryFile(dir=self._scratch(), delete=False) as file:
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

    def _write_through(self, local: Path, name: str) -> None:
        address = f"{self._root}/{name}"
        try:
            if not self._remote.exists(address):  # type: ignore[union-attr]
                self._remote.makedirs(address.rsplit("/", 1)[0], exist_ok=True)  # type: ignore[union-attr]
                self._remote.put_file(str(local), address)  # type: ignore[union-attr]
        except OSError as error:
            raise ServiceUnavailable(f"the file store can't take {name}: {error}") from error

    def path(self, sha256: str, *, suffix: str) -> Path:
        """A read-only file on this machine with that content.

        Raises:
            FileNotFoundError: The store has no such file.
        """
        name = self._name(sha256, suffix)
        local = self.folder / name
        if not local.exists():
            if self._remote is None or not self._remote.exists(f"{self._root}/{name}"):
                raise FileNotFoundError(
                    f"the file store has no {name}; it was removed by hand, or belongs to another site"
                )
            with tempfile.NamedTemporaryFile(dir=self._scratch(), delete=False) as file:
                incoming = Path(file.name)
            try:
                self._remote.get_file(f"{self._root}/{name}", str(incoming))
                local.parent.mkdir(parents=True, exist_ok=True)
                self._place(incoming, local, move=True)
            finally:
                incoming.unlink(missing_ok=True)
        return local


def link_or_copy(source: Path, target: Path) -> None:
    """Put a stored file at a second place without copying it; across file systems it is copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(READ_ONLY)

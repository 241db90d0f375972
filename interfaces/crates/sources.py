"""A crate that somebody else has written, as a folder or a ZIP file: hostile until proven valid."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from interfaces.errors import ValidationError
from interfaces.files.zip_archive import BROKEN, entry_path, safe_entries
from interfaces.storage.hostile_tree import HostileTree, TooLarge

MAX_BYTES = 2**40
"""Most bytes of all files in a ZIP file, unpacked; what they need of the disk is one file at a time, and the inputs."""

MAX_ENTRIES = 1_000_000


class CrateSource(Protocol):
    """Where the files of a crate are taken from."""

    def take(self, place: str, into: Path, *, max_bytes: int) -> Path:
        """Take one file.

        Args:
            place: Its path in the crate, POSIX.
            into: An empty folder of ours.
            max_bytes: Refuse a larger one.

        Returns:
            The file in that folder, ours, under its own name.

        Raises:
            ValidationError: It is not there, is no plain file, or is too large.
        """


@contextmanager
def open_crate(path: Path) -> Iterator[CrateSource]:
    """Open a crate.

    Raises:
        ValidationError: It is neither a folder nor a ZIP file that can be unpacked safely.
    """
    path = path.expanduser()
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.is_file():
        raise ValidationError(f"{path} does not exist; give the folder or ZIP file of a crate")
    try:
        entries = safe_entries(path, max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)
    except ValidationError as error:
        raise ValidationError(f"{path} is no crate: {error}") from error
    with zipfile.ZipFile(path) as archive:
        yield _Zip(archive, {str(entry_path(entry)): entry for entry in entries})


class _Folder:
    def __init__(self, root: Path) -> None:
        self._tree = HostileTree(root)

    def take(self, place: str, into: Path, *, max_bytes: int) -> Path:
        try:
            return self._tree.take_file(place, into, max_bytes=max_bytes)
        except FileNotFoundError as error:
            raise _missing(place) from error
        except TooLarge as error:
            raise _too_large(place, error.size_bytes, max_bytes) from error
        except ValidationError as error:  # its text is about what a component wrote
            raise ValidationError(
                f"'{place[:200]}' can't be taken from the crate: it leaves it, or it or a folder on its way is a link "
                "or a device; a crate has plain files"
            ) from error


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self._archive, self._entries = archive, entries

    def take(self, place: str, into: Path, *, max_bytes: int) -> Path:
        entry = self._entries.get(place)
        if entry is None:
            raise _missing(place)
        if entry.file_size > max_bytes:
            raise _too_large(place, entry.file_size, max_bytes)
        # One that is in the directory has passed `safe_entries`, so that its last part is the name of a file.
        target = into / place.rpartition("/")[2]
        try:
            # The module reads no more than the directory claims, and checks the sum at the end.
            with self._archive.open(entry) as source, target.open("xb") as file:
                shutil.copyfileobj(source, file)
        except BROKEN as error:
            raise ValidationError(f"'{place}' can't be unpacked: {' '.join(str(error).split())[:200]}") from error
        return target


def _too_large(place: str, size_bytes: int, max_bytes: int) -> ValidationError:
    return ValidationError(f"'{place[:200]}' has {size_bytes:,} bytes, and at most {max_bytes:,} are expected")


def _missing(place: str) -> ValidationError:
    return ValidationError(f"the crate has no file '{place[:200]}', which its metadata names")

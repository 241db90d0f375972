"""ZIP files from people and containers: nothing outside the folder, nothing endless."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from interfaces.errors import ValidationError

NOT_EXTRACTED = "Input zip file could not be extracted"
TOO_LARGE = "Contents of zip file too large"
MAX_RATIO = 1_100
"""Deflate reaches about 1,030 to 1."""

_JUNK_FOLDERS = {"__MACOSX"}
_JUNK_FILES = {".DS_Store", "desktop.ini"}


def check_zip(path: Path, *, max_bytes: int, max_entries: int) -> list[zipfile.ZipInfo]:
    """The files in an archive that may be unpacked, folders and junk left out.

    Raises:
        ValidationError: It is no ZIP archive, is encrypted, wants to leave its folder, or is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ValidationError(NOT_EXTRACTED) from error
    if len(entries) > max_entries or sum(entry.file_size for entry in entries) > max_bytes:
        raise ValidationError(TOO_LARGE)
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if name.is_absolute() or ".." in name.parts or entry.flag_bits & 0x1 or is_link or ":" in entry.filename[:2]:
            raise ValidationError(
                f"{NOT_EXTRACTED}: '{entry.filename[:100]}' is a link, is encrypted or leaves the archive"
            )
        if entry.file_size > max(entry.compress_size, 1024) * MAX_RATIO:
            raise ValidationError(TOO_LARGE)
    return [entry for entry in entries if not entry.is_dir() and not _is_junk(entry)]


def _is_junk(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    return bool(_JUNK_FOLDERS & set(parts)) or parts[-1] in _JUNK_FILES


def unzip_input(path: Path, into: Path, *, max_bytes: int, max_entries: int) -> None:
    """Unpack an archive, without a top folder that all of its files share.

    Args:
        path: The archive.
        into: An existing folder.
        max_bytes: Most bytes of all files, unpacked.
        max_entries: Most files.

    Raises:
        ValidationError: It can't be unpacked, or is too large.
    """
    entries = check_zip(path, max_bytes=max_bytes, max_entries=max_entries)
    tops = {PurePosixPath(entry.filename).parts[0] for entry in entries}
    strip = 1 if len(tops) == 1 and all(len(PurePosixPath(entry.filename).parts) > 1 for entry in entries) else 0
    room = max_bytes
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in entries:
                target = into.joinpath(*PurePosixPath(entry.filename).parts[strip:])
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as file:
                    shutil.copyfileobj(_Bounded(source, room), file)
                    room -= file.tell()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValidationError(NOT_EXTRACTED) from error


class _Bounded:
    """Reads no more than it may, whatever the archive's directory claims."""

    def __init__(self, source: object, room: int) -> None:
        self._source, self._room = source, room

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size)  # type: ignore[attr-defined]
        self._room -= len(data)
        if self._room < 0:
            raise ValidationError(TOO_LARGE)
        return data

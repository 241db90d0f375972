"""ZIP inputs, unpacked into the folder of a job's inputs."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from interfaces.errors import ValidationError
from interfaces.files.zip_archive import BROKEN, TooLarge, entry_path, safe_entries

NOT_EXTRACTED = "Input zip file could not be extracted"
TOO_LARGE = "Contents of zip file too large"

_JUNK_FOLDERS = {"__MACOSX"}
_JUNK_FILES = {".DS_Store", "desktop.ini"}


def unzip_input(path: Path, into: Path, *, max_bytes: int, max_entries: int) -> None:
    """Unpack an archive, without a top folder that all of its files share and without what systems leave in archives.

    Nothing is written outside of `into`, and no file that is there already is changed.

    Args:
        path: The archive.
        into: An existing folder.
        max_bytes: Most bytes of all files, unpacked.
        max_entries: Most files and folders.

    Raises:
        ValidationError: It can't be unpacked, or is too large; the text is the message for the user, the reason its
            cause.
    """
    try:
        entries = safe_entries(path, max_bytes=max_bytes, max_entries=max_entries)
        with zipfile.ZipFile(path) as archive:
            for entry, name in _wanted(entries):
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                # "x": two entries of one name, or a file that is there, are refused and never overwritten.
                with archive.open(entry) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)
    except TooLarge as error:
        raise ValidationError(TOO_LARGE) from error
    except (*BROKEN, ValidationError) as error:
        raise ValidationError(NOT_EXTRACTED) from error


def _wanted(entries: list[zipfile.ZipInfo]) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The entries that are unpacked, and where to."""
    named = [(entry, name) for entry in entries if not _is_junk(name := entry_path(entry))]
    tops = {name.parts[0] for _, name in named}
    share_a_top = len(tops) == 1 and all(len(name.parts) > 1 for _, name in named)
    return [(entry, PurePosixPath(*name.parts[1:]) if share_a_top else name) for entry, name in named]


def _is_junk(name: PurePosixPath) -> bool:
    return bool(_JUNK_FOLDERS & set(name.parts[:-1])) or name.name in _JUNK_FILES

"""ZIP archives from people and containers: nothing that leaves the folder, nothing that explodes.

Format: APPNOTE.TXT of PKWARE.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from interfaces.errors import ValidationError

MAX_ENTRIES = 100_000
MAX_BYTES = 64 * 2**30
MAX_RATIO = 1_100
"""Most unpacked bytes per byte of the archive; deflate reaches 1,032."""

MAX_DEPTH = 64
_MAX_PART_BYTES = 255
_DIRECTORY_BYTES_PER_ENTRY = 512
_END_BYTES, _MAX_COMMENT_BYTES = 22, 65_535
_ZIP64_END_BYTES, _ZIP64_LOCATOR_BYTES = 56, 20
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1
_BLOCK_BYTES = 2**20

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, IndexError),
    *(OverflowError, MemoryError, NotImplementedError, RuntimeError),
)
"""What the zipfile module raises for archives that are not what they seem."""


class TooLarge(ValidationError):
    """An archive has too many entries or too many bytes in them."""


def check_zip(path: Path) -> None:
    """A ZIP archive that can be unpacked safely; every entry is read and held against its checksum.

    Raises:
        ValidationError: It is not; the text names the entry.
    """
    entries = safe_entries(path, max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in entries:
                with archive.open(entry) as source:
                    # The module reads no more than the directory claims, and checks the sum at the end.
                    while source.read(_BLOCK_BYTES):
                        pass
    except BROKEN as error:
        raise ValidationError(f"It is a damaged ZIP file: {' '.join(str(error).split())[:200]}") from error


def safe_entries(path: Path, *, max_bytes: int, max_entries: int) -> list[zipfile.ZipInfo]:
    """The entries of an archive that are files, after a look at all of them; nothing is unpacked.

    Args:
        path: The archive.
        max_bytes: Most bytes of all entries, unpacked.
        max_entries: Most entries.

    Raises:
        TooLarge: It has more entries or bytes, or claims to expand by more than deflate can.
        ValidationError: It is no ZIP archive, is encrypted, or has an entry that is no plain file or leaves the folder.
    """
    try:
        _check_directory(path, max_entries)
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            files = [entry for entry in entries if not entry.is_dir()]
    except BROKEN as error:
        raise ValidationError(f"It is no ZIP file: {' '.join(str(error).split())[:200]}") from error
    if len(entries) > max_entries:
        raise TooLarge(f"It has {len(entries)} entries; at most {max_entries} are allowed")
    total = sum(entry.file_size for entry in entries)
    if total > max_bytes:
        raise TooLarge(f"It has {total} bytes unpacked; at most {max_bytes} are allowed")
    if total > path.stat().st_size * MAX_RATIO:
        raise TooLarge(f"It claims to expand {path.stat().st_size} bytes to {total}")
    _check_overlap(entries)
    for entry in entries:
        _check_entry(entry)
    _check_places(files)
    return files


def _check_directory(path: Path, max_entries: int) -> None:
    """Refuse a directory that is too long before the zipfile module makes an object of each entry.

    Raises:
        TooLarge: It is.
    """
    with path.open("rb") as file:
        end, length = _directory(file)
        if length > max_entries * _DIRECTORY_BYTES_PER_ENTRY:
            raise TooLarge(f"It has a directory of {length} bytes; that is too long for {max_entries} entries")
        file.seek(max(0, end - length))
        if (count := file.read(length).count(b"PK\1\2")) > max_entries:
            raise TooLarge(f"It has {count} entries; at most {max_entries} are allowed")


def _directory(file: BinaryIO) -> tuple[int, int]:
    """The end and length of the directory in bytes, found in the way in which the zipfile module finds it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT_BYTES))
    tail = file.read()
    last = tail[-_END_BYTES:]
    at = len(tail) - _END_BYTES
    if not (last.startswith(b"PK\5\6") and last.endswith(b"\0\0")):
        at = tail.rfind(b"PK\5\6")
    if at < 0:
        return 0, 0
    end = size - len(tail) + at
    if tail[max(0, at - _ZIP64_LOCATOR_BYTES) : at].startswith(b"PK\6\7"):
        end = max(0, end - _ZIP64_LOCATOR_BYTES - _ZIP64_END_BYTES)
        file.seek(end)
        record = file.read(_ZIP64_END_BYTES)
        if record.startswith(b"PK\6\6"):
            return end, int.from_bytes(record[40:48], "little")
    return end, int.from_bytes(tail[at + 12 : at + 16], "little")


def _check_overlap(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: one block of data would count many times."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise TooLarge(f"It has the entry '{_shown(entry)}' that overlaps with another")
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry_path(entry)
    mode = entry.external_attr >> 16
    wrong = (
        "is encrypted; save it without a password"
        if entry.flag_bits & _ENCRYPTED
        else "leaves the archive"
        if name.is_absolute() or ".." in name.parts or ":" in entry.filename[:2]
        else "has no name"
        if not name.parts
        else "is neither a file nor a folder"
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}
        else "has too long a name"
        if len(name.parts) > MAX_DEPTH or any(len(part.encode()) > _MAX_PART_BYTES for part in name.parts)
        else ""
    )
    if wrong:
        raise ValidationError(f"It has the entry '{_shown(entry)}' that {wrong}")


def _check_places(files: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse two files at one place, or a file where another needs a folder: they can't be unpacked."""
    places: set[PurePosixPath] = set()
    for entry in files:
        if (place := entry_path(entry)) in places:
            raise ValidationError(f"It has the entry '{_shown(entry)}' twice")
        places.add(place)
    folders = {folder for place in places for folder in place.parents}
    if both := places & folders:
        raise ValidationError(f"It has the entry '{str(min(both))[:100]}' both as a file and as a folder")


def entry_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The path of an entry; some archives separate with backslashes."""
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _shown(entry: zipfile.ZipInfo) -> str:
    return entry.filename.encode("unicode_escape").decode()[:100]

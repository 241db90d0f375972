"""Models and ground truths: gzipped tar archives, unpacked without leaving the folder."""

from __future__ import annotations

import tarfile
from pathlib import Path

from interfaces.errors import ValidationError

MAX_ENTRIES = 1_000_000


def untar(path: Path, into: Path, *, max_bytes: int) -> None:
    """Unpack a ``.tar.gz``, with its top folder.

    Args:
        path: The archive.
        into: An existing folder.
        max_bytes: Most bytes of all files, unpacked.

    Raises:
        ValidationError: It is no gzipped tar, wants to leave the folder, or is too large.
    """
    total = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for count, member in enumerate(archive):
                total += member.size
                if total > max_bytes or count >= MAX_ENTRIES:
                    raise ValidationError(
                        f"The tarball has more than {max_bytes} bytes or {MAX_ENTRIES} entries unpacked"
                    )
                # "data" refuses absolute paths, paths and links that leave the folder, and devices (PEP 706).
                archive.extract(member, into, filter="data")
    except tarfile.FilterError as error:
        raise ValidationError(f"The tarball has an entry that leaves its folder or is no file: {error}") from error
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ValidationError(f"The tarball is no .tar.gz that can be unpacked: {error}") from error

"""Writing a crate: into a folder, with stored files as hard links, or as a stream into a ZIP file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interfaces.crates.contents import CrateFile
from interfaces.crates.exporting import Crate
from interfaces.errors import ValidationError
from interfaces.storage.links import link_or_copy

ZIP_SUFFIX = ".zip"
_BLOCK_BYTES = 2**20
_WORTH = 0.9
_STAMP = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows: when a crate was written says nothing of the run


def write_crate(crate: Crate, path: Path) -> None:
    """Write a crate; half a crate is never seen.

    Args:
        crate: Its metadata and files.
        path: A ZIP file where it ends with ``.zip``, else a folder. It must not be there yet.

    Raises:
        ValidationError: It is there, or its folder is not; or a stored file is not what it was.
    """
    path = path.expanduser().absolute()
    if os.path.lexists(path):
        raise ValidationError(f"{path} exists; name a file or folder that does not, or remove it")
    if not path.parent.is_dir():
        raise ValidationError(f"the folder {path.parent} does not exist; make it, or choose another place")
    with _beside(path) as partial:
        if path.suffix == ZIP_SUFFIX:
            _write_zip(crate, partial / path.name)
        else:
            _write_folder(crate, partial / path.name)
        (partial / path.name).rename(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_folder(crate: Crate, folder: Path) -> None:
    for file in (crate.metadata, *crate.files.values()):
        target = folder / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, bytes):
            target.write_bytes(file.content)
        else:
            link_or_copy(file.content, target)


def _write_zip(crate: Crate, target: Path) -> None:
    with zipfile.ZipFile(target, "x") as archive:
        for file in (crate.metadata, *crate.files.values()):
            entry = zipfile.ZipInfo(str(file.place), date_time=_STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED if _shrinks(file) else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            digest = hashlib.sha256()
            with archive.open(entry, "w", force_zip64=file.stored.size >= zipfile.ZIP64_LIMIT) as place:
                for block in _blocks(file):
                    digest.update(block)
                    place.write(block)
            if digest.hexdigest() != file.stored.sha256:
                raise ValidationError(
                    f"the stored file of {file.place} has other content than when it was stored; it was changed by "
                    "hand or is damaged"
                )


def _shrinks(file: CrateFile) -> bool:
    """Whether packing a file is worth its time, as its first block tells: images are often packed already."""
    first = next(_blocks(file), b"")
    return len(zlib.compress(first, 1)) < _WORTH * len(first)


def _blocks(file: CrateFile) -> Iterator[bytes]:
    if isinstance(file.content, bytes):
        yield file.content
        return
    with file.content.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            yield block

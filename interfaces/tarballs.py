"""`Tarball`: a model or a ground truth, unpacked and mounted read-only for the jobs that need it."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, TypeAlias

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from interfaces.import_status import ImportStatusChoices
from interfaces.site import Site

_Status: TypeAlias = ImportStatusChoices  # the class has a member of that name, too

TARBALL_SUFFIX = ".tar.gz"


class TarballKind(StrEnum):
    """What a tarball is for; the value is its mount point in the container."""

    MODEL = "model"
    GROUND_TRUTH = "ground-truth"

    @property
    def mount_point(self) -> str:
        """Where it lies, unpacked, in the container."""
        return "/opt/ml/model" if self is TarballKind.MODEL else "/opt/ml/input/data/ground_truth"


class Tarball(BaseModel):
    """One version of a model or ground truth.

    Attributes:
        pk: Primary key.
        owner: Slug of the component or phase.
        kind: What it is for.
        sha256: 64 hexadecimal digits: its identity.
        size: Bytes, packed.
        import_status: How far its import has come.
        status: The reason where the import failed.
        is_desired_version: Whether new jobs use it.
        created: When it was registered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ImportStatusChoices: ClassVar[type[ImportStatusChoices]] = ImportStatusChoices

    pk: int
    owner: str
    kind: TarballKind
    sha256: str
    size: int
    import_status: _Status
    status: str = ""
    is_desired_version: bool
    created: datetime


def unpacked(site: Site, sha256: str) -> Path:
    """The folder with a stored tarball's contents; unpacked once a machine, safely, also by several processes at once.

    Raises:
        ValidationError: The tarball is no gzipped tar, or wants to write outside its folder.
        ServiceUnavailable: The disk is full.
    """
    folder = _folder(site, sha256)
    if not folder.exists():
        unpack(site, sha256, source=site.store.path(sha256, suffix=TARBALL_SUFFIX))
    return folder


def unpack(site: Site, sha256: str, *, source: Path) -> None:
    """Unpack a tarball on this machine, unless that was done before.

    Args:
        site: Whose machine it is.
        sha256: Of the file.
        source: The file.

    Raises:
        ValidationError: The tarball is no gzipped tar, or wants to write outside its folder; nothing of it is left.
        ServiceUnavailable: The disk is full; nothing of it is left.
    """
    from interfaces.files.untarring import FOLDER_MODE, untar  # only jobs with a tarball need it

    folder = _folder(site, sha256)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A process that dies lets go of the lock, and what it has left is unpacked anew.
    with FileLock(f"{folder}.lock"):
        if folder.exists():
            return
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        partial.chmod(FOLDER_MODE)  # mkdir's own mode is cut by the umask, and the container has another user
        try:
            untar(source, partial, max_bytes=site.settings.limits.tarball_bytes)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        # The files first, then the name: after a power failure, a folder of that name would have empty files in it.
        os.sync()
        partial.rename(folder)


def _folder(site: Site, sha256: str) -> Path:
    return site.home / "tarballs" / sha256

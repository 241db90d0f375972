"""`Tarball`: a model or a ground truth, unpacked and mounted read-only for the jobs that need it."""

from __future__ import annotations

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
    """
    from interfaces.files.untarring import untar  # only jobs with a tarball need it

    folder = site.home / "tarballs" / sha256
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                partial = folder.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                untar(
                    site.store.path(sha256, suffix=TARBALL_SUFFIX),
                    partial,
                    max_bytes=site.settings.limits.output_bytes,
                )
                partial.rename(folder)
    return folder

"""A job's folder on this machine: one owner of its paths."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from interfaces.errors import ValidationError
from interfaces.files.unzipping import unzip_input
from interfaces.inputs_json import inputs_json
from interfaces.kinds import InterfaceSuperKindChoices
from interfaces.placements import Prefixes, placed
from interfaces.site import Site
from interfaces.storage.links import READ_ONLY, link_folder, link_or_copy
from interfaces.value import ComponentInterfaceValue

INPUTS_FILE = "inputs.json"


def safe_join(root: Path, *parts: str | PurePosixPath) -> Path:
    """A path below `root`.

    Raises:
        ValidationError: It would leave the folder.
    """
    path = PurePosixPath(*parts)
    if path.is_absolute() or ".." in path.parts:
        raise ValidationError(f"the path '{path}' leaves its folder")
    return root / path


@dataclass(frozen=True, kw_only=True)
class JobFolder:
    """Where one job's files lie.

    Attributes:
        root: The folder, below the site's folder of jobs.
    """

    root: Path

    @classmethod
    def of(cls, site: Site, job_id: UUID) -> JobFolder:
        """The folder of a job."""
        return cls(root=site.jobs_folder / str(job_id))

    @property
    def input(self) -> Path:
        """Mounted read-only at /input."""
        return self.root / "input"

    @property
    def no_model(self) -> Path:
        """An empty folder for jobs without a model."""
        return self.root / "no-model"

    @property
    def output(self) -> Path:
        """Where outputs are unpacked if the engine's own folder can't be read."""
        return self.root / "output"

    @property
    def written(self) -> Path:
        """What a warm container wrote, where the engine had to send it while the container goes on."""
        return self.root / "written"

    @property
    def taken(self) -> Path:
        """Where outputs lie that were taken out of what the container wrote."""
        return self.root / "taken"

    def create(self) -> None:
        """Make the folders, empty."""
        self.remove()
        for folder in (self.input, self.no_model, self.output, self.taken):
            folder.mkdir(parents=True)
        # The engine's user, and the container's through the mount, must get in whatever our umask is.
        for folder in (self.root, self.input, self.no_model):
            folder.chmod(0o755)

    def renew_taken(self) -> None:
        """Empty what outputs are taken into, so that they can be taken again after a crash."""
        for folder in (self.output, self.taken):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def place_inputs(
        self,
        values: Mapping[str, ComponentInterfaceValue],
        prefixes: Prefixes,
        *,
        unpacked_bytes: int,
        staged: Iterable[ComponentInterfaceValue] = (),
    ) -> None:
        """Put every input at ``<prefix><relative path>``, stored files as links, and write inputs.json.

        Args:
            values: The inputs by slug.
            prefixes: By a value's pk (as text), its prefix or prefixes.
            unpacked_bytes: How much a ZIP file may unpack to.
            staged: What lies beside the inputs, and is not in inputs.json.

        Raises:
            ValidationError: A prefix leaves the folder, or a ZIP file can't be unpacked.
        """
        for value, prefix in placed({one.pk: one for one in (*values.values(), *staged)}.values(), prefixes):
            target = safe_join(self.input, prefix, value.relative_path)
            if value.decompress:
                place = safe_join(self.input, prefix)
                place.mkdir(parents=True, exist_ok=True)
                unzip_input(_path(value), place, max_bytes=unpacked_bytes, max_entries=100_000)
            elif value.interface.super_kind == InterfaceSuperKindChoices.VALUE:
                _write_json(target, value.value)
            elif value.is_folder:
                link_folder(_path(value), target)
            else:
                link_or_copy(_path(value), target)
        _write_json(self.input / INPUTS_FILE, inputs_json(values.values()))
        _let_everyone_read(self.input)

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.root, ignore_errors=False) if self.root.exists() else None


def _path(value: ComponentInterfaceValue) -> Path:
    path = value.path
    if path is None:
        raise ValidationError(f"the value of {value.interface.slug} has no file")
    return path


def _write_json(target: Path, value: Any) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _let_everyone_read(root: Path) -> None:
    # A component runs as a user of its own; stored files are linked, so that their modes (0444) are right already.
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if path.stat().st_nlink == 1:
                path.chmod(READ_ONLY)

"""Values back as files in a folder, under their relative paths."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.value import ComponentInterfaceValue


def export_values(values: Iterable[ComponentInterfaceValue], folder: Path) -> list[Path]:
    """Write values below a folder as a component would: ``images/<name>/<file>``, ``metrics.json``.

    Files that are there already are replaced.

    Returns:
        The written files; for a DICOM image set its folder.

    Raises:
        ValidationError: The folder for a DICOM image set has other files, which would be taken for a part of it.
    """
    return [_export(value, folder) for value in values]


def _export(value: ComponentInterfaceValue, folder: Path) -> Path:
    target = folder / value.relative_path
    if value.is_folder:
        return _export_folder(value, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if value.path is None:
        target.write_text(json.dumps(value.value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        # A copy: a link would let an edit change what is stored.
        shutil.copyfile(value.path, target)
    return target


def _export_folder(value: ComponentInterfaceValue, target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    names = {member.name for member in value.files}
    if other := sorted(path.name for path in target.iterdir() if path.name not in names):
        raise ValidationError(f"the folder {target} has other files ('{other[0]}'); export into an empty one")
    assert value.path is not None
    for name in names:
        (target / name).unlink(missing_ok=True)
        shutil.copyfile(value.path / name, target / name)
    return target

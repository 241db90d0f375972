"""Values back as files in a folder, under their relative paths."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from interfaces.value import ComponentInterfaceValue


def export_values(values: Iterable[ComponentInterfaceValue], folder: Path) -> list[Path]:
    """Write values below a folder as a component would: ``images/<name>/<file>``, ``metrics.json``.

    Files that are there already are replaced.

    Returns:
        The written files.
    """
    return [_export(value, folder) for value in values]


def _export(value: ComponentInterfaceValue, folder: Path) -> Path:
    target = folder / value.relative_path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if value.path is None:
        target.write_text(json.dumps(value.value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        # A copy: a link would let an edit change what is stored.
        shutil.copyfile(value.path, target)
    return target

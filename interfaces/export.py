"""Values back as files in a folder, under their relative paths, and in again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.value import ComponentInterfaceValue, InterfacesAndValues


def export_values(
    values: Iterable[ComponentInterfaceValue] | Mapping[str, ComponentInterfaceValue], folder: Path
) -> list[Path]:
    """Write values below a folder as a component would: ``images/<name>/<file>``, ``metrics.json``.

    Files that are there already are replaced. Different values for one place are kept apart if they have names: each
    goes below a folder of its name.

    Args:
        values: The values; a mapping gives each a name.
        folder: Where to write them; it is made if it is not there.

    Returns:
        The written files in the order of the values; for a DICOM image set its folder.

    Raises:
        ValidationError: Several different values have the same place and no names, or where an image goes there is
            another file, which would be taken for a part of it. Nothing was written.
    """
    placed = list(_placed(values, folder))
    for value, target in placed:
        _check_alone(value, target)
    return [_export(value, target) for value, target in placed]


def import_values(interfaces: Iterable[ComponentInterface], folder: Path) -> InterfacesAndValues:
    """Read values from a folder that is laid out as the output of a component, or as `export_values` writes it.

    Args:
        interfaces: The registered interfaces to look for.
        folder: The folder, a person's own: what is in it is taken at its word as far as paths and links go.

    Returns:
        The interfaces, and the stored values of those whose relative path is there, by slug.

    Raises:
        ValidationError: One or more are not valid; the text names each with its reason.
    """
    wanted = set(interfaces)
    values: dict[str, ComponentInterfaceValue] = {}
    problems: list[str] = []
    for interface in sorted(wanted, key=lambda one: one.slug):
        path = folder / interface.relative_path
        if not path.exists():
            continue
        try:
            source = {"image": path} if interface.is_image_kind else {"file": path}
            values[interface.slug] = interface.create_instance(**source)
        except ValidationError as error:
            problems.append(f"{interface.relative_path}: {error}")
    if problems:
        raise ValidationError("; ".join(problems))
    return InterfacesAndValues(interfaces=wanted, values=values)


def _placed(
    values: Iterable[ComponentInterfaceValue] | Mapping[str, ComponentInterfaceValue], folder: Path
) -> Iterator[tuple[ComponentInterfaceValue, Path]]:
    """Each value with its place."""
    named = list(values.items()) if isinstance(values, Mapping) else [("", value) for value in values]
    at: dict[str, set[int]] = {}
    for _, value in named:
        at.setdefault(value.interface.slug, set()).add(value.pk)
    for name, value in named:
        is_alone = len(at[value.interface.slug]) == 1
        if not is_alone and not name:
            raise ValidationError(
                f"{len(at[value.interface.slug])} different values are to be written to "
                f"{folder / value.interface.relative_path}; export them one by one, each into a folder of its own"
            )
        yield value, (folder if is_alone else folder / name) / value.relative_path


def _check_alone(value: ComponentInterfaceValue, target: Path) -> None:
    """Refuse to put an image beside other files, with which it could not be told any more what the value is."""
    if not value.interface.is_image_kind:
        return
    place = target if value.is_folder else target.parent
    names = {member.name for member in value.files} or {value.name}
    if other := sorted(path.name for path in place.glob("*") if path.name not in names):
        raise ValidationError(f"the folder {place} has other files ('{other[0]}'); export into an empty one")


def _export(value: ComponentInterfaceValue, target: Path) -> Path:
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
    assert value.path is not None
    for member in value.files:
        (target / member.name).unlink(missing_ok=True)
        shutil.copyfile(value.path / member.name, target / member.name)
    return target

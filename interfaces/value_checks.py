"""Whether a stored value is still what was stored, and valid for its interface."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.files.checks import check_file
from interfaces.images.checks import check_image
from interfaces.json_parsing import canonical_json
from interfaces.storage.stored_file import folder_of, sha256_of
from interfaces.value import ComponentInterfaceValue


def check_value(value: ComponentInterfaceValue) -> None:
    """Check a stored value anew; see `ComponentInterfaceValue.clean`.

    Raises:
        ValidationError: Its content is gone, is another than the one that was stored, or is not valid.
    """
    # A record that has read nothing yet, so that the store is asked.
    value = ComponentInterfaceValue(**dict(value))
    interface = value.interface
    try:
        found = _content(value)
    except FileNotFoundError as error:
        raise ValidationError(f"the content of the value {value.pk} of '{interface.slug}' is gone: {error}") from error
    if found != value.sha256:
        raise ValidationError(
            f"the content of the value {value.pk} of '{interface.slug}' was changed in the store: "
            f"its SHA-256 is {found}, not {value.sha256}"
        )
    path = value.path
    if interface.is_json_kind:
        interface.validate_against_schema(value=value.value)
    elif path is not None and interface.is_file_kind:
        check_file(path, kind=interface.kind)
    elif path is not None:
        labels = [segment.voxel_value for segment in interface.overlay_segments]
        check_image(path, kind=interface.kind, voxel_values=labels)


def _content(value: ComponentInterfaceValue) -> str:
    """The SHA-256 of what the store has now."""
    if value.is_folder:
        folder = value.path or Path()
        found = [replace(one, sha256=sha256_of(folder / one.name).sha256) for one in value.files]
        return folder_of(found).sha256
    if value.path is None:
        return sha256(canonical_json(value.value)).hexdigest()
    return sha256_of(value.path).sha256

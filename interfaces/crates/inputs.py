"""The inputs of a crate's run as stored values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from interfaces.crates.reading import CrateValue
from interfaces.database.tables import ValueRow
from interfaces.definition import ComponentInterface
from interfaces.errors import InvalidInputs, ValidationError
from interfaces.graph_values import Carried
from interfaces.site import Site
from interfaces.value import ComponentInterfaceValue, value_from_row


def store_inputs(
    site: Site,
    values: Mapping[str, CrateValue | list[CrateValue]],
    interfaces: Mapping[str, ComponentInterface],
    kept: Path,
) -> dict[str, Carried]:
    """Check and store values.

    Args:
        site: Where to.
        values: By the names of the inputs.
        interfaces: The registered interface of each input by its name.
        kept: The folder with the crate's files at their places.

    Raises:
        InvalidInputs: One or more are not valid, or are neither in the crate nor here; holds all problems.
    """
    problems: dict[str, str] = {}
    found: dict[str, Carried] = {}
    for name, value in values.items():
        try:
            if name not in interfaces:
                raise ValidationError(f"is no input of what ran; those are {', '.join(interfaces) or 'none'}")
            if isinstance(value, list):
                found[name] = tuple(_stored(site, interfaces[name], one, kept) for one in value)
            else:
                found[name] = _stored(site, interfaces[name], value, kept)
        except ValidationError as error:
            problems[name] = str(error)
    if problems:
        raise InvalidInputs(problems)
    return found


def _stored(site: Site, interface: ComponentInterface, value: CrateValue, kept: Path) -> ComponentInterfaceValue:
    if value.place is None:
        return _known(site, interface, value.sha256)
    path = kept / value.place
    made = interface.create_instance(**{"image" if interface.is_image_kind else "file": path})
    if made.sha256 != value.sha256:
        raise ValidationError(f"'{value.place[:200]}' has the sha256 {made.sha256} as a value, not {value.sha256}")
    return made


def _known(site: Site, interface: ComponentInterface, sha256: str) -> ComponentInterfaceValue:
    wanted = (ValueRow.interface_pk == interface.pk) & (ValueRow.sha256 == sha256)
    with site.database.session() as session:
        row = session.scalars(select(ValueRow).where(wanted)).one_or_none()
        known = value_from_row(row, interface) if row is not None else None
    if known is None or not known.is_stored:
        raise ValidationError(
            f"the crate was written without data, and the value with the sha256 {sha256} is not here either; import "
            "it where it is, or export the run with its data"
        )
    return known

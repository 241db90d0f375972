"""Values, and the inputs and outputs that they are values of, as entities."""

from __future__ import annotations

from collections.abc import Mapping

from interfaces.crates.contents import value_files, value_place
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.terms import FORMAL_PARAMETER
from interfaces.definition import ComponentInterface
from interfaces.graph_values import Carried
from interfaces.value import ComponentInterfaceValue


def value_entity(entities: Entities, value: ComponentInterfaceValue) -> Reference:
    """A value as a file, or a DICOM image set as a folder."""
    title, kind = value.interface.title, value.interface.kind.label
    if value.is_folder:
        return entities.add_folder(
            value_place(value),
            value.sha256,
            value_files(value),
            name=value.name or title,
            alternateName=str(value.relative_path),
            description=f"{title} ({kind})",
        )
    (file,) = value_files(value)
    # Where components find it: the profile asks for the name that a program saw.
    return entities.add_data_file(file, alternateName=str(value.relative_path), description=f"{title} ({kind})")


def carried_entity(entities: Entities, identifier: str, carried: Carried) -> Reference:
    """A value, or a list of values as a collection.

    Args:
        entities: The crate.
        identifier: Of the collection.
        carried: The value or list.
    """
    if not isinstance(carried, tuple):
        return value_entity(entities, carried)
    parts = [value_entity(entities, one) for one in carried]
    collection = entities.add(identifier, "Collection", name=f"{len(parts)} values", hasPart=parts)
    entities.link({"@id": "./"}, "mentions", collection)
    return collection


def parameter_id(owner: Reference, direction: str, name: str) -> str:
    """How an input or output of a component or graph is called.

    Args:
        owner: The component or graph.
        direction: ``input`` or ``output``.
        name: Its name there.
    """
    return f"{owner['@id']}#{direction}s/{name}"


def add_parameters(
    entities: Entities,
    owner: Reference,
    direction: str,
    values: Mapping[str, Carried],
) -> list[Reference]:
    """The values of a run, each as an example of the input or output of what ran.

    Inputs and outputs that had no value are left out, as the profile asks for an example of each; the definition has
    them all.

    Args:
        entities: The crate.
        owner: What ran.
        direction: ``input`` or ``output``.
        values: By the owner's names.

    Returns:
        The values.
    """
    found: list[Reference] = []
    for name, carried in values.items():
        identifier = parameter_id(owner, direction, name)
        reference = carried_entity(entities, f"{identifier}/values", carried)
        interface = _interface(carried)
        parameter = entities.add(
            identifier,
            "FormalParameter",
            name=name,
            description=(interface.description or interface.title) if interface else "",
            additionalType=_type_of(carried),
            conformsTo={"@id": FORMAL_PARAMETER},
            **({"valueRequired": interface.default_value is None} if interface and direction == "input" else {}),
        )
        entities.link(owner, direction, parameter)
        entities.link(parameter, "workExample", reference)
        entities.link(reference, "exampleOfWork", parameter)
        if reference not in found:
            found.append(reference)
    return found


def _interface(carried: Carried) -> ComponentInterface | None:
    """None for an empty list."""
    if isinstance(carried, tuple):
        return carried[0].interface if carried else None
    return carried.interface


def _type_of(carried: Carried) -> str:
    if isinstance(carried, tuple):
        return "Collection"
    return "Dataset" if carried.is_folder else "File"

"""Whether what a source gives fits what an input takes, where either may be a list: decided before anything runs.

Lists are made by nodes that scatter, and given to inputs of a graph that are declared as lists.

- A list goes into an input that takes a list, if each of its values fits.
- A node that scatters takes a list element by element. It also takes a JSON value so, if every value of that interface
  is provably a list of what the input takes.
- A list of JSON values goes into an input that takes one JSON value, as that one list ("gathered"), if every such list
  is provably a value of it: always for kind Anything without a schema.
- Nothing else fits. Images and files are never gathered: the node that takes them scatters, too.
"""

from __future__ import annotations

from typing import Any

from interfaces.definition import ComponentInterface, JsonSchema
from interfaces.edges import interfaces_compatible, why_schema_unproven
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.schema_proofs import why_unproven
from interfaces.schema_references import without_references


def why_unfit(
    given: ComponentInterface, wanted: ComponentInterface, *, is_list: bool, wants_list: bool, scattered: bool
) -> str | None:
    """Why what a source gives need not fit an input.

    Args:
        given: The interface of the source.
        wanted: The interface of the input.
        is_list: Whether the source gives a list of values.
        wants_list: Whether the input takes a list of values.
        scattered: Whether the node takes it element by element.

    Returns:
        None if it provably fits, else the reason in one sentence.
    """
    if scattered and wants_list:
        return f"each run would need a list of '{wanted.slug}', and there are no lists of lists"
    if is_list and (scattered or wants_list):
        return interfaces_compatible(given, wanted)
    if is_list:
        return _why_not_gathered(given, wanted)
    if wants_list:
        return f"it takes a list of '{wanted.slug}', but this is one value"
    return _why_not_scattered(given, wanted) if scattered else interfaces_compatible(given, wanted)


def _why_not_gathered(given: ComponentInterface, wanted: ComponentInterface) -> str | None:
    if not (given.is_json_kind and wanted.is_json_kind):
        return f"it is a list, but '{wanted.slug}' takes one value; to run once for each, let the node scatter over it"
    known = _list_of([part for part in _parts(given) if part is not None])
    # The schema of charts refers to itself, so that nothing can be proven to be one.
    gap = "it is a list" if wanted.kind == Kind.CHART else why_unproven([known], kind_schema(wanted.kind))
    gap = gap or (why_unproven([known], wanted.schema) if wanted.schema is not None else None)
    return f"a list of '{given.slug}' need not be a value of '{wanted.slug}': {gap}" if gap else None


def _why_not_scattered(given: ComponentInterface, wanted: ComponentInterface) -> str | None:
    if not (given.is_json_kind and wanted.is_json_kind):
        return f"the node scatters over it, but '{given.slug}' is one value and no list"
    parts = _parts(wanted)
    known = [part for part in parts if part is not None]
    gap = why_schema_unproven(given, _list_of(known))
    if gap is None and len(known) < len(parts):
        gap = f"the schema of '{wanted.slug}' refers to itself or is of draft 3 or 4, and can't be proven of items"
    return (
        f"the node scatters over it, but '{given.slug}' need not be a list of '{wanted.slug}': {gap}" if gap else None
    )


def _list_of(items: list[JsonSchema]) -> dict[str, Any]:
    return {"type": "array", "items": {"allOf": items} if items else True}


def _parts(interface: ComponentInterface) -> list[JsonSchema | None]:
    """The schemas that a value satisfies, as parts of another one; None for one that can't be such a part."""
    # The schema of charts refers to itself.
    schemas = [None if interface.kind == Kind.CHART else _as_part(kind_schema(interface.kind))]
    return schemas if interface.schema is None else [*schemas, _as_part(interface.schema)]


def _as_part(schema: JsonSchema) -> JsonSchema | None:
    if not isinstance(schema, dict):
        return schema
    if not any(draft in schema.get("$schema", "draft-07") for draft in ("draft-06", "draft-07")):
        return None
    inlined = without_references(schema)
    assert isinstance(inlined, dict)
    part = {key: value for key, value in inlined.items() if key not in ("$schema", "definitions", "$defs")}
    return None if _has(("$ref", "$id", "$schema"), part) else part


def _has(keys: tuple[str, ...], node: Any) -> bool:
    if isinstance(node, dict):
        return any(key in node for key in keys) or any(_has(keys, one) for one in node.values())
    return isinstance(node, list) and any(_has(keys, one) for one in node)

"""The JSON Schema (draft 7) of every JSON kind.

Each kind has a file in ``interfaces/schemas``, named after its member of `InterfaceKindChoices`; what several kinds
share is in ``shapes.json``. Only charts have none: theirs is the schema of Vega-Lite v5 itself, taken from the
package altair (see ``docs/adr/0004-vega-lite-schema-from-altair.md``).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interfaces.errors import ComponentFlowsError, DefinitionError
from interfaces.kinds import InterfaceKind, InterfaceKindChoices

_SHAPES = "shapes.json"
_VEGA_LITE = Path("vegalite", "v5", "schema", "vega-lite-schema.json")


@cache
def kind_schema(kind: InterfaceKindChoices) -> dict[str, Any]:
    """The schema that every value of a JSON kind satisfies; it refers to nothing outside itself.

    Returns:
        The schema, made once and shared by all callers: copy it before you change it.

    Raises:
        DefinitionError: The kind is not a JSON kind.
        ComponentFlowsError: The package that carries the schema of charts is missing or another version.
    """
    if kind not in InterfaceKind.interface_type_json():
        raise DefinitionError(f"{kind.label} is not a JSON kind; it has no JSON Schema")
    if kind == InterfaceKindChoices.CHART:
        return _vega_lite_schema()
    text = _read(f"{kind.name.lower()}.json")
    schema: dict[str, Any] = json.loads(text.replace(f'"{_SHAPES}#/', '"#/'))
    if shapes := _shapes_in(text):
        schema["definitions"] = shapes
    return schema


def _read(name: str) -> str:
    return files("interfaces").joinpath("schemas", name).read_text(encoding="utf-8")


def _shapes_in(text: str) -> dict[str, Any]:
    """The shared shapes that a schema's text refers to, and those that they refer to in turn."""
    known: dict[str, Any] = json.loads(_read(_SHAPES))["definitions"]
    wanted: dict[str, Any] = {}
    todo = re.findall(r"#/definitions/(\w+)", text)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted[name] = known[name]
            todo += re.findall(r"#/definitions/(\w+)", json.dumps(known[name]))
    return {name: wanted[name] for name in known if name in wanted}


def _vega_lite_schema() -> dict[str, Any]:
    """The schema of Vega-Lite v5, read from the package altair without importing it (that takes a second)."""
    spec = find_spec("altair")
    path = Path(spec.origin).parent / _VEGA_LITE if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ComponentFlowsError(
            "The schema of Vega-Lite v5 can't be found; install the package altair in a version from 5.5 to below 6"
        )
    schema: dict[str, Any] = json.loads(path.read_bytes(), object_hook=_with_encoded_reference)
    return schema


def _with_encoded_reference(node: dict[str, Any]) -> dict[str, Any]:
    """Percent-encode a reference.

    Names such as ``MarkPropDef<number>`` stand bare in the references of this schema. They may not (RFC 6901,
    section 6), and jsonschema-rs refuses them.
    """
    reference = node.get("$ref")
    if isinstance(reference, str):
        node["$ref"] = quote(reference, safe="#/%")
    return node

"""The schemas of the JSON kinds as documents."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import jsonschema
import pytest

from interfaces.errors import DefinitionError
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKind, InterfaceKindChoices

JSON_KINDS = sorted(InterfaceKind.interface_type_json())


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_the_schema_is_itself_valid_draft_7(kind: InterfaceKindChoices) -> None:
    schema = kind_schema(kind)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_the_schema_refers_to_nothing_outside_itself(kind: InterfaceKindChoices) -> None:
    references: list[str] = []

    def note(node: dict[str, object]) -> None:
        if isinstance(reference := node.get("$ref"), str):
            references.append(reference)

    json.loads(json.dumps(kind_schema(kind)), object_hook=note)
    assert all(reference.startswith("#/definitions/") for reference in references)


@pytest.mark.parametrize("kind", sorted(set(JSON_KINDS) - {InterfaceKindChoices.CHART}))
def test_the_title_of_the_schema_is_the_label(kind: InterfaceKindChoices) -> None:
    assert kind_schema(kind)["title"] == kind.label


@pytest.mark.parametrize("kind", sorted(set(InterfaceKindChoices) - set(JSON_KINDS)))
def test_images_and_files_have_no_schema(kind: InterfaceKindChoices) -> None:
    with pytest.raises(DefinitionError, match="is not a JSON kind"):
        kind_schema(kind)


def test_every_schema_file_belongs_to_a_kind() -> None:
    names = {entry.name for entry in files("interfaces").joinpath("schemas").iterdir() if entry.name.endswith(".json")}
    own = {f"{kind.name.lower()}.json" for kind in JSON_KINDS if kind != InterfaceKindChoices.CHART}
    assert names == own | {"shapes.json", "examples.json"}


def test_the_schema_of_charts_is_the_real_one_of_vega_lite() -> None:
    schema = kind_schema(InterfaceKindChoices.CHART)
    assert len(schema["definitions"]) > 400
    assert {"TopLevelSpec", "TopLevelLayerSpec", "Mark"} <= set(schema["definitions"])


def test_altair_is_not_imported_for_its_schema() -> None:
    code = (
        "import sys; from interfaces.json_schemas import kind_schema; from interfaces.kinds import InterfaceKind;"
        "kind_schema(InterfaceKind.InterfaceKindChoices.CHART); assert 'altair' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_shared_shape_is_there_only_where_it_is_needed() -> None:
    assert set(kind_schema(InterfaceKindChoices.ANGLE)["definitions"]) == {
        "version",
        "name",
        "probability",
        "point",
        "line",
    }
    assert "definitions" not in kind_schema(InterfaceKindChoices.STRING)

"""The form of a component with one set of inputs and with several, and that of a graph."""

from __future__ import annotations

import pytest
from prefect.utilities.schema_tools import hydrate, validate
from records import a_component, an_interface

from interfaces.component import InterfaceSet
from interfaces.forms.parameters import component_parameters, graph_parameters
from interfaces.graph import Graph, Node, Source
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices as Kind

INTERFACES = {
    one.slug: one
    for one in (
        an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"),
        an_interface(title="Age", relative_path="age.json"),
        an_interface(title="Threshold", relative_path="threshold.json", default_value=7),
        an_interface(title="Box", kind=Kind.TWO_D_BOUNDING_BOX, relative_path="box.json"),
        an_interface(title="Lesions", relative_path="lesions.json"),
    )
}


def with_sets(*sets: tuple[str, ...]):
    return a_component(interfaces=tuple(InterfaceSet(inputs=one, outputs=("lesions",)) for one in sets))


def problems(parameters, schema) -> list[str]:
    return [error.message for error in validate(hydrate(parameters), schema)]


def test_what_is_in_each_set_is_required_unless_it_has_a_default():
    schema = component_parameters(with_sets(("scan", "threshold")), INTERFACES)
    inputs = schema["properties"]["inputs"]
    assert inputs["required"] == ["scan"]
    assert inputs["properties"]["threshold"]["default"] == 7
    assert schema["required"] == ["inputs"]
    assert problems({"component": "lesion-counter", "inputs": {"scan": "a.mha"}}, schema) == []
    assert problems({"inputs": {"threshold": 3}}, schema) == ["'scan' is a required property"]


def test_of_several_sets_what_not_all_have_is_optional_and_never_filled_in():
    schema = component_parameters(with_sets(("scan",), ("scan", "threshold", "box")), INTERFACES)
    inputs = schema["properties"]["inputs"]
    assert inputs["required"] == ["scan"]
    assert "default" not in inputs["properties"]["threshold"]
    assert inputs["properties"]["threshold"]["description"].endswith("Where a set needs it and nothing is given: 7.")
    assert inputs["description"] == "Fill in one of these sets: Scan; or Scan and Threshold and Box."
    # As the UI submits a form in which only the scan was filled in.
    untouched = {"scan": "a.mha", "box": {"corners": {"__prefect_kind": "json"}}, "threshold": None}
    assert problems({"inputs": untouched}, schema) == []


def test_a_component_without_inputs_has_an_empty_box():
    schema = component_parameters(with_sets(()), INTERFACES)
    assert problems({"inputs": {}}, schema) == []


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({}, "'inputs' is a required property"),
        ({"inputs": {"scan": "a", "sacn": "b"}}, "'sacn' was unexpected"),
        ({"inputs": {"scan": "a"}, "component": "another"}, "'lesion-counter' was expected"),
        ({"inputs": {"scan": "a"}, "time_limit": 0}, "0 is less than the minimum of 1"),
        ({"inputs": {"scan": "a"}, "memory_gb": "much"}, "'much' is not valid"),
        ({"inputs": {"scan": "a"}, "reuse": "yes"}, "'yes' is not of type 'boolean'"),
    ],
)
def test_prefect_refuses_what_is_wrong_before_anything_runs(parameters, problem):
    (found,) = problems(parameters, component_parameters(with_sets(("scan",)), INTERFACES))
    assert problem in found


def test_what_runs_is_no_field_and_the_others_come_in_order():
    schema = component_parameters(with_sets(("scan",)), INTERFACES)
    fields = sorted(schema["properties"], key=lambda name: schema["properties"][name]["position"])
    assert fields == ["inputs", "name", "time_limit", "memory_gb", "reuse", "refresh"]
    assert schema["properties"]["memory_gb"]["description"] == "GB (GiB), in place of 4."


def test_a_graph_asks_for_its_own_names_and_for_lists():
    judge = a_component(slug="judge", interfaces=(InterfaceSet(inputs=("scan", "threshold"), outputs=("lesions",)),))
    node = Node(
        component="judge",
        inputs={"scan": Source.from_text("scans"), "threshold": Source.from_text("cut")},
        scatter=("scan",),
    )
    graph = Graph(
        title="G",
        slug="g",
        inputs={"scans": "scan", "cut": "threshold"},
        nodes={"one": node},
        outputs={},
        lists=frozenset({"scans"}),
    )
    schema = graph_parameters(graph, Definitions(components={"judge": judge}, interfaces=INTERFACES))
    inputs = schema["properties"]["inputs"]
    assert (inputs["properties"]["scans"]["type"], inputs["properties"]["scans"]["title"]) == ("array", "scans: Scan")
    assert inputs["properties"]["cut"]["default"] == 7
    assert inputs["required"] == ["scans"]
    assert problems({"graph": "g", "inputs": {"scans": ["a.mha", "b.mha"]}}, schema) == []
    assert problems({"graph": "g", "inputs": {"scans": "a.mha"}}, schema)
    assert schema["properties"]["reuse"]["default"] is True

"""Definitions that are written and read back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from records import a_component, an_interface

from interfaces.catalogue.reading import read_catalogue
from interfaces.component import InterfaceSet, Method
from interfaces.crates.definitions import (
    component_document,
    component_yaml,
    graph_yaml,
    interface_document,
    interfaces_yaml,
    is_same,
)
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.graph import Graph, Node, Source
from interfaces.kinds import InterfaceKindChoices
from interfaces.overlays import LookUpTable, OverlaySegment

ID = "sha256:" + "ab" * 32
TEXTS = [
    "1e3",
    "no",
    "~",
    "null",
    "0o17",
    ".inf",
    "two\nlines: # yes",
    "- a",
    "ünï \N{GRINNING FACE}",
    "{a: b}",
    "'\"",
    "x" * 300,
]


@pytest.fixture
def read(tmp_path):
    def read(text: bytes, name: str):
        (tmp_path / name).write_bytes(text)
        return read_catalogue(tmp_path / name)

    return read


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_read_back_as_it_was(read, text):
    interface = an_interface(
        kind=InterfaceKindChoices("JSON"),
        description=text,
        schema={"enum": [text, {text: [text]}]},
        default_value=text,
    )
    (found,) = read(interfaces_yaml([interface]), "interfaces.yaml").interfaces
    assert found == interface


def test_interfaces_keep_all_that_can_be_said_of_them(read):
    table = LookUpTable(title="Hot", color="[0 0 0 0, 1 1 1 1]", alpha="[0 0, 1 1]", range_max=7)
    interfaces = [
        an_interface(example_value=ComponentInterfaceExampleValue(value=3), schema={"maximum": 5}, default_value=1),
        an_interface(title="A", kind="JSON", relative_path="a.json", store_in_database=False),
        an_interface(
            title="B",
            kind="SEG",
            relative_path="images/b",
            overlay_segments=(OverlaySegment(name="no", visible=True, voxel_value=1),),
            look_up_table=table,
        ),
    ]
    found = read(interfaces_yaml(interfaces), "interfaces.yaml").interfaces
    assert list(found) == interfaces
    assert all(is_same(interface_document(a), interface_document(b)) for a, b in zip(found, interfaces, strict=True))


def test_a_component_names_its_image_by_the_digest_and_no_place_of_this_machine(read, tmp_path):
    component = replace(
        a_component(),
        interfaces=(InterfaceSet(inputs=("scan",), outputs=("a", "b")), InterfaceSet(inputs=(), outputs=("a",))),
        description="1e3",
        method=Method.INVOKE,
        memory_gb=0.5,
    )
    (tmp_path / "model.tar.gz").write_bytes(b"")
    (found,) = read(component_yaml(component, image=ID, model="model.tar.gz"), "component.yaml").components
    assert found.image.reference == ID
    assert found.model == (tmp_path / "model.tar.gz").resolve()
    assert replace(found, image=component.image, model=None) == component


def test_a_graph_keeps_its_lists_options_and_graphs(read):
    graph = Graph(
        title="1e3 and more",
        slug="more",
        description="of\nit",
        inputs={"scans": "scan", "n": "lesions"},
        lists=frozenset({"scans"}),
        nodes={
            "no": Node(component="a", inputs={"scan": Source(node=None, name="scans")}, scatter=("scan",)),
            "1": Node(graph="b", inputs={"x": Source(node="no", name="mask")}, optional=True),
        },
        outputs={"y": Source(node="1", name="out")},
    )
    assert read(graph_yaml(graph), "graph.yaml").graphs == (graph,)


def test_true_and_one_are_not_the_same():
    assert not is_same({"a": 1}, {"a": True})
    assert is_same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_a_component_with_a_whole_number_of_gb_is_the_same_as_one_of_a_job():
    whole, of_a_job = (component_document(replace(a_component(), memory_gb=size)) for size in (1, 1.0))
    assert is_same(whole, of_a_job)

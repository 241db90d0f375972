from __future__ import annotations

import pytest
from records import a_component, an_interface

from interfaces.algorithm_fit import find_route
from interfaces.component import InterfaceSet
from interfaces.errors import ValidationError
from interfaces.graph import Graph, Node, Source
from interfaces.graph_ports import Definitions

SCAN = InterfaceSet(inputs=("scan",), outputs=("mask",))
BOTH = InterfaceSet(inputs=("scan", "prior"), outputs=("mask", "report"))
SEGMENTER = a_component(
    slug="segmenter", interfaces=(SCAN, InterfaceSet(inputs=("prior", "scan"), outputs=("report", "mask", "log")))
)
SLUGS = ("scan", "prior", "mask", "report", "log")
KNOWN = Definitions(
    components={"segmenter": SEGMENTER},
    interfaces={slug: an_interface(title=slug, relative_path=slug) for slug in SLUGS},
)


def a_graph(inputs: dict[str, str], outputs: dict[str, str], **nodes: Node) -> Graph:
    segment = Node(component="segmenter", inputs={"scan": Source(node=None, name="image")})
    sources = {name: Source.from_text(text) for name, text in outputs.items()}
    return Graph(title="G", slug="g", inputs=inputs, nodes={"segment": segment, **nodes}, outputs=sources)


def test_a_component_answers_by_its_own_slugs_whatever_their_order_and_may_give_more():
    route = find_route(SEGMENTER, BOTH, KNOWN)
    assert route.inputs == {"scan": "scan", "prior": "prior"}
    assert route.outputs == {"mask": "mask", "report": "report"}
    assert find_route(SEGMENTER, SCAN, KNOWN).outputs == {"mask": "mask"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (InterfaceSet(inputs=("prior",), outputs=("mask",)), r"takes \(scan\) or \(prior, scan\), and not \(prior\)"),
        (InterfaceSet(inputs=("scan",), outputs=("mask", "report")), r"does not give \(report\) for \(scan\)"),
    ],
)
def test_a_component_that_lacks_something_is_told_what(asked, message):
    with pytest.raises(ValidationError, match=message):
        find_route(SEGMENTER, asked, KNOWN)


def test_a_graph_is_asked_by_its_own_names():
    graph = a_graph({"image": "scan"}, {"found": "segment.mask"})
    route = find_route(graph, SCAN, KNOWN)
    assert (route.inputs, route.outputs) == ({"scan": "image"}, {"mask": "found"})


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (a_graph({"image": "prior"}, {"found": "segment.mask"}), "needs exactly one input of 'scan', but has none"),
        (
            a_graph({"image": "scan", "other": "scan"}, {"found": "segment.mask"}),
            "needs exactly one input of 'scan', but has image, other",
        ),
        (
            a_graph(
                {"image": "scan", "before": "prior"},
                {"found": "segment.mask"},
                again=Node(component="segmenter", inputs={"prior": Source(node=None, name="before")}),
            ),
            r"needs 'before' besides \(scan\)",
        ),
        (a_graph({"image": "scan"}, {"found": "image"}), r"'g' does not give \(mask\) for \(scan\)"),
        (
            a_graph({"image": "scan"}, {"found": "segment.mask", "again": "segment.mask"}),
            "has 2 outputs of 'mask', but needs one",
        ),
    ],
)
def test_a_graph_that_does_not_fit_is_told_why(graph, message):
    with pytest.raises(ValidationError, match=message):
        find_route(graph, SCAN, KNOWN)

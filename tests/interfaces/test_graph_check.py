from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_component

from interfaces.component import Component, InterfaceSet
from interfaces.definition import ComponentInterface
from interfaces.edges import interfaces_compatible
from interfaces.graph import Graph, Node, Source
from interfaces.graph_check import check_graph, find_problems
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.overlays import OverlaySegment


def an_interface(slug: str, kind: Kind, path: str = "", **fields: Any) -> ComponentInterface:
    return ComponentInterface(title=slug, kind=kind, relative_path=path or f"{slug}.json", **fields)


INTERFACES = {
    one.slug: one
    for one in (
        an_interface("mri", Kind.IMAGE, "images/mri"),
        an_interface(
            "tissues",
            Kind.SEGMENTATION,
            "images/tissues",
            overlay_segments=(OverlaySegment(name="CSF", visible=True, voxel_value=1),),
        ),
        an_interface("volumes", Kind.ANY, schema={"type": "object", "required": ["ml"]}),
        an_interface("masses", Kind.ANY, schema={"type": "object", "required": ["mg"]}),
        an_interface("report", Kind.ANY),
        an_interface("age", Kind.INTEGER),
        an_interface("threshold", Kind.FLOAT, default_value=0.5),
    )
}


def component(slug: str, *sets: tuple[str, str]) -> Component:
    """A component with sets such as ``("mri age", "tissues")``."""
    interfaces = tuple(InterfaceSet(inputs=tuple(one.split()), outputs=tuple(other.split())) for one, other in sets)
    return a_component(title=slug, slug=slug, interfaces=interfaces)


COMPONENTS = {
    one.slug: one
    for one in (
        component("segmenter", ("mri", "tissues"), ("mri age", "tissues report"), ("mri threshold age", "report")),
        component("measurer", ("tissues", "volumes")),
        component("weigher", ("masses threshold", "report")),
        component("generator", ("", "mri")),
    )
}

KNOWN = Definitions(components=COMPONENTS, interfaces=INTERFACES)


def graph(nodes: dict[str, tuple[str, dict[str, str]]], inputs: dict[str, str], outputs: dict[str, str]) -> Graph:
    def sources(texts: dict[str, str]) -> dict[str, Source]:
        return {name: Source.from_text(text) for name, text in texts.items()}

    return Graph(
        title="Graph",
        slug="graph",
        inputs=inputs,
        nodes={name: Node(component=one, inputs=sources(texts)) for name, (one, texts) in nodes.items()},
        outputs=sources(outputs),
    )


SEGMENT = ("segmenter", {"mri": "scan"})
MEASURE = ("measurer", {"tissues": "segment.tissues"})
SCAN = {"scan": "mri"}


def a_graph(inputs: dict[str, str] = SCAN, outputs: dict[str, str] | None = None, **nodes: Any) -> Graph:
    """The sound graph with some nodes changed, added, or (None) left out."""
    all_nodes = {"segment": SEGMENT, "measure": MEASURE, **nodes}
    chosen = {name: node for name, node in all_nodes.items() if node}
    return graph(chosen, inputs, {"volumes": "measure.volumes"} if outputs is None else outputs)


def check(one: Graph, **changes: Any) -> tuple[str, ...]:
    return check_graph(one, Definitions(**{"components": COMPONENTS, "interfaces": INTERFACES, **changes}))


@pytest.mark.parametrize(
    "sound",
    [
        a_graph(),
        a_graph(outputs={}),
        a_graph(outputs={"volumes": "measure.volumes", "scan": "scan"}),
        a_graph(inputs={**SCAN, "years": "age"}, segment=("segmenter", {"mri": "scan", "age": "years"})),
        a_graph(other=("segmenter", {"mri": "scan"})),
        a_graph(inputs={}, make=("generator", {}), segment=("segmenter", {"mri": "make.mri"})),
        # A segmentation is an image.
        a_graph(again=("segmenter", {"mri": "segment.tissues"})),
    ],
)
def test_a_sound_graph_has_no_problems(sound):
    assert check(sound) == ()


@pytest.mark.parametrize(
    ("wrong", "problem", "key"),
    [
        (
            a_graph(measure=("mesurer", {"tissues": "segment.tissues"})),
            "the node 'measure' names the unknown component 'mesurer'; did you mean 'measurer'?",
            "nodes measure component",
        ),
        (
            a_graph(measure=("wholly-other", {"tissues": "segment.tissues"})),
            "the node 'measure' names the unknown component 'wholly-other'",
            "nodes measure component",
        ),
        (
            a_graph(measure=("measurer", {"tissues": "segmnt.tissues"})),
            "the input 'tissues' of the node 'measure' names the unknown node 'segmnt'; did you mean 'segment'?",
            "nodes measure inputs tissues",
        ),
        (
            a_graph(segment=("segmenter", {"mri": "scam"}), outputs={"volumes": "measure.volumes", "scan": "scan"}),
            "the input 'mri' of the node 'segment' names the unknown graph input 'scam'; did you mean 'scan'?",
            "nodes segment inputs mri",
        ),
        (
            a_graph(measure=("measurer", {"tissues": "segment"})),
            "the input 'tissues' of the node 'measure' names the node 'segment' as a whole; write 'segment.report'",
            "nodes measure inputs tissues",
        ),
        (
            a_graph(inputs={"scan": "mir"}),
            "the input 'scan' names the unknown interface 'mir'; did you mean 'mri'?",
            "inputs scan",
        ),
        (
            a_graph(measure=("measurer", {"tisues": "segment.tissues"})),
            "the node 'measure' has the input 'tisues', which 'measurer' does not take; did you mean 'tissues'?",
            "nodes measure inputs tisues",
        ),
        (
            a_graph(measure=("measurer", {"tissues": "segment.tissues", "mri": "scan"})),
            "the node 'measure' has the input 'mri', which 'measurer' does not take; it takes 'tissues'",
            "nodes measure inputs mri",
        ),
        (
            a_graph(measure=("measurer", {"tissues": "segment.tisues"})),
            "the input 'tissues' of the node 'measure' names 'tisues', which the node 'segment' does not put out; "
            "did you mean 'tissues'?",
            "nodes measure inputs tissues",
        ),
        (
            a_graph(outputs={"volumes": "measure.volumes", "report": "segment.report"}),
            "the output 'report' names 'report', which the node 'segment' does not put out with these inputs; "
            "it puts out 'tissues'",
            "outputs report",
        ),
        (
            a_graph(outputs={"volumes": "measure.nothing"}),
            "the output 'volumes' names 'nothing', which the node 'measure' does not put out; it puts out 'volumes'",
            "outputs volumes",
        ),
        (
            a_graph(outputs={"volumes": "mesure.volumes"}),
            "the output 'volumes' names the unknown node 'mesure'; did you mean 'measure'?",
            "outputs volumes",
        ),
        (
            a_graph(outputs={"volumes": "volumes"}),
            "the output 'volumes' names the unknown graph input 'volumes'",
            "outputs volumes",
        ),
        (
            a_graph(measure=("measurer", {})),
            "the node 'measure' lacks the input 'tissues' of 'measurer'",
            "nodes measure",
        ),
        (
            a_graph(segment=("segmenter", {}), outputs={"volumes": "measure.volumes", "scan": "scan"}),
            "the node 'segment' lacks the input 'mri' of 'segmenter'",
            "nodes segment",
        ),
        (
            a_graph(weigh=("weigher", {})),
            "the node 'weigh' lacks the input 'masses' of 'weigher'",
            "nodes weigh",
        ),
        (
            a_graph(measure=("measurer", {"tissues": "scan"})),
            "the input 'tissues' of the node 'measure' can't take scan: "
            "'mri' is of the kind Image, but 'tissues' takes Segmentation",
            "nodes measure inputs tissues",
        ),
        (
            a_graph(weigh=("weigher", {"masses": "measure.volumes"})),
            "the input 'masses' of the node 'weigh' can't take measure.volumes: "
            "a value of 'volumes' need not satisfy the schema of 'masses': it may lack the key 'mg'",
            "nodes weigh inputs masses",
        ),
        (
            a_graph(again=("segmenter", {"mri": "again.tissues"})),
            "the node 'again' needs its own output",
            "nodes again",
        ),
        (
            a_graph(
                a=("segmenter", {"mri": "c.tissues"}),
                b=("segmenter", {"mri": "a.tissues"}),
                c=("segmenter", {"mri": "b.tissues"}),
            ),
            "the nodes a -> b -> c -> a need each other in a circle, so that none can be the first",
            "nodes a",
        ),
        (a_graph(inputs={**SCAN, "years": "age"}), "the input 'years' is not used by any node", "inputs years"),
        (graph({}, {}, {}), "the graph has no nodes", "nodes"),
    ],
)
def test_one_mistake_is_one_problem_with_its_key(wrong, problem, key):
    assert check(wrong) == (problem,)
    assert [one.key for one in find_problems(wrong, KNOWN)] == [tuple(key.split())]


def test_inputs_that_come_from_several_sets_are_named_with_the_sets():
    sets = component("either", ("mri age", "report"), ("mri volumes", "report"))
    node = ("either", {"mri": "scan", "volumes": "measure.volumes", "age": "years"})
    found = check(a_graph(inputs={**SCAN, "years": "age"}, last=node), components={**COMPONENTS, "either": sets})
    assert found == (
        "the node 'last' has the inputs 'age', 'mri', 'volumes', but 'either' takes (mri, age) or (mri, volumes)",
    )


def test_a_default_completes_a_set():
    masses = component("mass-maker", ("mri", "masses"))
    nodes = {"make": ("mass-maker", {"mri": "scan"}), "weigh": ("weigher", {"masses": "make.masses"})}
    assert check(a_graph(**nodes), components={**COMPONENTS, "mass-maker": masses}) == ()


def test_a_component_whose_interface_is_not_known_is_named():
    interfaces = {slug: one for slug, one in INTERFACES.items() if slug != "volumes"}
    assert check(a_graph(), interfaces=interfaces) == (
        "the node 'measure': its component 'measurer' uses the unknown interface 'volumes'",
    )


def test_every_cycle_is_named():
    found = check(
        a_graph(
            a=("segmenter", {"mri": "b.tissues"}),
            b=("segmenter", {"mri": "a.tissues"}),
            x=("segmenter", {"mri": "y.tissues"}),
            y=("segmenter", {"mri": "x.tissues"}),
        )
    )
    assert [one.split(" need ")[0] for one in found] == ["the nodes a -> b -> a", "the nodes x -> y -> x"]


def test_all_problems_are_found_at_once():
    wrong = graph(
        {
            "segment": ("segmentr", {"mri": "scan"}),
            "measure": ("measurer", {"tissues": "nowhere.tissues", "mri": "scan"}),
            "weigh": ("weigher", {"masses": "age"}),
            "loop": ("segmenter", {"mri": "loop.tissues"}),
        },
        {"scan": "mri", "age": "age", "unused": "unknown"},
        {"volumes": "measure.volume", "other": "gone.report"},
    )
    found = check(wrong)
    for part in (
        *("unknown component 'segmentr'", "unknown node 'nowhere'", "which 'measurer' does not take"),
        *("can't take age", "needs its own output", "unknown interface 'unknown'", "'unused' is not used"),
        *("names 'volume', which the node 'measure' does not put out; did you mean", "unknown node 'gone'"),
    ):
        assert sum(part in one for one in found) == 1, part
    assert len(found) == 9


NAMES = st.sampled_from(["a", "b", "c", "scan"])
SLUGS = st.sampled_from([*INTERFACES, "unknown"])


@given(
    nodes=st.dictionaries(
        NAMES,
        st.tuples(
            st.sampled_from([*COMPONENTS, "unknown"]),
            st.dictionaries(SLUGS, NAMES | st.tuples(NAMES, SLUGS).map(".".join), max_size=3),
        ),
        max_size=4,
    ),
    inputs=st.dictionaries(NAMES, SLUGS, max_size=2),
    outputs=st.dictionaries(NAMES, NAMES | st.tuples(NAMES, SLUGS).map(".".join), max_size=2),
)
def test_a_graph_without_problems_can_be_walked_from_end_to_end(nodes, inputs, outputs):
    one = graph(nodes, inputs, outputs)
    if check(one):
        return
    made: dict[str, set[str]] = {}
    defaults = [slug for slug, interface in INTERFACES.items() if interface.default_value is not None]
    for name in one.order():
        node = one.nodes[name]
        for source in node.inputs.values():
            assert source.name in (made[source.node] if source.node else one.inputs)
        picked = COMPONENTS[node.component].pick_set(node.inputs, with_default=defaults)
        made[name] = set(picked.outputs)
    assert set(made) == set(one.nodes)
    for source in one.outputs.values():
        assert source.name in (made[source.node] if source.node else one.inputs)


@pytest.mark.parametrize(
    ("output", "wanted"), [("mri", "tissues"), ("volumes", "masses"), ("report", "age"), ("tissues", "mri")]
)
def test_an_edge_is_let_through_just_where_the_interfaces_are_compatible(output, wanted):
    parts = {one.slug: one for one in (component("maker", ("", output)), component("taker", (wanted, "report")))}
    one = graph({"a": ("maker", {}), "b": ("taker", {wanted: f"a.{output}"})}, {}, {"r": "b.report"})
    why = interfaces_compatible(INTERFACES[output], INTERFACES[wanted])
    expected = (f"the input '{wanted}' of the node 'b' can't take a.{output}: {why}",) if why else ()
    assert check(one, components=parts) == expected

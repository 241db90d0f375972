from __future__ import annotations

import pytest

from interfaces.graph import Node, Source

WHOLE = """\
graph:
  title: Brain volumetry
  slug: volumetry
  description: Volumes of tissues
  inputs: {mri: t1-brain-mri}
  nodes:
    segment: {component: tissue-segmentation, inputs: {t1-brain-mri: mri}}
    measure:
      component: tissue-volumes
      inputs:
        brain-tissues: segment.brain-tissues
  outputs: {volumes: measure.tissue-volumes, again: mri}
"""


def a_graph(**changes: str) -> str:
    """A definition whose line 3 is the inputs, 4 the nodes, 5 the outputs, and then one line a change."""
    fields = {
        "title": "Volumetry",
        "inputs": "{mri: t1-brain-mri}",
        "nodes": "{segment: {component: segmenter, inputs: {t1-brain-mri: mri}}}",
        "outputs": "{tissues: segment.tissues}",
        **changes,
    }
    return "graph:\n" + "".join(f"  {key}: {value}\n" for key, value in fields.items() if value != "-")


def test_every_key_is_read(read):
    (graph,) = read(WHOLE).graphs
    assert (graph.title, graph.slug, graph.description) == ("Brain volumetry", "volumetry", "Volumes of tissues")
    assert graph.inputs == {"mri": "t1-brain-mri"}
    assert graph.nodes == {
        "segment": Node(component="tissue-segmentation", inputs={"t1-brain-mri": Source(node=None, name="mri")}),
        "measure": Node(
            component="tissue-volumes", inputs={"brain-tissues": Source(node="segment", name="brain-tissues")}
        ),
    }
    assert graph.outputs == {
        "volumes": Source(node="measure", name="tissue-volumes"),
        "again": Source(node=None, name="mri"),
    }


def test_lists_graphs_within_graphs_and_what_is_optional_are_read(read):
    text = a_graph(
        inputs="{scans: [t1-brain-mri], one: t1-brain-mri}",
        nodes="{a: {component: b, inputs: {x: scans, y: one}, scatter: x},"
        " c: {graph: d, inputs: {n: a.m}, optional: true}, e: {component: f, inputs: {g: a.m}, scatter: [g, h]}}",
    )
    (graph,) = read(text).graphs
    assert graph.inputs == {"scans": "t1-brain-mri", "one": "t1-brain-mri"}
    assert graph.lists == {"scans"}
    assert {name: (node.component, node.graph, node.optional, node.scatter) for name, node in graph.nodes.items()} == {
        "a": ("b", "", False, ("x",)),
        "c": ("", "d", True, ()),
        "e": ("f", "", False, ("g", "h")),
    }


@pytest.mark.parametrize("inputs", ["-", "", "{}"])
def test_a_graph_may_have_no_inputs(read, inputs):
    (graph,) = read(a_graph(inputs=inputs, nodes="{make: {component: maker}}")).graphs
    assert graph.inputs == {}
    assert graph.nodes["make"].inputs == {}


def test_a_graph_without_outputs_says_so(read, problems):
    assert read(a_graph(outputs="{}")).graphs[0].outputs == {}
    assert problems(a_graph(outputs="-")) == [(1, "graph", "lacks the key 'outputs'")]


@pytest.mark.parametrize(
    ("changes", "line", "key", "message"),
    [
        ({"title": "-"}, 1, "", "lacks the key 'title'"),
        ({"nodes": "-"}, 1, "", "lacks the key 'nodes'"),
        ({"slug": "A b"}, 6, "slug", "such as 'a-b'"),
        ({"ouputs": "{}"}, 6, "ouputs", "is not a known key; did you mean 'outputs'?"),
        ({"inputs": "[mri]"}, 3, "inputs", "must be a mapping of keys to values, not a list"),
        ({"inputs": "{mri: }"}, 3, "inputs.mri", "must be text, not nothing"),
        ({"inputs": "{mri: {a: b}}"}, 3, "inputs.mri", "must be text, not a mapping of keys to values"),
        ({"inputs": "{m.r.i: a}"}, 3, "inputs.m.r.i", "the name 'm.r.i' may hold only letters, digits, - and _"),
        ({"nodes": ""}, 4, "nodes", "must be a mapping of keys to values, not nothing"),
        ({"nodes": "{}"}, 4, "nodes", "needs at least one node"),
        ({"nodes": "[a]"}, 4, "nodes", "must be a mapping"),
        ({"nodes": "{segment: segmenter}"}, 4, "nodes.segment", "must be a mapping"),
        ({"nodes": "{segment: {inputs: {a: b}}}"}, 4, "nodes.segment", "lacks the key 'component'"),
        ({"nodes": "{segment: {component: }}"}, 4, "nodes.segment.component", "must be text, not nothing"),
        ({"nodes": "{segment: {componnet: a}}"}, 4, "nodes.segment.componnet", "did you mean 'component'?"),
        ({"nodes": "{seg.ment: {component: a}}"}, 4, "nodes.seg.ment", "may hold only letters"),
        ({"nodes": "{../x: {component: a}}"}, 4, "nodes.../x", "may hold only letters"),
        ({"nodes": f"{{{'n' * 64}: {{component: a}}}}"}, 4, f"nodes.{'n' * 64}", "at most 63"),
        ({"nodes": "{a: {component: b, inputs: [c]}}"}, 4, "nodes.a.inputs", "must be a mapping"),
        ({"nodes": "{a: {component: b, inputs: {c: }}}"}, 4, "nodes.a.inputs.c", "must be text, not nothing"),
        ({"nodes": "{a: {component: b, inputs: {c: d.}}}"}, 4, "nodes.a.inputs.c", "'d.' names no value"),
        ({"nodes": "{a: {component: b, inputs: {c: d.e.f}}}"}, 4, "nodes.a.inputs.c", "'d.e.f' names no value"),
        ({"nodes": "{a: {component: b, inputs: {c: '.d'}}}"}, 4, "nodes.a.inputs.c", "write the name of an input"),
        ({"inputs": "{mri: [a, b]}"}, 3, "inputs.mri", "must be one interface slug, or [SLUG] for a list"),
        ({"inputs": "{mri: [1]}"}, 3, "inputs.mri[0]", "must be text, not '1'"),
        ({"nodes": "{a: {component: b, graph: c}}"}, 4, "nodes.a.component", "stands beside 'graph'"),
        ({"nodes": "{a: {graph: }}"}, 4, "nodes.a.graph", "must be text, not nothing"),
        ({"nodes": "{a: {component: b, optional: 1}}"}, 4, "nodes.a.optional", "must be true or false"),
        ({"nodes": "{a: {component: b, scatter: []}}"}, 4, "nodes.a.scatter", "needs the name of an input"),
        ({"nodes": "{a: {component: b, scatter: {c: d}}}"}, 4, "nodes.a.scatter", "must be text, not a mapping"),
        ({"outputs": "{x: 1.5}"}, 5, "outputs.x", "must be text, not '1.5'; quote it"),
        ({"outputs": "{a b: segment.tissues}"}, 5, "outputs.a b", "the name 'a b' may hold only"),
    ],
)
def test_one_mistake_is_one_error_at_its_line_and_key(problems, changes, line, key, message):
    ((found_line, found_key, found),) = problems(a_graph(**changes))
    assert message in found
    assert (found_line, found_key) == (line, f"graph.{key}".rstrip("."))


def test_all_mistakes_are_found_at_once(problems):
    text = a_graph(title="1", inputs="{a.b: c}", nodes="{x: {}, y: {component: b, z: 1}}", outputs="{o: '*'}", foo="1")
    assert {key for _, key, _ in problems(text)} == {
        *("graph.foo", "graph.title", "graph.inputs.a.b", "graph.nodes.x", "graph.nodes.y.z", "graph.outputs.o"),
    }


def test_a_slug_of_an_output_may_be_long(read):
    slug = "s" * 200
    (graph,) = read(a_graph(outputs=f"{{x: segment.{slug}}}")).graphs
    assert graph.outputs["x"] == Source(node="segment", name=slug)

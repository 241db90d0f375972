"""What a deployment is called, says and needs, and where its runs therefore go."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from records import a_component, a_stored_image, an_interface

from interfaces.component import InterfaceSet
from interfaces.deployments import Place, component_spec, graph_spec, place_of
from interfaces.graph import Graph, Node
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.settings_deploy import DeploySettings, PoolRule

INTERFACES = {
    one.slug: one
    for one in (
        an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"),
        an_interface(title="Lesions [n]", slug="lesions", relative_path="lesions.json"),
    )
}
SITE = {"pool": None, "site_id": "ab12", "where": "below /data"}
RULES = DeploySettings(
    pools=(
        PoolRule(gpu_type="A100", min_memory_gb=64, pool="big-gpus"),
        PoolRule(gpu_type="A100", pool="gpus", queue="a100"),
        PoolRule(min_memory_gb=32, queue="large"),
    )
)


def spec(component, settings=None, **changes):
    known = Definitions(components={component.slug: component}, interfaces=INTERFACES)
    return component_spec(component, known, image=None, settings=settings or DeploySettings(), **{**SITE, **changes})


def a_graph(*components: str, graphs: tuple[str, ...] = (), slug: str = "g") -> Graph:
    nodes = {name: Node(component=name, inputs={}) for name in components}
    nodes |= {f"inner-{name}": Node(graph=name, inputs={}) for name in graphs}
    return Graph(title=slug, slug=slug, inputs={}, nodes=nodes, outputs={})


def test_it_says_what_goes_in_and_out_and_its_limits_and_obeys_no_markup():
    found = spec(a_component(title="Counts *all*", description="See <b>here</b>", gpu_type="A100"))
    assert found.description.split("\n\n") == [
        "**Counts \\*all\\***",
        "See &lt;b&gt;here&lt;\\/b&gt;",
        "- Scan → Lesions \\[n\\]\n- 3600 s, 4 GB, A100",
    ]
    assert found.tags == ("component", "component-flows", "site:ab12")
    assert found.parameters == {"component": "lesion-counter"}


def test_its_version_is_that_of_the_image(site):
    image = a_stored_image(site, a_component(), "sha256:" + "0123456789abcdef" * 4)
    known = Definitions(components={}, interfaces=INTERFACES)
    found = component_spec(a_component(), known, image=image, settings=DeploySettings(), **SITE)
    assert found.version == "0123456789ab"


def test_the_version_of_a_graph_changes_with_what_is_written_and_not_else():
    known = Definitions(components={}, interfaces=INTERFACES)

    def version(graph: Graph) -> str:
        return graph_spec(graph, known, settings=DeploySettings(), **SITE).version

    assert version(a_graph("a")) == version(a_graph("a"))
    assert version(a_graph("a")) != version(a_graph("a", "b"))


@pytest.mark.parametrize(
    ("gpu_type", "memory_gb", "place"),
    [
        ("", 4, Place(pool="component-flows")),
        ("", 32, Place(pool="component-flows", queue="large")),
        ("A100", 4, Place(pool="gpus", queue="a100")),
        ("A100", 64, Place(pool="big-gpus")),
        ("T4", 64, Place(pool="component-flows", queue="large")),
    ],
)
def test_runs_go_where_the_first_rule_that_fits_says(gpu_type, memory_gb, place):
    assert place_of([a_component(gpu_type=gpu_type, memory_gb=memory_gb)], RULES) == place


def test_a_pool_that_was_asked_for_wins_and_the_queue_stays():
    assert place_of([a_component(gpu_type="A100")], RULES, "mine") == Place(pool="mine", queue="a100")


def test_a_graph_needs_what_all_its_components_need_also_those_within_graphs():
    small, large, fast = (
        a_component(slug="small", memory_gb=1),
        a_component(slug="large", memory_gb=64),
        a_component(slug="fast", gpu_type="A100", memory_gb=1),
    )
    components = {one.slug: one for one in (small, large, fast)}
    # Graphs may hold each other by mistake.
    inner = a_graph("fast", graphs=("outer",), slug="inner")
    outer = a_graph("small", "large", graphs=("inner",), slug="outer")
    known = Definitions(components=components, interfaces=INTERFACES, graphs={"inner": inner, "outer": outer})
    assert graph_spec(outer, known, settings=RULES, **SITE).place == Place(pool="big-gpus")
    alone = a_graph("small", "large", slug="alone")
    assert graph_spec(alone, known, settings=RULES, **SITE).place == Place(pool="component-flows", queue="large")


@pytest.mark.parametrize(
    ("rule", "words"), [({"pool": "a"}, "gpu_type or min_memory_gb"), ({"gpu_type": "T4"}, "pool or queue")]
)
def test_a_rule_that_says_nothing_is_refused(rule, words):
    with pytest.raises(ValidationError, match=words):
        PoolRule(**rule)


def test_a_form_says_where_files_may_lie():
    found = spec(a_component(interfaces=(InterfaceSet(inputs=("scan",), outputs=()),)))
    assert "below /data" in found.schema["properties"]["inputs"]["properties"]["scan"]["description"]

from __future__ import annotations

from pathlib import Path

import pytest
from records import SHA256, a_component, a_stored_image

from interfaces.component import ImageSource, InterfaceSet, Method
from interfaces.database.component_records import (
    desired_image,
    desired_tarball,
    find_components,
    save_component,
    save_tarball,
)
from interfaces.database.graph_records import find_graphs, save_graph
from interfaces.errors import UnknownName
from interfaces.graph import Graph, Node, Source
from interfaces.tarballs import TarballKind

GRAPH = Graph(
    title="Chain",
    slug="chain",
    inputs={"mri": "scan", "others": "scan"},
    lists=frozenset({"others"}),
    nodes={
        "one": Node(component="lesion-counter", inputs={"scan": Source(node=None, name="mri")}, optional=True),
        "each": Node(component="lesion-counter", inputs={"scan": Source(node=None, name="others")}, scatter=("scan",)),
        "more": Node(graph="other", inputs={}),
    },
    outputs={"count": Source(node="one", name="lesions")},
)


@pytest.mark.parametrize(
    "component",
    [
        a_component(),
        a_component(image=ImageSource(build=Path("/somewhere")), model=Path("/model.tar.gz"), method=Method.INVOKE),
        a_component(interfaces=(InterfaceSet(inputs=("a", "b"), outputs=()), InterfaceSet(inputs=(), outputs=("c",)))),
    ],
)
def test_a_component_is_read_as_it_was_saved(site, component):
    with site.database.session() as session:
        assert save_component(session, component)
    with site.database.session() as session:
        assert find_components(session, [component.slug]) == {component.slug: component}
        assert not save_component(session, component)


def test_a_graph_is_read_as_it_was_saved(site):
    with site.database.session() as session:
        assert save_graph(session, GRAPH)
    with site.database.session() as session:
        assert find_graphs(session, ["chain"]) == {"chain": GRAPH}
        assert not save_graph(session, GRAPH)


@pytest.mark.parametrize("find", [find_components, find_graphs])
def test_an_unknown_name_is_refused(site, find):
    with site.database.session() as session, pytest.raises(UnknownName, match="'nothing' is registered"):
        find(session, ["nothing"])


def test_the_image_that_was_saved_last_is_the_one_desired_version(site):
    first = a_stored_image(site, a_component())
    second = a_stored_image(site, a_component(), "sha256:" + "b" * 64)
    with site.database.session() as session:
        assert desired_image(session, "lesion-counter") == second
    again = a_stored_image(site, a_component(), SHA256)
    assert again.pk == first.pk
    with site.database.session() as session:
        assert desired_image(session, "lesion-counter").sha256 == SHA256


def test_a_component_without_a_model_has_no_desired_tarball(site):
    a_stored_image(site, a_component())
    with site.database.session() as session:
        first = save_tarball(session, owner="lesion-counter", kind=TarballKind.MODEL, sha256="1" * 64, size=5)
        assert desired_tarball(session, owner="lesion-counter", kind=TarballKind.MODEL) == first
        assert save_tarball(session, owner="lesion-counter", kind=TarballKind.MODEL, sha256=None, size=0) is None
        assert desired_tarball(session, owner="lesion-counter", kind=TarballKind.MODEL) is None

from __future__ import annotations

import pytest
from records import a_component

from interfaces.component import InterfaceSet
from interfaces.component_images import (
    check_image,
    check_image_size,
    is_evaluation_method,
    registry_repository,
    registry_tag,
    repo_tag,
    runs_as_root,
)
from interfaces.errors import ImageImportFailed


@pytest.mark.parametrize("user", ["", "root", "0", "0:1000", "root:users", "00", " root", "+0", "-0:5"])
def test_root_is_told_in_every_spelling(user):
    assert runs_as_root(user)


@pytest.mark.parametrize("user", ["1000", "1000:0", "user", "user:root", "rooty"])
def test_another_user_is_not_root(user):
    assert not runs_as_root(user)


def test_an_image_that_runs_as_root_is_refused_with_advice():
    with pytest.raises(ImageImportFailed, match="runs as root; end its Dockerfile with a USER"):
        check_image(reference="x", user="", architecture="amd64")


def test_an_image_for_another_architecture_is_refused_with_advice():
    with pytest.raises(ImageImportFailed, match="arm64, but linux/amd64 is needed"):
        check_image(reference="x", user="1000", architecture="arm64")


def test_the_tag_names_the_component_and_the_version():
    assert repo_tag("counter", "sha256:" + "ab" * 32) == "component-flows/counter:" + "ab" * 8


def test_an_image_for_another_system_is_refused():
    with pytest.raises(ImageImportFailed, match="is for windows, but linux/amd64 is needed"):
        check_image(reference="x", user="1000", architecture="amd64", os="windows")


def test_an_image_that_is_too_large_is_refused_with_the_setting():
    check_image_size(reference="x", size_bytes=2**30, max_bytes=2**30)
    with pytest.raises(ImageImportFailed, match=r"x has 1\.5 GB, more than 1 GB \(setting limits\.image_bytes\)"):
        check_image_size(reference="x", size_bytes=3 * 2**29, max_bytes=2**30)


def test_in_a_registry_each_component_has_a_repository_and_each_version_a_tag():
    assert registry_repository("localhost:5000/site", "counter") == "localhost:5000/site/counter"
    assert registry_tag("sha256:" + "ab" * 32) == "ab" * 8


def test_an_evaluation_method_is_told_from_what_it_reads_and_writes():
    evaluation = InterfaceSet(inputs=("predictions-json-file", "ground"), outputs=("metrics-json-file",))
    other = InterfaceSet(inputs=("predictions-json-file",), outputs=("other",))
    assert is_evaluation_method(a_component(interfaces=(other, evaluation)))
    assert not is_evaluation_method(a_component(interfaces=(other,)))
    assert not is_evaluation_method(a_component())

from __future__ import annotations

import pytest

from interfaces.component_images import check_image, repo_tag, runs_as_root
from interfaces.errors import ImageImportFailed


@pytest.mark.parametrize("user", ["", "root", "0", "0:1000", "root:users", "00", " root"])
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

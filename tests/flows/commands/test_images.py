"""``images``, as a person and a script use it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner
from image_archives import SavedImage, entry, tar
from records import a_component, a_stored_image

import interfaces.engine
from flows.cli import commands
from flows.commands.images import COLUMNS
from interfaces.component import ImageSource
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, ImageImportFailed, UnknownName
from tasks.import_image import import_image

pytestmark = pytest.mark.engine


@pytest.fixture
def add(site, component):
    made = []

    def add():
        saved = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
        get_engine().load([tar(saved.old_layout())], name="an archive")
        made.append(a_stored_image(site, component, saved.id))
        get_engine().tag(saved.id, made[-1].original_repo_tag)
        return made[-1]

    yield add
    for image in made:
        get_engine().remove_image(image.original_repo_tag)


def refuse(site, component, tmp_path) -> None:
    """Leave an import that failed."""
    path = tmp_path / "bad.tar"
    path.write_bytes(tar(SavedImage(user="root").old_layout()))
    bad = a_component(slug=component.slug, title=component.title, image=ImageSource(archive=path))
    with pytest.raises(ImageImportFailed):
        import_image(site, bad, engine=get_engine())


def test_versions_and_failed_imports_are_listed_with_the_reason(site, component, add, tmp_path, call):
    old, new = add(), add()
    refuse(site, component, tmp_path)
    lines = call("images", component.slug).splitlines()
    assert lines[0].split() == [*COLUMNS]
    assert len(lines) == 4
    assert lines[1].split()[:5] == [component.slug, new.sha256[7:19], "Completed", "yes", "engine"]
    assert lines[2].split()[:4] == [component.slug, old.sha256[7:19], "Completed", "engine"]
    assert lines[3].split()[:3] == [component.slug, "-", "Failed"]
    assert "bad.tar" in lines[3]
    assert "runs as root; end its Dockerfile with a USER instruction" in lines[3]
    assert call("images").splitlines() == lines


def test_the_listing_is_one_json_document(site, component, add, tmp_path, call):
    image = add()
    refuse(site, component, tmp_path)
    document = json.loads(call("images", component.slug, "--json"))
    (version,), (failed,) = document["images"], document["imports"]
    assert (version["sha256"], version["can_execute"], version["where"]) == (image.sha256, True, ["engine"])
    assert version["original_repo_tag"] == image.original_repo_tag
    assert (failed["import_status"], failed["was_interrupted"]) == ("FAILED", False)
    get_engine().remove_image(image.original_repo_tag)
    (version,) = json.loads(call("images", component.slug, "--json"))["images"]
    assert (version["can_execute"], version["where"]) == (False, [])


def test_an_older_version_is_used_again_and_the_other_removed(component, add, call):
    old, new = add(), add()
    assert call("images", component.slug, "--use", old.sha256[7:12]) == (
        f"{component.slug}: new jobs use {old.sha256[7:19]}\n"
    )
    assert call("images", component.slug, "--remove", new.sha256) == (f"{component.slug}: removed {new.sha256[7:19]}\n")
    assert get_engine().image(new.sha256) is None
    assert "Removed" in call("images", component.slug)


def test_the_version_that_new_jobs_use_is_not_removed(component, add, call):
    image = add()
    with pytest.raises(DefinitionError, match="new jobs use it"):
        call("images", component.slug, "--remove", image.sha256)
    assert get_engine().image(image.sha256) is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["images", "--use", "ab"], "COMPONENT is needed"),
        (["images", "x", "--use", "ab", "--remove", "ab"], "not both"),
        (["images", "x", "--use", ""], "SHA is empty"),
    ],
)
def test_options_that_do_not_fit_are_refused(site, arguments, words):
    done = CliRunner().invoke(commands, arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_an_unknown_component_is_refused_with_the_nearest_one(component, add, call):
    add()
    with pytest.raises(UnknownName, match="did you mean"):
        call("images", component.slug[:-1])


def test_without_anything_it_says_so(site, call):
    assert call("images") == "no container images yet\n"


def test_without_an_engine_versions_are_listed_all_the_same(component, add, call, monkeypatch):
    image = add()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nothing/here.sock")
    interfaces.engine._engine.cache_clear()
    try:
        (line,) = call("images").splitlines()[1:]
    finally:
        monkeypatch.undo()
        interfaces.engine._engine.cache_clear()
    assert image.sha256[7:19] in line
    assert "nowhere" in line

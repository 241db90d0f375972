"""Container images go from machine to machine by way of the file store, where there is no registry."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from image_archives import SavedImage, entry, tar
from records import a_component, a_stored_image

from interfaces.errors import EngineError
from interfaces.settings import Settings, settings_in_place
from interfaces.site import Site, get_site
from tasks.ensure_image import ImageMissing, ensure_image, is_within_reach
from tasks.shared_images import is_shared_image, share_image

pytestmark = pytest.mark.engine


@pytest.fixture
def machines(tmp_path: Path):
    """The settings of machines that share a store."""
    return lambda name: Settings(home=tmp_path / name, storage_url=f"file://{tmp_path}/shared")


@pytest.fixture
def image(engine, machines):
    """A version of a component's image that one machine has shared, and that the engine has lost since."""
    saved = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    engine.load([tar(saved.old_layout())], name="an archive")
    with settings_in_place(machines("one")):
        image = a_stored_image(get_site(), a_component(slug=f"test-{uuid4().hex}"), saved.id)
        engine.tag(saved.id, image.original_repo_tag)
        share_image(get_site(), engine, slug=image.component, sha256=saved.id)
    engine.remove_image(image.original_repo_tag)
    engine.remove_image(saved.id)
    yield image
    engine.remove_image(image.original_repo_tag)


def test_a_machine_that_lacks_an_image_loads_it_from_the_store(engine, machines, image):
    assert engine.image(image.sha256) is None
    with settings_in_place(machines("two")):
        assert is_within_reach(engine, image)
        ensure_image(engine, image)
        assert image.original_repo_tag in engine.image(image.sha256).repo_tags
        assert not list(get_site().scratch_folder.glob("*/image.tar"))


def test_another_image_under_its_name_is_refused(engine, machines, image, tmp_path):
    other = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    (stored,) = (tmp_path / "shared/images").iterdir()
    stored.chmod(0o644)
    for content, told in ((tar(other.old_layout()), "has another image"), (b"no archive", "has no sound copy")):
        stored.write_bytes(content)
        with settings_in_place(machines("two")), pytest.raises(EngineError, match=f"the file store {told}"):
            ensure_image(engine, image)
        assert engine.image(image.sha256) is None and engine.image(other.id) is None


def test_one_machine_alone_keeps_its_images_in_its_engine(engine, image, tmp_path):
    with settings_in_place(Settings(home=tmp_path / "alone")):
        assert not is_shared_image(Site(Settings(home=tmp_path / "alone")), image)
        with pytest.raises(ImageMissing, match="register the component again"):
            ensure_image(engine, image)

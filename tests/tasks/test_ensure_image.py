"""A job's image comes from the registry where the engine has lost it, and is the one that was pinned."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest
from image_archives import SavedImage, entry, tar
from records import a_component, a_stored_image
from registries import free_port, running_registry

from interfaces import messages
from interfaces.component_images import ComponentImage
from interfaces.errors import ComponentException, EngineError
from tasks.ensure_image import ImageMissing, ensure_image, is_within_reach

pytestmark = pytest.mark.engine


@pytest.fixture
def pinned(engine, site, tmp_path):
    """A version that a registry has and the engine has not, and that registry's port."""
    saved = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    port = free_port()
    with running_registry(tmp_path / "registry", port=port) as host:
        engine.load([tar(saved.old_layout())], name="an archive")
        reference = engine.push(saved.id, repository=f"{host}/{uuid4().hex}", tag="1")
    engine.remove_image(saved.id)
    image = a_stored_image(site, a_component(slug=f"test-{uuid4().hex}"), saved.id)
    yield image.model_copy(update={"registry_reference": reference})
    engine.remove_image(image.original_repo_tag)
    engine.remove_image(reference)


def serving(image: ComponentImage, tmp_path):
    return running_registry(tmp_path / "registry", port=int(image.registry_reference.split("/")[0].split(":")[1]))


def test_it_is_pulled_by_its_digest_and_kept(engine, pinned, tmp_path):
    assert engine.image(pinned.sha256) is None
    assert is_within_reach(engine, pinned)
    with serving(pinned, tmp_path):
        ensure_image(engine, pinned)
    assert pinned.original_repo_tag in engine.image(pinned.sha256).repo_tags
    ensure_image(engine, pinned)  # the registry is gone again, and is not asked


def test_a_registry_that_comes_back_is_waited_for(engine, pinned, tmp_path):
    done = threading.Event()
    thread = threading.Thread(target=lambda: (ensure_image(engine, pinned, delays_s=(0.5,) * 20), done.set()))
    thread.start()
    time.sleep(0.7)
    assert not done.is_set()
    with serving(pinned, tmp_path):
        thread.join()
    assert done.is_set()


def test_a_registry_that_stays_away_is_no_fault_of_the_image(engine, pinned):
    with pytest.raises(EngineError, match="connection refused"):
        ensure_image(engine, pinned, delays_s=(0.1,))


def test_a_job_that_is_to_stop_waits_no_longer(engine, pinned):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(ComponentException, match=messages.CANCELLED):
        ensure_image(engine, pinned, stop=stop, delays_s=(30.0,))
    assert time.monotonic() - started < 10


def test_without_a_registry_it_says_what_to_do(engine, pinned):
    alone = pinned.model_copy(update={"registry_reference": ""})
    assert not is_within_reach(engine, alone)
    with pytest.raises(ImageMissing, match=r"is no longer in the engine; register the component again"):
        ensure_image(engine, alone)


def test_what_the_registry_no_longer_has_is_told(engine, pinned, tmp_path):
    with serving(pinned, tmp_path):
        engine.remove_from_registry(pinned.registry_reference)
        with pytest.raises(ImageMissing, match="its registry does not deliver it"):
            ensure_image(engine, pinned)


def test_another_image_than_the_pinned_one_is_refused_and_removed(engine, pinned, tmp_path):
    other = pinned.model_copy(update={"sha256": f"sha256:{'0' * 64}"})
    with serving(pinned, tmp_path), pytest.raises(ImageMissing, match="another container image"):
        ensure_image(engine, other)
    assert engine.image(pinned.sha256) is None


def test_a_removed_version_is_out_of_reach(engine, pinned):
    assert not is_within_reach(engine, pinned.model_copy(update={"is_removed": True}))

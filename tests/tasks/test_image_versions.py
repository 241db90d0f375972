"""Choosing and removing versions, on a real engine and a real registry."""

from __future__ import annotations

from uuid import uuid4

import pytest
from image_archives import SavedImage, entry, tar
from records import a_component, a_job, a_stored_image
from registries import free_port, running_registry

from interfaces.database.component_records import save_image
from interfaces.database.image_records import find_image
from interfaces.database.job_records import save_job
from interfaces.errors import DefinitionError, EngineError, ImageImportFailed, UnknownName
from interfaces.job_status import JobStatus
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.image_versions import chosen, removed

pytestmark = pytest.mark.engine


@pytest.fixture
def component(site):
    return a_component(slug=f"test-{uuid4().hex}", title=uuid4().hex)


@pytest.fixture
def add(engine, site, component):
    """Adds a version that the engine has; the last one is the desired one."""
    made = []

    def add(sha256: str | None = None):
        saved = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
        image = a_stored_image(get_site(), component, sha256 or saved.id)
        if sha256 is None:
            engine.load([tar(saved.old_layout())], name="an archive")
            engine.tag(saved.id, image.original_repo_tag)
        made.append(image)
        return image

    yield add
    for image in made:
        engine.remove_image(image.original_repo_tag)


def test_an_older_version_is_chosen_again(site, engine, add, component):
    old, new = add(), add()
    assert chosen(site, engine, component.slug, old.sha256[7:15]).is_desired_version
    with site.database.session() as session:
        assert not find_image(session, component.slug, new.sha256).is_desired_version


def test_a_version_that_nobody_has_cannot_be_chosen(site, engine, add, component):
    lost = add(f"sha256:{'f' * 64}")
    add()
    with pytest.raises(ImageImportFailed, match="is in no engine or registry within reach; register what it was made"):
        chosen(site, engine, component.slug, lost.sha256)


def test_a_version_that_is_not_needed_is_removed_and_its_record_stays(site, engine, add, component):
    old, _ = add(), add()
    image, left = removed(site, engine, component.slug, old.sha256[7:15])
    assert (image.pk, image.is_removed, image.can_execute, left) == (old.pk, True, False, "")
    assert engine.image(old.sha256) is None
    assert removed(site, engine, component.slug, old.sha256)[0].is_removed, "a second time is fine"
    with pytest.raises(ImageImportFailed, match="was removed; register"):
        chosen(site, engine, component.slug, old.sha256)


def test_the_desired_version_is_not_removed(site, engine, add, component):
    old, new = add(), add()
    with pytest.raises(DefinitionError, match=f"new jobs use it; choose another .* --use {old.sha256[7:19]}'"):
        removed(site, engine, component.slug, new.sha256)
    assert engine.image(new.sha256) is not None


def test_a_version_that_an_unfinished_job_needs_is_not_removed(site, engine, add, component):
    old, _ = add(), add()
    job = a_job(old)
    with site.database.session() as session:
        save_job(session, job)
    with pytest.raises(DefinitionError, match="a job that has not ended needs it; wait for them, or cancel"):
        removed(site, engine, component.slug, old.sha256)
    assert engine.image(old.sha256) is not None
    with site.database.session() as session:
        save_job(session, job.moved_to(JobStatus.CANCELLED))
    assert removed(site, engine, component.slug, old.sha256)[0].is_removed


def test_another_component_with_the_same_image_keeps_it(site, engine, add, component):
    old, _ = add(), add()
    engine.tag(old.sha256, f"component-flows-test-{uuid4().hex}:other")
    removed(site, engine, component.slug, old.sha256)
    (other,) = engine.image(old.sha256).repo_tags
    engine.remove_image(other)


@pytest.fixture
def pushed(site, engine, add, component, monkeypatch, tmp_path):
    """A version that is not desired, and that the site's registry has."""
    port = free_port()
    with running_registry(tmp_path / "registry", port=port) as host:
        monkeypatch.setenv("COMPONENT_FLOWS_REGISTRY", host)
        get_settings.cache_clear()
        old = add()
        reference = engine.push(old.sha256, repository=f"{host}/{component.slug}", tag="1")
        with get_site().database.session() as session:
            save_image(
                session,
                component=component.slug,
                sha256=old.sha256,
                source=old.source,
                fingerprint=old.fingerprint,
                user=old.user,
                size=old.size,
                registry_reference=reference,
            )
        add()
        yield old, reference


def test_it_is_removed_from_the_registry_too(engine, pushed, component):
    old, reference = pushed
    image, left = removed(get_site(), engine, component.slug, old.sha256)
    assert (image.registry_reference, left) == ("", "")
    assert engine.image(old.sha256) is None
    with pytest.raises(EngineError, match=r"not found|manifest unknown"):
        engine.pull(reference)


def test_a_registry_of_somebody_elses_keeps_it(engine, pushed, component, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_REGISTRY", "127.0.0.1:1/other")
    get_settings.cache_clear()
    old, reference = pushed
    image, left = removed(get_site(), engine, component.slug, old.sha256)
    assert (image.is_removed, left) == (True, f"the registry keeps {reference}")
    assert engine.pull(reference).id == old.sha256
    engine.remove_image(reference)


def test_a_registry_that_is_away_can_be_asked_again(site, engine, add, component, monkeypatch):
    away = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("COMPONENT_FLOWS_REGISTRY", away)
    get_settings.cache_clear()
    old = add()
    with get_site().database.session() as session:
        fields = {"source": "x", "fingerprint": "x", "user": "1", "size": 1}
        reference = f"{away}/name@sha256:{'0' * 64}"
        save_image(session, component=component.slug, sha256=old.sha256, registry_reference=reference, **fields)
    add()
    for _ in range(2):
        image, left = removed(get_site(), engine, component.slug, old.sha256)
        assert (image.is_removed, image.registry_reference) == (True, reference)
        assert left.startswith(f"the registry keeps {reference}; remove it again once it is there")
    assert engine.image(old.sha256) is None


def test_an_image_that_a_container_uses_is_not_removed_and_can_be_used_as_before(site, engine, add, component):
    old, _ = add(), add()
    container = engine._api.create_container(old.sha256)["Id"]
    try:
        with pytest.raises(EngineError, match=r"could not remove the image .*conflict"):
            removed(site, engine, component.slug, old.sha256)
    finally:
        engine.remove_container(container)
    with site.database.session() as session:
        assert find_image(session, component.slug, old.sha256).can_execute


def test_an_unknown_version_is_refused(site, engine, add, component):
    add()
    with pytest.raises(UnknownName, match="no version"):
        removed(site, engine, component.slug, "zz")

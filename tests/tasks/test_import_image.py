"""Images from archives, engines and registries, on a real engine and a real registry."""

from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from image_archives import SavedImage, entry, tar
from records import a_component
from registries import free_port, running_registry

from interfaces.component import Component, ImageSource, InterfaceSet
from interfaces.component_images import ComponentImage, repo_tag
from interfaces.database.component_records import desired_image, save_component, save_image
from interfaces.database.image_records import choose_image, list_images
from interfaces.database.import_records import list_imports
from interfaces.errors import ImageImportFailed
from interfaces.import_status import ImportStatusChoices
from interfaces.imports import ImportKind
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.import_image import import_image

pytestmark = pytest.mark.engine

EVALUATION = (InterfaceSet(inputs=("predictions-json-file",), outputs=("metrics-json-file",)),)


def an_image(**changes) -> SavedImage:
    """An image that no other test has."""
    return SavedImage(layers=[tar([entry("content", uuid4().bytes)])], **changes)


@pytest.fixture
def archive(tmp_path):
    def archive(image: SavedImage, name: str = "image.tar", layout=SavedImage.old_layout) -> Path:
        content = tar(layout(image))
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return tmp_path / name

    return archive


@pytest.fixture
def slug(engine, site):
    """A component's name, under which nothing stays in the engine."""
    slug = f"test-{uuid4().hex}"
    yield slug
    with site.database.session() as session:
        left = {image.sha256 for image in list_images(session, slug)}
        left |= {one.sha256 for one in list_imports(session, owner=slug, kinds=(ImportKind.IMAGE,)) if one.sha256}
    for sha256 in left:
        engine.remove_image(repo_tag(slug, sha256))


@pytest.fixture
def register(engine, site, slug):
    """Imports an image and makes it the desired version, as a registration does."""

    def register(source: Path | str, delays_s=(0.1,), **changes) -> ComponentImage:
        image = ImageSource(archive=source) if isinstance(source, Path) else ImageSource(reference=source)
        component: Component = a_component(slug=slug, title=slug, image=image, **changes)
        got = import_image(get_site(), component, engine=engine, delays_s=delays_s)
        with get_site().database.session() as session:
            save_component(session, component)
            return save_image(session, component=slug, **got.__dict__)

    return register


def imports(slug: str):
    with get_site().database.session() as session:
        return list_imports(session, owner=slug, kinds=(ImportKind.IMAGE,))


@pytest.mark.parametrize("layout", [SavedImage.old_layout, SavedImage.oci_layout])
def test_an_archive_becomes_a_version_under_a_tag_that_keeps_it(engine, register, archive, slug, layout):
    image = an_image(tags=["component-flows-base:latest"])
    base = engine.image("component-flows-base:latest")
    version = register(archive(image, "image.tar.gz", layout))
    assert (version.sha256, version.user, version.import_status.name) == (image.id, "1000", "COMPLETED")
    assert version.can_execute
    assert engine.image(image.id).repo_tags == (version.original_repo_tag,)
    assert engine.image("component-flows-base:latest").id == base.id, "an archive's own tags are not believed"
    (done,) = imports(slug)
    assert (done.import_status, done.sha256) == (ImportStatusChoices.COMPLETED, image.id)


def test_the_same_archive_again_changes_nothing_and_is_not_read(engine, register, archive, slug):
    path = archive(an_image())
    first = register(path)
    before = imports(slug)
    assert register(path) == first
    assert imports(slug) == before


def test_an_archive_whose_image_the_engine_has_lost_is_loaded_again(engine, register, archive):
    path = archive(an_image())
    first = register(path)
    engine.remove_image(first.original_repo_tag)
    assert engine.image(first.sha256) is None
    assert register(path).pk == first.pk
    assert engine.image(first.sha256) is not None


def test_an_image_that_was_uploaded_before_is_refused_and_can_be_chosen_again(site, register, archive, slug):
    first, second = an_image(), an_image()
    old = register(archive(first, "first.tar"))
    new = register(archive(second, "second.tar"))
    digits = old.sha256[7:19]
    with pytest.raises(
        ImageImportFailed, match=f"was uploaded before, .*older version; .*images {slug} --use {digits}'"
    ):
        register(archive(first, "again.tar.gz"))
    with pytest.raises(ImageImportFailed, match=r"was uploaded before, .* as the version that new jobs use"):
        register(archive(second, "other.tar.gz"))
    assert [one.import_status.name for one in imports(slug)][:2] == ["FAILED", "FAILED"]
    with site.database.session() as session:
        assert desired_image(session, slug).pk == new.pk
        choose_image(session, old)
    assert register(archive(first, "first.tar")).pk == old.pk


def test_an_evaluation_method_may_be_uploaded_again(register, archive):
    image = an_image()
    first = register(archive(image, "first.tar"), interfaces=EVALUATION)
    assert register(archive(image, "second.tar.gz"), interfaces=EVALUATION).pk == first.pk


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (an_image(user="0:1000"), "runs as root"),
        (an_image(architecture="arm64"), "architecture arm64"),
        (an_image(config=b"[]"), "is no JSON object"),
    ],
)
def test_what_is_refused_never_reaches_the_engine_and_leaves_a_record_that_says_why(
    engine, register, archive, slug, image, message
):
    path = archive(image)
    with pytest.raises(ImageImportFailed, match=message):
        register(path)
    assert engine.image(image.id) is None
    (failed,) = imports(slug)
    assert (failed.import_status, failed.source) == (ImportStatusChoices.FAILED, str(path))
    assert message in failed.status


def test_an_image_that_shows_the_engine_another_user_than_us_is_refused_and_removed(engine, register, archive):
    image = an_image()
    config = json.loads(image.config_bytes())
    config["config"]["USER"] = "root"  # the engine's reader of JSON takes keys whatever their case, the last one wins
    image.config = json.dumps(config).encode()
    with pytest.raises(ImageImportFailed, match="runs as root"):
        register(archive(image))
    assert engine.image(image.id) is None


def test_an_image_that_is_too_large_is_refused(engine, register, archive, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__IMAGE_BYTES", "5000")
    get_settings.cache_clear()
    image = an_image()
    with pytest.raises(ImageImportFailed, match=r"larger than .* GB \(setting limits\.image_bytes\)"):
        register(archive(image))
    assert engine.image(image.id) is None


@pytest.fixture
def elsewhere(engine, tmp_path):
    """A registry of somebody else's, which takes an image: gives its reference by tag and by digest."""
    pushed = []
    with running_registry(tmp_path / "elsewhere") as host:

        def push(image: SavedImage) -> tuple[str, str]:
            engine.load([tar(image.old_layout())], name="an archive")
            repository = f"{host}/their/image"
            pinned = engine.push(image.id, repository=repository, tag="v1")
            engine.remove_image(image.id)
            assert engine.image(image.id) is None
            pushed.extend([f"{repository}:v1", pinned])
            return f"{repository}:v1", pinned

        yield push
        for reference in pushed:
            engine.remove_image(reference)


def test_a_reference_into_a_registry_is_pulled_by_tag_and_pinned_by_digest(engine, register, elsewhere):
    image = an_image()
    reference, pinned = elsewhere(image)
    version = register(reference)
    assert (version.sha256, version.registry_reference) == (image.id, pinned)
    assert register(reference) == version


def test_a_pulled_image_that_is_refused_does_not_stay(engine, register, elsewhere):
    image = an_image(user="root")
    with pytest.raises(ImageImportFailed, match="runs as root"):
        register(elsewhere(image)[0])
    assert engine.image(image.id) is None


def test_a_reference_that_nobody_has_is_refused_with_what_to_do(register, elsewhere, slug):
    missing = elsewhere(an_image())[0].replace("image:v1", "other:v1")
    with pytest.raises(ImageImportFailed, match=f"has no image {missing}, and it can't be pulled; pull or build"):
        register(missing)
    assert imports(slug)[0].attempts == 1


@pytest.fixture
def use_registry(site, monkeypatch):
    def use(host: str) -> str:
        monkeypatch.setenv("COMPONENT_FLOWS_REGISTRY", f"{host}/component-flows")
        get_settings.cache_clear()
        return f"{host}/component-flows"

    return use


def test_with_a_registry_the_image_goes_there_and_comes_from_there_again(
    engine, register, archive, slug, use_registry, tmp_path
):
    path = archive(an_image())
    before = register(path)
    assert before.registry_reference == ""
    with running_registry(tmp_path / "registry") as host:
        registry = use_registry(host)
        version = register(path)
        assert version.pk == before.pk
        assert version.registry_reference.startswith(f"{registry}/{slug}@sha256:")
        engine.remove_image(version.original_repo_tag)
        engine.remove_image(version.registry_reference)
        assert engine.image(version.sha256) is None
        done = imports(slug)
        assert register(path) == version
        assert engine.image(version.sha256) is not None
        assert imports(slug) == done, "it came from the registry, not from the archive"
        engine.remove_image(version.registry_reference)


def test_a_registry_that_is_away_for_a_while_is_waited_for(register, archive, slug, use_registry, tmp_path, engine):
    port = free_port()
    use_registry(f"127.0.0.1:{port}")
    got: list[ComponentImage] = []
    thread = threading.Thread(target=lambda: got.append(register(archive(an_image()), delays_s=(0.3,) * 30)))
    thread.start()
    waiting = None
    end = time.monotonic() + 20
    while waiting is None and time.monotonic() < end:
        waiting = next((one for one in imports(slug) if one.import_status is ImportStatusChoices.RETRY), None)
        time.sleep(0.02)
    assert waiting is not None
    assert "connection refused" in waiting.status
    with running_registry(tmp_path / "registry", port=port):
        thread.join()
        assert got[0].registry_reference
        engine.remove_image(got[0].registry_reference)
    assert imports(slug)[0].import_status is ImportStatusChoices.COMPLETED
    assert imports(slug)[0].attempts > 1


def test_a_registry_that_stays_away_fails_the_import(register, archive, slug, use_registry):
    use_registry(f"127.0.0.1:{free_port()}")
    with pytest.raises(ImageImportFailed, match=r"can't be had: .*push.*connection refused"):
        register(archive(an_image()))
    (failed,) = imports(slug)
    assert (failed.import_status, failed.attempts) == (ImportStatusChoices.FAILED, 2)

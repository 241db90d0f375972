"""What reaches the engine of an archive, and what does not."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from uuid import uuid4

import pytest
from image_archives import SavedImage, entry, sha256, tar

from interfaces.errors import EngineError, ImageImportFailed
from interfaces.image_archives import plain_archive, read_image_archive

GB = 2**30
LAYOUTS = {
    "old": SavedImage.old_layout,
    "OCI": SavedImage.oci_layout,
    "OCI, compressed": lambda image: image.oci_layout(compressed=True),
}


@pytest.fixture
def tag(engine):
    tag = f"component-flows-test-{uuid4().hex}:1"
    yield tag
    engine.remove_image(tag)


def written(path, reference: str = "name:1") -> dict[str, bytes]:
    content = b"".join(plain_archive(read_image_archive(path, max_bytes=GB), reference=reference, max_bytes=GB))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive if info.isreg()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_only_what_was_checked_is_written_under_names_and_tags_of_ours(tmp_path, layout):
    image = SavedImage(tags=["component-flows-base:latest"])
    image.layers.append(image.layers[0])
    more = [entry("../evil", b"x"), entry("evil", kind=tarfile.SYMTYPE, to="/"), entry("repositories2", b"x")]
    (tmp_path / "image.tar").write_bytes(tar([*more, *layout(image)]))
    files = written(tmp_path / "image.tar")
    layers = [f"{sha256(layer)}/layer.tar" for layer in image.layers]
    config = f"{image.id[7:]}.json"
    assert set(files) == {*layers, config, "manifest.json"}
    assert json.loads(files["manifest.json"]) == [{"Config": config, "RepoTags": ["name:1"], "Layers": layers}]
    assert files[config] == image.config_bytes()


def test_a_file_that_changed_meanwhile_is_refused(tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(tar(SavedImage().old_layout()))
    archive = read_image_archive(path, max_bytes=GB)
    path.write_bytes(tar([entry("something", b"else")]))
    with pytest.raises(ImageImportFailed, match="changed while it was read; import it again"):
        list(plain_archive(archive, reference="name:1", max_bytes=GB))


@pytest.mark.engine
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_engine_loads_every_layout_as_the_same_image(engine, tag, tmp_path, layout):
    image = SavedImage(layers=[tar([entry("content", uuid4().bytes)]), tar([entry("two", b"2")])])
    image.layers.append(image.layers[0])
    (tmp_path / "image.tar.gz").write_bytes(gzip.compress(tar(layout(image))))
    archive = read_image_archive(tmp_path / "image.tar.gz", max_bytes=GB)
    loaded = engine.load(plain_archive(archive, reference=tag, max_bytes=GB), name="an archive")
    assert (loaded.id, loaded.repo_tags, loaded.user) == (image.id, (tag,), "1000")


@pytest.mark.engine
def test_what_docker_saved_comes_back_without_its_tag(engine, tiny, tag, tmp_path):
    path = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "--output", str(path), *tiny.repo_tags], check=True)
    archive = read_image_archive(path, max_bytes=GB)
    engine.remove_image(tiny.repo_tags[0])
    assert engine.image(tiny.id) is None
    assert engine.load(plain_archive(archive, reference=tag, max_bytes=GB), name="an archive").id == tiny.id
    assert engine.image(tiny.repo_tags[0]) is None


@pytest.mark.engine
def test_a_layer_that_changed_between_the_check_and_the_load_is_refused_by_the_engine(engine, tag, tmp_path):
    path = tmp_path / "image.tar"
    image = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    path.write_bytes(tar(image.old_layout()))
    archive = read_image_archive(path, max_bytes=GB)
    other = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    path.write_bytes(tar(other.old_layout()))
    with pytest.raises(EngineError, match=r"can't load an archive: .*diffID"):
        engine.load(plain_archive(archive, reference=tag, max_bytes=GB), name="an archive")
    assert engine.image(image.id) is None

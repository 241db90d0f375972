"""Archives in every form, and what is wrong with those that are refused."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_archives import SavedImage, entry, replaced, sha256, tar, without

from interfaces.errors import ImageImportFailed
from interfaces.image_archives import read_image_archive

GB = 2**30
LAYOUTS = {
    "old": SavedImage.old_layout,
    "OCI": SavedImage.oci_layout,
    "OCI, compressed": lambda image: image.oci_layout(compressed=True),
}
MB = 2**20


@pytest.fixture
def read(tmp_path):
    def read(entries, *, compress=bytes, max_bytes: int = GB):
        path = tmp_path / "image.tar"
        path.write_bytes(compress(entries if isinstance(entries, bytes) else tar(entries)))
        return read_image_archive(path, max_bytes=max_bytes)

    return read


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress], ids=["tar", "gz", "xz"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_is_read_however_it_is_compressed(read, layout, compress):
    image = SavedImage()
    archive = read(layout(image), compress=compress)
    assert (archive.sha256, archive.user, archive.config) == (image.id, "1000", image.config_bytes())
    assert [layer.diff_id for layer in archive.layers] == [sha256(layer) for layer in image.layers]
    assert archive.size_bytes == sum(map(len, image.layers))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("seed", range(4))
def test_members_come_in_any_order(read, layout, seed):
    entries = layout(SavedImage())
    random.Random(seed).shuffle(entries)
    assert read(entries).sha256 == SavedImage().id


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layer_that_comes_twice_is_in_the_archive_once(read, layout):
    image = SavedImage()
    image.layers.append(image.layers[0])
    archive = read(layout(image))
    assert archive.layers[0].member == archive.layers[2].member
    assert archive.size_bytes == len(image.layers[0]) + len(image.layers[1])


@pytest.mark.engine
def test_what_docker_saves_is_read(engine, tiny, tmp_path):
    path = tmp_path / "image.tar"
    subprocess.run(["docker", "save", "--output", str(path), tiny.id], check=True)
    archive = read_image_archive(path, max_bytes=GB)
    assert (archive.sha256, archive.user) == (tiny.id, "1234:1234")


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:users", "+0", "-00:1"])
def test_root_is_refused(read, user):
    with pytest.raises(ImageImportFailed, match="runs as root; end its Dockerfile with a USER instruction"):
        read(SavedImage(user=user).old_layout())


@pytest.mark.parametrize("config", [{}, {"config": None}, {"config": {"User": 7}}, {"config": []}])
def test_a_configuration_without_a_user_means_root(read, config):
    with pytest.raises(ImageImportFailed, match="runs as root"):
        read(SavedImage(config={"architecture": "amd64", "os": "linux", **config}).old_layout())


def test_another_platform_is_refused(read):
    with pytest.raises(ImageImportFailed, match="architecture arm64, but linux/amd64 is needed"):
        read(SavedImage(architecture="arm64").old_layout())
    with pytest.raises(ImageImportFailed, match="is for windows, but linux/amd64 is needed"):
        read(SavedImage(os="windows").old_layout())


WHOLE = SavedImage().old_layout()
CONFIG = f"{SavedImage().id[7:]}.json"


def manifest(*images: object) -> bytes:
    return json.dumps(list(images)).encode()


ONE = json.loads({info.name: content for info, content in WHOLE}["manifest.json"])[0]

REFUSED = {
    "no manifest.json": (
        without(WHOLE, "manifest.json"),
        r"has no manifest\.json\. Was this created with docker save\?",
    ),
    "a manifest behind a path": (
        [entry("x/../manifest.json", manifest(ONE)), *without(WHOLE, "manifest.json")],
        r"has no manifest\.json\. Was this",
    ),
    "a manifest that is a link": (
        [*without(WHOLE, "manifest.json"), entry("manifest.json", kind=tarfile.SYMTYPE, to="/etc/passwd")],
        r"has no manifest\.json \(a link of that name is none\)",
    ),
    "a manifest that is no JSON": (
        replaced(WHOLE, "manifest.json", b"{"),
        r"manifest\.json that is no valid JSON.*docker save\?",
    ),
    "a manifest that is no list": (replaced(WHOLE, "manifest.json", b"{}"), r"manifest\.json that is no JSON list"),
    "a huge manifest": (
        replaced(WHOLE, "manifest.json", manifest(ONE) + b" " * 5 * MB),
        r"manifest\.json of \d+ bytes; \d+ are read",
    ),
    "no image": (replaced(WHOLE, "manifest.json", manifest()), "holds 0 images, but exactly one is needed"),
    "two images": (replaced(WHOLE, "manifest.json", manifest(ONE, ONE)), "holds 2 images, but exactly one is needed"),
    "an image that is none": (replaced(WHOLE, "manifest.json", manifest(7)), "names no configuration"),
    "layers that are none": (replaced(WHOLE, "manifest.json", manifest({**ONE, "Layers": 7})), "names no layers"),
    "no configuration": (without(WHOLE, CONFIG), r"which is missing\. Was this created with docker save\?"),
    "a configuration without a sha256": (
        replaced(WHOLE, "manifest.json", manifest({**ONE, "Config": "config.json"})),
        "whose name holds no valid sha256",
    ),
    "a configuration on another path": (
        replaced(WHOLE, "manifest.json", manifest({**ONE, "Config": "../../etc/passwd"})),
        "whose name holds no valid sha256",
    ),
    "a configuration that is a link": (
        [*without(WHOLE, CONFIG), entry(CONFIG, kind=tarfile.SYMTYPE, to="manifest.json")],
        "a configuration '[0-9a-f]{64}.json', which is a link",
    ),
    "a configuration that is a hard link": (
        [*without(WHOLE, CONFIG), entry(CONFIG, kind=tarfile.LNKTYPE, to="manifest.json")],
        "which is missing",
    ),
    "a changed configuration": (
        replaced(WHOLE, CONFIG, SavedImage(user="1001").config_bytes()),
        "content does not match its sha256; it was damaged or changed",
    ),
    "a huge configuration": (replaced(WHOLE, CONFIG, b"{" + b" " * 5 * MB), "configuration of .* bytes"),
    "a missing layer": (without(WHOLE, ONE["Layers"][0]), "lacks its layer"),
    "a layer that is a link to nothing": (
        [*without(WHOLE, ONE["Layers"][0]), entry(ONE["Layers"][0], kind=tarfile.SYMTYPE, to="/etc/passwd")],
        "lacks its layer",
    ),
    "a layer that is a link to itself": (
        [*without(WHOLE, ONE["Layers"][0]), entry(ONE["Layers"][0], kind=tarfile.SYMTYPE, to="layer.tar")],
        "lacks its layer",
    ),
    "a layer that is a device": (
        [*without(WHOLE, ONE["Layers"][0]), entry(ONE["Layers"][0], kind=tarfile.CHRTYPE)],
        "lacks its layer",
    ),
    "a changed layer": (replaced(WHOLE, ONE["Layers"][0], b"x" * 512), "a layer '.*' whose content does not match"),
    "a layer too few": (
        replaced(WHOLE, "manifest.json", manifest({**ONE, "Layers": ONE["Layers"][:1]})),
        "has 1 layers, but its configuration lists 2",
    ),
    "a cut gzip layer": (
        replaced(WHOLE, ONE["Layers"][0], gzip.compress(SavedImage().layers[0])[:-9]),
        r"that could not be decompressed \(gzip\)",
    ),
    "a layer in bzip2": (
        replaced(WHOLE, ONE["Layers"][0], bz2.compress(SavedImage().layers[0])),
        "is compressed with bzip2, which can't be checked",
    ),
    "two of one name": ([*WHOLE, entry("manifest.json", manifest(ONE))], r"has two members 'manifest\.json'"),
    "two of one name, one with a dot": ([*WHOLE, entry("./manifest.json", b"x")], r"has two members 'manifest\.json'"),
    "a long name": ([entry("n" * 2000), *WHOLE], "a name has more|whose name has more"),
    "many members": ([entry(f"{n}") for n in range(10_001)], "more than 10000 members"),
    "diff ids that are none": (
        SavedImage(config={"architecture": "amd64", "os": "linux", "config": {"User": "1"}}).old_layout(),
        "does not list its layers by sha256",
    ),
    "a configuration that is a list": (SavedImage(config=b"[1]").old_layout(), "configuration that is no JSON object"),
    "a configuration that is no JSON": (SavedImage(config=b"{]").old_layout(), "configuration that is no valid JSON"),
}


@pytest.mark.parametrize(("entries", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said(read, entries, message):
    with pytest.raises(ImageImportFailed, match=message):
        read(entries)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress], ids=["tar", "gz", "xz"])
def test_other_members_do_not_matter(read, compress):
    more = [
        entry("../../etc/passwd", b"x"),
        entry("/etc/passwd", b"x"),
        entry("device", kind=tarfile.BLKTYPE),
        entry("hard", kind=tarfile.LNKTYPE, to="../../etc/passwd"),
        entry("link", kind=tarfile.SYMTYPE, to="../../.."),
    ]
    assert read([*more, *WHOLE], compress=compress).sha256 == SavedImage().id


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "could not be decompressed: a .tar, .tar.gz or .tar.xz is needed, but it is none"),
        (b"not a tar at all", "could not be decompressed: .* but it is none"),
        (b"text" * 5000, "could not be decompressed: .* but it is none"),
        (bz2.compress(tar(WHOLE)), "could not be decompressed: .* but it is compressed with bzip2"),
        (gzip.compress(b"text" * 5000), "holds no tar archive"),
        (lzma.compress(b""), "holds no tar archive"),
        (gzip.compress(tar(WHOLE))[:-9], "could not be decompressed: it ends too early"),
        (gzip.compress(tar(WHOLE))[:600], "could not be decompressed: it ends too early"),
        (lzma.compress(tar(WHOLE))[:-9], "could not be decompressed: it ends too early"),
        (tar(WHOLE)[:2500], "is damaged or cut"),
        (tar(WHOLE)[:4700], "is damaged or cut|is missing|has no manifest"),
    ],
    # The bytes would be the tests' names otherwise, with the time of day in them.
    ids=[
        "empty",
        "words",
        "text",
        "bzip2",
        "text in gzip",
        "empty xz",
        "cut gzip",
        "cut early",
        "cut xz",
        "cut",
        "cut later",
    ],
)
def test_what_cannot_be_decompressed_is_told_from_what_is_no_archive(read, content, message):
    with pytest.raises(ImageImportFailed, match=message):
        read(content)


def test_a_changed_byte_of_the_compressed_archive_is_found(read):
    content = bytearray(gzip.compress(tar(SavedImage(layers=[random.Random(1).randbytes(50_000)]).old_layout())))
    content[len(content) // 2] ^= 1
    with pytest.raises(ImageImportFailed, match=r"could not be decompressed|does not match its sha256"):
        read(bytes(content))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["tar", "gz"])
def test_what_is_too_large_is_refused(read, layout, compress):
    image = SavedImage(layers=[bytes(3 * MB)])
    with pytest.raises(ImageImportFailed, match=r"is larger than 0\.00195312 GB \(setting limits\.image_bytes\)"):
        read(layout(image), compress=compress, max_bytes=2 * MB)
    assert read(layout(image), compress=compress, max_bytes=4 * MB).size_bytes == 3 * MB


def bomb(path: Path, size: int) -> None:
    """Zeros within a layer that is compressed within an archive that is compressed."""
    image = SavedImage(layers=[gzip.compress(bytes(size), 1, mtime=0)])
    path.write_bytes(gzip.compress(tar(image.oci_layout())))


def test_a_bomb_takes_neither_memory_nor_disk(tmp_path):
    bomb(tmp_path / "image.tar", 200 * MB)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from interfaces.errors import ImageImportFailed\n"
        "from interfaces.image_archives import read_image_archive\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    read_image_archive(Path(sys.argv[1]), max_bytes=150 * 2**20)\n"
        "except ImageImportFailed as error:\n"
        "    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "image.tar")], capture_output=True, text=True, check=True
    )
    message, grown_kib = done.stdout.splitlines()
    assert "is larger than 0.146484 GB" in message
    assert int(grown_kib) < 40 * 1024
    assert [path.name for path in tmp_path.iterdir()] == ["image.tar"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 12_000), change=st.binary(min_size=1, max_size=4))
def test_any_change_is_either_harmless_or_refused(tmp_path, at, change):
    image = SavedImage()
    data = bytearray(tar(image.old_layout()))
    at %= len(data)
    data[at : at + len(change)] = change
    (tmp_path / "image.tar").write_bytes(bytes(data))
    try:
        archive = read_image_archive(tmp_path / "image.tar", max_bytes=GB)
    except ImageImportFailed:
        return
    assert (archive.sha256, archive.user) == (image.id, "1000")
    assert [layer.diff_id for layer in archive.layers] == [sha256(layer) for layer in image.layers]

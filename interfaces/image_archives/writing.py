"""Sending a checked image to an engine, written anew.

The engine sees only what was checked, under names of ours: no further member of the archive, no link, no device, no
second meaning of a name, and none of the archive's own tags, which could take the name of any image that the engine
has.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator

from interfaces.errors import ImageImportFailed
from interfaces.files.plain_stream import entries
from interfaces.image_archives.contents import MANIFEST, described, opened
from interfaces.image_archives.reading import ImageArchive


def plain_archive(archive: ImageArchive, *, reference: str, max_bytes: int) -> Iterator[bytes]:
    """The image as an uncompressed archive in the layout of Docker before 25, which every engine loads.

    The layers' digests are in the configuration, which was hashed, and the engine holds the layers against them: should
    the file have changed meanwhile, then nothing else can be loaded in its place.

    Args:
        archive: The archive that was read.
        reference: The ``name:tag`` that the image gets.
        max_bytes: Most bytes of the image.

    Yields:
        The archive, a block at a time.

    Raises:
        ImageImportFailed: The file has changed since it was read.
    """
    wanted = {layer.member: layer for layer in archive.layers}
    written: set[str] = set()
    with opened(archive.path, max_bytes=max_bytes) as (stream, source):
        for entry in entries(source):
            layer = wanted.pop(entry.name.removeprefix("./"), None)
            if layer is None:
                continue
            if not entry.isreg() or entry.size != layer.size:
                raise _changed(archive)
            stream.seek(entry.offset_data)
            if layer.diff_id not in written:  # the same layer may be in the archive twice
                written.add(layer.diff_id)
                yield from _member(_layer_name(layer.diff_id), entry.size, stream.blocks(entry.size))
            if not wanted:
                break
    if wanted:
        raise _changed(archive)
    config = f"{archive.sha256.removeprefix('sha256:')}.json"
    layers = [_layer_name(layer.diff_id) for layer in archive.layers]
    manifest = json.dumps([{"Config": config, "RepoTags": [reference], "Layers": layers}]).encode()
    for name, content in ((config, archive.config), (MANIFEST, manifest)):
        yield from _member(name, len(content), iter([content]))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _layer_name(diff_id: str) -> str:
    return f"{diff_id}/layer.tar"


def _changed(archive: ImageArchive) -> ImageImportFailed:
    return ImageImportFailed(f"{described(archive.path)} changed while it was read; import it again")


def _member(name: str, size: int, content: Iterator[bytes]) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.size = size
    yield header.tobuf(tarfile.GNU_FORMAT)  # ustar ends at 8 GiB
    for block in content:
        size -= len(block)
        yield block
    if size:
        raise tarfile.ReadError("it ends within a layer")
    yield bytes(-header.size % tarfile.BLOCKSIZE)

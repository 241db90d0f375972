"""Checking an image archive: everything that can be found out before an engine is asked to load it."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interfaces.component_images import check_image
from interfaces.errors import ImageImportFailed, ValidationError
from interfaces.files.plain_stream import Compression
from interfaces.image_archives.contents import (
    CONFIG_NAME,
    MANIFEST,
    MAX_JSON_BYTES,
    Contents,
    Member,
    described,
    read_contents,
    shown,
)
from interfaces.json_parsing import parse_json

QUESTION = "Was this created with docker save?"

_DIFF_ID = re.compile(r"sha256:(?P<sha256>[0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of an image.

    Attributes:
        member: Its member of the archive.
        size: Bytes of that member.
        diff_id: SHA-256 of the layer, uncompressed: 64 hexadecimal digits.
    """

    member: str
    size: int
    diff_id: str


@dataclass(frozen=True, kw_only=True)
class ImageArchive:
    """A valid archive with one image that may be run.

    Attributes:
        path: The file.
        sha256: The image's id, ``sha256:...``: the digest of its configuration.
        config: That configuration, as it was hashed.
        layers: From the lowest to the highest; several may be one member.
        user: Who its processes run as.
        size_bytes: Of all its layers, uncompressed.
    """

    path: Path
    sha256: str
    config: bytes
    layers: tuple[Layer, ...]
    user: str
    size_bytes: int


def read_image_archive(path: Path, *, max_bytes: int) -> ImageArchive:
    """Read and check an archive of ``docker save``: ``.tar``, ``.tar.gz`` or ``.tar.xz``.

    Args:
        path: The file.
        max_bytes: Most bytes of the archive and of the image.

    Raises:
        ImageImportFailed: It is refused; the text says why.
    """
    what = described(path)
    contents = read_contents(path, max_bytes=max_bytes)
    config_name, layer_names = _manifest(contents, what)
    sha256, config = _config(contents, config_name, what)
    document = _json(config, f"{what} has a configuration that", dict)
    options = document.get("config") or {}
    user = options.get("User") if isinstance(options, dict) else None
    check_image(
        reference=f"in {path}",
        user=user if isinstance(user, str) else "",
        architecture=str(document.get("architecture") or "unknown"),
        os=str(document.get("os") or "unknown"),
    )
    layers = _layers(contents, layer_names, _diff_ids(document, what), what)
    return ImageArchive(
        path=path,
        sha256=f"sha256:{sha256}",
        config=config,
        layers=layers,
        user=str(user),
        size_bytes=sum(contents.files[name].plain_size for name in {layer.member for layer in layers}),
    )


def _json(data: bytes, what: str, wanted: type) -> Any:
    try:
        document = parse_json(data)
    except ValidationError as error:
        raise ImageImportFailed(f"{what} is no valid JSON: {error}. {QUESTION}") from error
    if not isinstance(document, wanted):
        raise ImageImportFailed(f"{what} is no JSON {'list' if wanted is list else 'object'}. {QUESTION}")
    return document


def _manifest(contents: Contents, what: str) -> tuple[str, list[str]]:
    """The names of the configuration and of the layers."""
    found = contents.files.get(MANIFEST)
    if found is None:
        hint = " (a link of that name is none)" if MANIFEST in contents.links else ""
        raise ImageImportFailed(f"{what} has no {MANIFEST}{hint}. {QUESTION}")
    if found.size > MAX_JSON_BYTES:
        raise ImageImportFailed(f"{what} has a {MANIFEST} of {found.size} bytes; {MAX_JSON_BYTES} are read. {QUESTION}")
    images = _json(contents.kept.get(MANIFEST, b""), f"{what} has a {MANIFEST} that", list)
    if len(images) != 1:
        raise ImageImportFailed(
            f"{what} holds {len(images)} images, but exactly one is needed; give docker save the name of one image"
        )
    (image,) = images
    config, layers = (image.get("Config"), image.get("Layers")) if isinstance(image, dict) else (None, None)
    if not isinstance(config, str) or not config:
        raise ImageImportFailed(f"{what} has a {MANIFEST} that names no configuration. {QUESTION}")
    if not isinstance(layers, list) or not all(isinstance(layer, str) for layer in layers):
        raise ImageImportFailed(f"{what} has a {MANIFEST} that names no layers. {QUESTION}")
    return config, layers


def _config(contents: Contents, name: str, what: str) -> tuple[str, bytes]:
    """The SHA-256 of the configuration, and its content."""
    match = CONFIG_NAME.fullmatch(name)
    if match is None:
        raise ImageImportFailed(
            f"{what} has a configuration '{shown(name)}', whose name holds no valid sha256. {QUESTION}"
        )
    found = contents.files.get(name)
    if found is None:
        is_link = "is a link" if name in contents.links else "is missing"
        raise ImageImportFailed(f"{what} names a configuration '{shown(name)}', which {is_link}. {QUESTION}")
    if found.size > MAX_JSON_BYTES:
        raise ImageImportFailed(f"{what} has a configuration of {found.size} bytes; {MAX_JSON_BYTES} are read")
    if found.sha256 != match["sha256"]:
        raise ImageImportFailed(
            f"{what} has a configuration whose content does not match its sha256; it was damaged or changed, so make "
            "it anew"
        )
    content = contents.kept.get(name, b"")
    assert content == b"" or hashlib.sha256(content).hexdigest() == found.sha256
    return found.sha256, content


def _diff_ids(config: Mapping[str, Any], what: str) -> list[str]:
    root = config.get("rootfs")
    listed = root.get("diff_ids") if isinstance(root, dict) else None
    matches = [_DIFF_ID.fullmatch(one) if isinstance(one, str) else None for one in listed or ()]
    if not isinstance(listed, list) or None in matches:
        raise ImageImportFailed(f"{what} has a configuration that does not list its layers by sha256. {QUESTION}")
    return [match["sha256"] for match in matches if match is not None]


def _layers(contents: Contents, names: list[str], diff_ids: list[str], what: str) -> tuple[Layer, ...]:
    if len(names) != len(diff_ids):
        raise ImageImportFailed(
            f"{what} has {len(names)} layers, but its configuration lists {len(diff_ids)}. {QUESTION}"
        )
    return tuple(_layer(contents, name, diff_id, what) for name, diff_id in zip(names, diff_ids, strict=True))


def _layer(contents: Contents, name: str, diff_id: str, what: str) -> Layer:
    target = name
    if name in contents.links:  # Docker before 25 keeps a layer that comes again as a link to the first
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), contents.links[name]))
    found = contents.files.get(target)
    if found is None:
        raise ImageImportFailed(f"{what} lacks its layer '{shown(name)}', or has it as no plain file. {QUESTION}")
    if found.plain_sha256 is None:
        raise ImageImportFailed(f"{what} has a layer '{shown(name)}' {_unreadable(found)}")
    if found.plain_sha256 != diff_id:
        raise ImageImportFailed(
            f"{what} has a layer '{shown(name)}' whose content does not match its sha256; it was damaged or changed, "
            "so make it anew"
        )
    return Layer(member=target, size=found.size, diff_id=diff_id)


def _unreadable(member: Member) -> str:
    if member.compression in {Compression.BZIP2, Compression.ZSTANDARD}:
        return f"that is compressed with {member.compression}, which can't be checked; save it without compression"
    return f"that could not be decompressed ({member.compression})"

"""Which sites use an image, so that none removes what another one on the same engine still needs.

The same folder or archive is the same image for all sites of an engine, under one name. A site says that it uses one by
a tag of a tiny image that is there for nothing else: ``component-flows-claims/<site>:<digits>``.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

from interfaces.component_images import REPOSITORY_PREFIX, repo_tag
from interfaces.containers.protocol import ContainerEngine
from interfaces.site import get_site

_CLAIMS = f"{REPOSITORY_PREFIX}-claims"
_MARKER = f"{_CLAIMS}/marker:1"


def claim(engine: ContainerEngine, sha256: str) -> None:
    """Say that this site uses an image.

    Raises:
        EngineError: The engine refuses, or broke off.
    """
    if engine.image(_MARKER) is None:
        engine.load([_marker()], name="the marker of used images")
    engine.tag(_MARKER, _tag(get_site().id, sha256))


def let_go(engine: ContainerEngine, component: str, sha256: str) -> bool:
    """Say that this site needs an image no more, and take its name from it unless another site needs it.

    Args:
        engine: Which may have the image.
        component: Slug.
        sha256: The image's id.

    Returns:
        Whether the engine has lost it: not where another name keeps it, which somebody else has given.

    Raises:
        EngineError: The engine refuses, or a container uses the image.
    """
    marker = engine.image(_MARKER)
    digits = f":{_digits(sha256)}"
    others = {tag for tag in (marker.repo_tags if marker else ()) if tag.endswith(digits)}
    others.discard(_tag(get_site().id, sha256))
    if not others:
        engine.remove_image(repo_tag(component, sha256))
    engine.remove_image(_tag(get_site().id, sha256))
    return engine.image(sha256) is None


def _tag(site_id: str, sha256: str) -> str:
    return f"{_CLAIMS}/{site_id}:{_digits(sha256)}"


def _digits(sha256: str) -> str:
    return sha256.removeprefix("sha256:")[:16]


def _marker() -> bytes:
    """An archive, as of ``docker save``, of an image with one empty layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w"):
        pass
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": {f"{REPOSITORY_PREFIX}.image": "claims"}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": REPOSITORY_PREFIX}],
    }
    document = json.dumps(config).encode()
    name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [_MARKER], "Layers": ["layer.tar"]}]).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, data in ((name, document), ("layer.tar", layer.getvalue()), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()

"""Archives as `docker save` writes them, in both layouts, whole or with something wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Entry = tuple[tarfile.TarInfo, bytes]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, to: str = "") -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, to, len(content)
    return info, content


def tar(entries: Iterable[Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@dataclass
class SavedImage:
    """An image as it is to be saved; change what is to be wrong."""

    user: str = "1000"
    architecture: str = "amd64"
    os: str = "linux"
    layers: list[bytes] = field(default_factory=lambda: [tar([entry("one", b"1" * 3000)]), tar([entry("two", b"2")])])
    config: Any = None
    tags: list[str] | None = None

    def config_bytes(self) -> bytes:
        document = self.config or {
            "architecture": self.architecture,
            "os": self.os,
            "config": {"User": self.user, "Entrypoint": ["/one"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}" for layer in self.layers]},
        }
        return document if isinstance(document, bytes) else json.dumps(document).encode()

    def old_layout(self) -> list[Entry]:
        """As Docker before 25 writes it: layers in folders, a repeated one as a link."""
        members, names, first = [], [], {}
        for index, layer in enumerate(self.layers):
            folder = sha256(f"{index}".encode())
            names.append(f"{folder}/layer.tar")
            members += [entry(folder, kind=tarfile.DIRTYPE), entry(f"{folder}/VERSION", b"1.0")]
            if layer in first:
                members.append(entry(names[-1], kind=tarfile.SYMTYPE, to=f"../{first[layer]}"))
            else:
                members.append(entry(names[-1], layer))
                first[layer] = names[-1]
        config = self.config_bytes()
        manifest = [{"Config": f"{sha256(config)}.json", "RepoTags": self.tags, "Layers": names}]
        return [
            *members,
            entry(f"{sha256(config)}.json", config),
            entry("manifest.json", json.dumps(manifest).encode()),
            entry("repositories", b"{}"),
        ]

    def oci_layout(self, *, compressed: bool = False) -> list[Entry]:
        """As Docker 25 and later write it: content in blobs, an index, and the manifest.json of old."""
        config = self.config_bytes()
        blobs = [gzip.compress(layer, mtime=0) if compressed else layer for layer in self.layers]
        kind = "application/vnd.oci.image"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": f"{kind}.manifest.v1+json",
                "config": descriptor(f"{kind}.config.v1+json", config),
                "layers": [descriptor(f"{kind}.layer.v1.tar{'+gzip' * compressed}", blob) for blob in blobs],
            }
        ).encode()
        index = {
            "schemaVersion": 2,
            "mediaType": f"{kind}.index.v1+json",
            "manifests": [descriptor(f"{kind}.manifest.v1+json", manifest)],
        }
        names = [f"blobs/sha256/{sha256(blob)}" for blob in blobs]
        old = [{"Config": f"blobs/sha256/{sha256(config)}", "RepoTags": self.tags, "Layers": names}]
        content = {sha256(blob): blob for blob in (*blobs, config, manifest)}
        return [
            entry("blobs", kind=tarfile.DIRTYPE),
            entry("blobs/sha256", kind=tarfile.DIRTYPE),
            *(entry(f"blobs/sha256/{name}", content[name]) for name in sorted(content)),
            entry("index.json", json.dumps(index).encode()),
            entry("manifest.json", json.dumps(old).encode()),
            entry("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
        ]

    @property
    def id(self) -> str:
        return f"sha256:{sha256(self.config_bytes())}"


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{sha256(content)}", "size": len(content)}


def without(entries: Iterable[Entry], name: str) -> list[Entry]:
    return [one for one in entries if one[0].name != name]


def replaced(entries: Iterable[Entry], name: str, content: bytes) -> list[Entry]:
    return [entry(name, content) if one[0].name == name else one for one in entries]

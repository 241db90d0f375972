"""Models and ground truths on their way in."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from interfaces.database.component_records import save_tarball
from interfaces.database.import_records import list_imports
from interfaces.database.tarball_records import choose_tarball, find_tarball
from interfaces.errors import ImageImportFailed
from interfaces.import_status import ImportStatusChoices
from interfaces.imports import ImportKind
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.tarballs import TarballKind, unpacked
from tasks.import_tarball import import_tarball

MODEL = TarballKind.MODEL


def tarball(path: Path, *entries: tuple[str, bytes, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content, kind in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content)
            info.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(info, io.BytesIO(content))
    return path


def weights(path: Path, content: bytes) -> Path:
    return tarball(path, ("weights", content, tarfile.REGTYPE))


def register(path: Path, *, owner: str = "counter", kind: TarballKind = MODEL) -> str:
    site = get_site()
    stored = import_tarball(site, path, owner=owner, kind=kind)
    with site.database.session() as session:
        save_tarball(session, owner=owner, kind=kind, sha256=stored.sha256, size=stored.size)
    return stored.sha256


def imports():
    with get_site().database.session() as session:
        return list_imports(session, kinds=tuple(ImportKind))


def test_it_is_stored_and_unpacked(site, tmp_path):
    sha256 = register(weights(tmp_path / "model.tar.gz", b"123"))
    assert (unpacked(site, sha256) / "weights").read_bytes() == b"123"
    assert site.store.path(sha256, suffix=".tar.gz").read_bytes() == (tmp_path / "model.tar.gz").read_bytes()
    (done,) = imports()
    assert (done.kind, done.import_status, done.sha256) == (ImportKind.MODEL, ImportStatusChoices.COMPLETED, sha256)


def test_the_same_again_is_not_even_unpacked(site, tmp_path):
    path = weights(tmp_path / "model.tar.gz", b"123")
    register(path)
    before = imports()
    assert register(path)
    assert imports() == before


def test_what_equals_an_older_version_is_refused_and_can_be_chosen_again(site, tmp_path):
    first, second = (weights(tmp_path / f"{name}.tar.gz", name.encode()) for name in ("first", "second"))
    old = register(first)
    register(second)
    with pytest.raises(
        ImageImportFailed, match=f"it equals the version {old[:12]}; .*tarballs counter --use {old[:12]}'"
    ):
        register(first)
    with site.database.session() as session:
        choose_tarball(session, find_tarball(session, "counter", old))
    assert register(first) == old


def test_without_a_desired_version_an_older_one_comes_back(site, tmp_path):
    path = weights(tmp_path / "model.tar.gz", b"123")
    sha256 = register(path)
    with site.database.session() as session:
        save_tarball(session, owner="counter", kind=MODEL, sha256=None, size=0)
    assert register(path) == sha256


def test_another_owner_and_another_kind_may_have_the_same(site, tmp_path):
    path = weights(tmp_path / "model.tar.gz", b"123")
    assert register(path) == register(path, owner="other") == register(path, kind=TarballKind.GROUND_TRUTH)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("../evil", b"x", tarfile.REGTYPE)], r"'\.\./evil' leaves the folder"),
        ([("/evil", b"x", tarfile.REGTYPE)], "'/evil' leaves the folder"),
        ([("link", b"", tarfile.SYMTYPE)], "'link' is a link that leaves the folder"),
        ([("device", b"", tarfile.CHRTYPE)], "'device' is no file, folder or link"),
        ([("fifo", b"", tarfile.FIFOTYPE)], "'fifo' is no file, folder or link"),
    ],
)
def test_what_is_hostile_is_refused_with_a_record_and_leaves_nothing(site, tmp_path, entries, message):
    path = tarball(tmp_path / "model.tar.gz", ("good", b"1", tarfile.REGTYPE), *entries)
    with pytest.raises(ImageImportFailed, match=f"the model .*model.tar.gz is refused: .*{message}"):
        register(path)
    (failed,) = imports()
    assert failed.import_status is ImportStatusChoices.FAILED
    assert "is refused" in failed.status
    assert [one for one in (site.home / "tarballs").iterdir() if one.is_dir()] == []
    assert list((site.home / "files").rglob("*.tar.gz")) == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "content", [b"no tarball", gzip.compress(b"no tar"), b""], ids=["text", "text in gzip", "empty"]
)
def test_what_is_no_tarball_is_refused_with_how_to_make_one(site, tmp_path, content):
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(ImageImportFailed, match=r"is no \.tar\.gz that can be unpacked.*; make it with 'tar -czf'"):
        register(tmp_path / "model.tar.gz")


@pytest.mark.parametrize("content", [os.urandom(5000), bytes(50_000)], ids=["packed", "unpacked"])
def test_what_is_too_large_is_refused(site, tmp_path, monkeypatch, content):
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__TARBALL_BYTES", "4000")
    get_settings.cache_clear()
    with pytest.raises(ImageImportFailed, match=r"at most 4000 are taken|more than 4000 bytes"):
        register(weights(tmp_path / "model.tar.gz", content))

"""``tarballs``, as a person and a script use it."""

from __future__ import annotations

import json
import tarfile

import pytest
from click.testing import CliRunner

from flows.cli import commands
from interfaces.database.component_records import save_tarball
from interfaces.errors import ImageImportFailed
from interfaces.tarballs import TarballKind
from tasks.import_tarball import import_tarball


def test_without_anything_it_says_so(site, call):
    assert call("tarballs") == "no models or ground truths yet\n"


def test_whose_version_is_chosen_must_be_said(site):
    done = CliRunner().invoke(commands, ["tarballs", "--use", "ab"])
    assert done.exit_code == 2
    assert "OWNER is needed" in done.output


def test_tarballs_are_listed_and_chosen(site, component, tmp_path, call):
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / name, name)
        stored = import_tarball(site, tmp_path / f"{name}.tar.gz", owner=component.slug, kind=TarballKind.MODEL)
        with site.database.session() as session:
            save_tarball(session, owner=component.slug, kind=TarballKind.MODEL, sha256=stored.sha256, size=stored.size)
    (tmp_path / "bad.tar.gz").write_bytes(b"no tarball")
    with pytest.raises(ImageImportFailed):
        import_tarball(site, tmp_path / "bad.tar.gz", owner=component.slug, kind=TarballKind.MODEL)
    new, old, failed = call("tarballs", component.slug).splitlines()[1:]
    assert new.split()[:2] == [component.slug, "model"]
    assert ("yes" in new, "yes" in old) == (True, False)
    assert failed.split()[3] == "Failed"
    assert "bad.tar.gz" in failed
    digits = old.split()[2]
    assert call("tarballs", component.slug, "--use", digits) == f"{component.slug}: new jobs use the model {digits}\n"
    document = json.loads(call("tarballs", component.slug, "--json"))
    assert [one["is_desired_version"] for one in document["tarballs"]] == [False, True]
    assert document["imports"][0]["import_status"] == "FAILED"

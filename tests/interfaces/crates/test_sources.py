"""Crates of somebody else: folders and ZIP files that want to do harm."""

from __future__ import annotations

import os
import zipfile

import pytest

from interfaces.crates.sources import open_crate
from interfaces.errors import ValidationError


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path):
    crate = tmp_path / "crate"
    (crate / "values").mkdir(parents=True)
    (crate / "values" / "a.json").write_text("1")
    (tmp_path / "secret").write_text("secret")
    return crate


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_files_are_taken_from_folders_and_zip_files(folder, into, tmp_path):
    for path in (folder, zipped(tmp_path / "crate.zip", {"values/a.json": "1"})):
        with open_crate(path) as source:
            taken = source.take("values/a.json", into, max_bytes=1)
        assert taken.read_text() == "1"
        taken.unlink()
    assert (folder / "values" / "a.json").exists()


@pytest.mark.parametrize(
    "place", ["../secret", "values/../../secret", "/etc/passwd", "link", "away/secret", "", "pipe"]
)
def test_nothing_outside_of_a_folder_and_nothing_but_files_is_taken(folder, into, place):
    (folder / "link").symlink_to("../secret")
    (folder / "away").symlink_to("..")
    os.mkfifo(folder / "pipe")
    with open_crate(folder) as source, pytest.raises(ValidationError, match="a crate has plain files"):
        source.take(place, into, max_bytes=100)
    assert list(into.iterdir()) == []


def test_what_is_not_there_or_larger_than_said_is_refused(folder, into, tmp_path):
    for path in (folder, zipped(tmp_path / "crate.zip", {"values/a.json": "1"})):
        with open_crate(path) as source:
            with pytest.raises(ValidationError, match="the crate has no file 'none'"):
                source.take("none", into, max_bytes=1)
            with pytest.raises(ValidationError, match="has 1 bytes, and at most 0 are expected"):
                source.take("values/a.json", into, max_bytes=0)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b"])
def test_a_zip_file_that_leaves_its_folder_is_refused(tmp_path, name):
    path = zipped(tmp_path / "crate.zip", {"ro-crate-metadata.json": "{}", name: "x"})
    with pytest.raises(ValidationError, match="leaves the archive"), open_crate(path):
        pass


def test_a_zip_file_that_claims_to_explode_or_is_damaged_is_refused(tmp_path, into):
    whole = zipped(tmp_path / "crate.zip", {"a": os.urandom(1000)}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    with pytest.raises(ValidationError, match="is no crate"), open_crate(tmp_path / "cut.zip"):
        pass
    at = whole.index(b"PK\1\2") + 24
    (tmp_path / "bomb.zip").write_bytes(whole[:at] + (2**31).to_bytes(4, "little") + whole[at + 4 :])
    with pytest.raises(ValidationError, match="claims to expand"), open_crate(tmp_path / "bomb.zip"):
        pass
    flipped = bytearray(whole)
    flipped[200] ^= 1
    (tmp_path / "flipped.zip").write_bytes(flipped)
    with open_crate(tmp_path / "flipped.zip") as source, pytest.raises(ValidationError, match="can't be unpacked"):
        source.take("a", into, max_bytes=1000)


def test_what_is_no_crate_at_all_is_said(tmp_path):
    (tmp_path / "file").write_text("no")
    with pytest.raises(ValidationError, match="is no crate: It is no ZIP file"), open_crate(tmp_path / "file"):
        pass
    with pytest.raises(ValidationError, match="does not exist"), open_crate(tmp_path / "none"):
        pass

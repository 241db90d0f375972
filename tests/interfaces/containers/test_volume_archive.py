"""Unpacking an archive with hostile names and kinds."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import PurePosixPath

import pytest

from interfaces.containers import volume_archive
from interfaces.containers.volume_archive import unpack
from interfaces.errors import ValidationError
from interfaces.storage.hostile_tree import HostileTree, TooLarge

HERE = PurePosixPath(".")


def archive(*members, pieces: int = 777) -> list[bytes]:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, kind, data in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if isinstance(data, bytes):
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            else:
                member.linkname = data or ""
                tar.addfile(member)
    whole = content.getvalue()
    return [whole[at : at + pieces] for at in range(0, len(whole), pieces)]


def file(name, data=b"voxels"):
    return (name, tarfile.REGTYPE, data)


def folder(name):
    return (name, tarfile.DIRTYPE, None)


@pytest.mark.parametrize("pieces", [1, 512, 10_000_000])
def test_files_and_folders_come_out_below_the_wanted_place(tmp_path, pieces):
    chunks = archive(folder("mri"), file("mri/a.mha", b"x" * 3000), folder("mri/sub"), file("mri/sub/b"), pieces=pieces)
    assert unpack(chunks, tmp_path, below=PurePosixPath("images"), max_bytes=None) == 3006
    assert (tmp_path / "images/mri/a.mha").read_bytes() == b"x" * 3000
    assert (tmp_path / "images/mri/sub/b").read_bytes() == b"voxels"


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        (("x", tarfile.SYMTYPE, "/etc/passwd"), "a symbolic link"),
        (("x", tarfile.FIFOTYPE, None), "a named pipe"),
        (("x", tarfile.CHRTYPE, None), "a device"),
    ],
)
def test_what_is_no_file_is_shown_as_what_it_is_and_refused_by_the_reader(tmp_path, member, kind):
    unpack(archive(file("a"), member, file("z")), tmp_path, below=HERE, max_bytes=None)
    (tmp_path / "taken").mkdir()
    with pytest.raises(ValidationError, match=f"'x' is {kind}"):
        HostileTree(tmp_path).take_file("x", tmp_path / "taken", max_bytes=100)
    assert (tmp_path / "z").read_bytes() == b"voxels"


def test_a_second_name_of_a_file_is_one(tmp_path):
    unpack(archive(file("a"), ("b", tarfile.LNKTYPE, "a")), tmp_path, below=PurePosixPath("sub"), max_bytes=None)
    assert (tmp_path / "sub/b").samefile(tmp_path / "sub/a")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE])
def test_a_name_that_leaves_the_target_is_refused(tmp_path, name, kind):
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(ValidationError, match="leaves its folder"):
        unpack(archive((name, kind, b"" if kind == tarfile.REGTYPE else None)), into, below=HERE, max_bytes=None)
    assert list(tmp_path.iterdir()) == [into]


def test_a_hard_link_to_something_outside_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="leaves its folder"):
        unpack(archive(("x", tarfile.LNKTYPE, "../../etc/passwd")), tmp_path, below=HERE, max_bytes=None)


def test_nothing_is_written_through_a_link(tmp_path):
    outside, into = tmp_path / "outside", tmp_path / "into"
    outside.mkdir()
    into.mkdir()
    with pytest.raises(ValidationError, match="no folder"):
        unpack(archive(("x", tarfile.SYMTYPE, str(outside)), file("x/y")), into, below=HERE, max_bytes=None)
    assert list(outside.iterdir()) == []


def test_an_archive_is_read_no_further_than_the_bound(tmp_path):
    def endless():
        yield from archive(file("small"), pieces=512)[:2]
        header = tarfile.TarInfo("huge")
        header.size = 2**40
        yield header.tobuf(format=tarfile.GNU_FORMAT)
        while True:
            yield bytes(2**20)

    with pytest.raises(TooLarge) as caught:
        unpack(endless(), tmp_path, below=PurePosixPath("images"), max_bytes=10**6)
    assert (caught.value.relative_path, caught.value.size_bytes) == ("images/huge", 2**40 + 6)
    assert (tmp_path / "images/small").exists()


def test_too_many_entries_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(volume_archive, "MOST_ENTRIES", 20)
    with pytest.raises(ValidationError, match="more than 20 files"):
        unpack(archive(*(file(str(n)) for n in range(21))), tmp_path, below=HERE, max_bytes=None)


def test_the_same_place_twice_keeps_the_first(tmp_path):
    for data in (b"one", b"two"):
        unpack(archive(folder("a"), file("a/b", data)), tmp_path, below=HERE, max_bytes=None)
    assert (tmp_path / "a/b").read_bytes() == b"one"


def test_names_that_are_no_utf8_survive(tmp_path):
    unpack(archive(file(os.fsdecode(b"caf\xe9"))), tmp_path, below=HERE, max_bytes=None)
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [b"caf\xe9"]

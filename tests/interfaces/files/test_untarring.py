from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ServiceUnavailable, ValidationError
from interfaces.files.untarring import untar


def entry(name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, to: str = "", mode: int = 0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, to, mode, len(content)
    return info, content


def tarball(*entries, form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=form) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def unpack(written, into, *entries, max_bytes: int = 1_000_000) -> None:
    untar(written(tarball(*entries)), into, max_bytes=max_bytes)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_files_and_folders_are_unpacked_with_their_top_folder(written, into, form):
    data = tarball(
        entry("model", kind=tarfile.DIRTYPE),
        entry("model/weights.bin", b"w" * 99_999),
        entry("model/run", b"", mode=0o755),
        form=form,
    )
    untar(written(data), into, max_bytes=100_000)
    assert (into / "model/weights.bin").read_bytes() == b"w" * 99_999
    assert (into / "model/run").stat().st_mode & 0o777 == 0o755
    assert (into / "model/weights.bin").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_are_unpacked(written, into, form):
    name = "/".join(["folder" * 10] * 8)
    untar(written(tarball(entry(name, b"x"), form=form)), into, max_bytes=100)
    assert (into / name).read_bytes() == b"x"


def test_special_bits_and_owners_are_dropped(written, into):
    unpack(written, into, entry("a", b"x", mode=0o6777))
    assert (into / "a").stat().st_mode & 0o7777 == 0o755


def test_links_inside_are_kept(written, into):
    unpack(
        written,
        into,
        entry("m/v1/w", b"x"),
        entry("m/latest", kind=tarfile.SYMTYPE, to="v1"),
        entry("m/v1/up", kind=tarfile.SYMTYPE, to="../v1/w"),
        entry("hard", kind=tarfile.LNKTYPE, to="m/v1/w"),
    )
    assert (into / "m/latest/w").read_bytes() == (into / "m/v1/up").read_bytes() == (into / "hard").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a/./../../evil"])
def test_an_entry_that_leaves_the_folder_is_refused(written, into, tmp_path, name):
    with pytest.raises(ValidationError, match="leaves the folder"):
        unpack(written, into, entry(name, b"x"))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("to", ["/etc/passwd", "../outside", "a/../../outside", ".."])
def test_a_link_that_leaves_the_folder_is_refused(written, into, to):
    with pytest.raises(ValidationError, match="is a link that leaves the folder"):
        unpack(written, into, entry("link", kind=tarfile.SYMTYPE, to=to))
    assert not (into / "link").is_symlink()


def test_links_that_leave_the_folder_only_together_are_refused(written, into):
    with pytest.raises(ValidationError, match="is a link that leaves the folder"):
        unpack(
            written,
            into,
            entry("d", kind=tarfile.SYMTYPE, to="."),
            entry("e", kind=tarfile.SYMTYPE, to="d/d/d/../../.."),
        )
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("order", [1, -1])
def test_nothing_is_written_through_a_link(written, into, tmp_path, order):
    entries = [entry("d", kind=tarfile.SYMTYPE, to="."), entry("d/x", b"x")]
    with pytest.raises(ValidationError):
        unpack(written, into, *entries[::order])


def test_a_link_behind_a_link_is_refused(written, into):
    with pytest.raises(ValidationError, match="'d/x' lies behind a link"):
        unpack(written, into, entry("d", kind=tarfile.SYMTYPE, to="."), entry("d/x", kind=tarfile.SYMTYPE, to="y"))


def test_a_hard_link_to_what_is_not_in_the_archive_is_refused(written, into):
    for to in ("missing", "../../etc/passwd", "/etc/passwd"):
        with pytest.raises(ValidationError, match=r"not in it|leaves the folder"):
            unpack(written, into, entry("hard", kind=tarfile.LNKTYPE, to=to))


def test_a_file_that_comes_again_does_not_change_its_hard_link(written, into):
    unpack(written, into, entry("a", b"1"), entry("b", kind=tarfile.LNKTYPE, to="a"), entry("a", b"2"))
    assert ((into / "a").read_bytes(), (into / "b").read_bytes()) == (b"2", b"1")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(written, into, kind):
    with pytest.raises(ValidationError, match="'dev' is no file, folder or link"):
        unpack(written, into, entry("dev", kind=kind))


def test_a_sparse_file_is_refused_whatever_it_claims_to_hold(written, into):
    # As GNU tar writes a file of 1 TB with nothing in it: type S, and the real size in the header's own field.
    info = tarfile.TarInfo("huge")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % 2**33
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:512]) + 8 * 32)
    with pytest.raises(ValidationError):
        untar(written(gzip.compress(bytes(header) + bytes(1024))), into, max_bytes=10**6)
    assert list(into.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_refused(written, into):
    for entries in ([entry("a", b"1"), entry("a/b", b"2")], [entry("a/b", b"2"), entry("a", b"1")]):
        with pytest.raises(ValidationError, match=r"no \.tar\.gz that can be unpacked"):
            unpack(written, into, *entries)
        for path in sorted(into.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk of its own")
def test_a_full_disk_is_no_fault_of_the_tarball(written, into):
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", into], check=False, capture_output=True
    ).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with pytest.raises(ServiceUnavailable, match="no space left to unpack the tarball; free some"):
            unpack(written, into, entry("a", os.urandom(200_000)))
    finally:
        subprocess.run(["umount", into], check=True)


def test_too_many_bytes_are_refused(written, into):
    with pytest.raises(ValidationError, match="more than 999 bytes"):
        unpack(written, into, entry("a", b"x" * 500), entry("b", b"x" * 500), max_bytes=999)
    assert not (into / "b").exists()


def test_a_name_that_would_fill_the_memory_is_refused(written, into):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**40
    with pytest.raises(ValidationError, match=r"no \.tar\.gz that can be unpacked"):
        untar(written(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(2**22))), into, max_bytes=10**9)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        gzip.compress(b"text" * 500),
        tarball(entry("a", b"x" * 9_999))[:-60],
        tarball(entry("a", b"x"))[:20],
    ],
    ids=["empty", "text", "gzipped text", "cut", "cut early"],
)
def test_what_is_no_tarball_is_refused(written, into, content):
    with pytest.raises(ValidationError, match=r"The tarball is no \.tar\.gz that can be unpacked"):
        untar(written(content), into, max_bytes=10**6)


def test_a_tarball_with_another_compression_is_refused(written, into):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        archive.addfile(*[entry("a")[0]])
    with pytest.raises(ValidationError, match=r"no \.tar\.gz"):
        untar(written(buffer.getvalue()), into, max_bytes=10)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 3000), change=st.binary(min_size=1, max_size=8))
def test_a_damaged_tarball_never_writes_outside_or_raises_something_else(tmp_path_factory, at, change):
    folder = tmp_path_factory.mktemp("tar")
    (folder / "into").mkdir()
    entries = [entry("a", b"1" * 600), entry("s", kind=tarfile.SYMTYPE, to="a"), entry("b/c", b"2")]
    data = bytearray(gzip.decompress(tarball(*entries, form=tarfile.GNU_FORMAT)))
    data[at : at + len(change)] = change
    (folder / "file").write_bytes(gzip.compress(bytes(data)))
    with suppress(ValidationError):
        untar(folder / "file", folder / "into", max_bytes=100_000)
    assert sorted(path.name for path in folder.iterdir()) == ["file", "into"]
    assert all(path.resolve().is_relative_to(folder / "into") for path in (folder / "into").rglob("*"))

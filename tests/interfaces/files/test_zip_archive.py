from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
import zlib

import pytest

from interfaces.errors import ValidationError
from interfaces.files.zip_archive import TooLarge, check_zip, safe_entries

LIMITS = {"max_bytes": 10_000, "max_entries": 10}


def archive(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_passes_and_its_files_are_listed(written, method):
    path = written(archive({"a.txt": b"1", "sub/": b"", "sub/b.txt": b"2" * 1000}, method))
    check_zip(path)
    assert [entry.filename for entry in safe_entries(path, **LIMITS)] == ["a.txt", "sub/b.txt"]


def test_an_archive_without_entries_passes(written):
    check_zip(written(archive({})))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"not a zip" * 100, archive({"a": b"x" * 500})[:-30]],
    ids=["empty", "short", "text", "cut"],
)
def test_what_is_no_archive_is_refused(written, content):
    with pytest.raises(ValidationError, match="It is no ZIP file"):
        check_zip(written(content))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../evil", "..\\evil", "C:evil", "C:\\evil", "\\\\host\\share", ".."]
)
def test_an_entry_that_leaves_the_folder_is_refused(written, name):
    with pytest.raises(ValidationError, match="that leaves the archive"):
        check_zip(written(archive({name: b"x"})))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_an_entry_that_is_no_file_is_refused(written, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = (kind | 0o777) << 16
        file.writestr(entry, "/etc/passwd")
    with pytest.raises(ValidationError, match="'link' that is neither a file nor a folder"):
        check_zip(written(buffer.getvalue()))


def test_an_encrypted_entry_is_refused(written):
    data = bytearray(archive({"a": b"x"}))
    data[data.index(b"PK\3\4") + 6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(ValidationError, match="is encrypted; save it without a password"):
        check_zip(written(bytes(data)))


def test_a_broken_entry_is_refused(written):
    data = bytearray(archive({"a": bytes(range(256)) * 10}, zipfile.ZIP_STORED))
    data[100] ^= 1
    with pytest.raises(ValidationError, match="It is a damaged ZIP file: Bad CRC-32 for file 'a'"):
        check_zip(written(bytes(data)))


def test_too_many_entries_or_bytes_are_refused(written):
    path = written(archive({f"{n}": b"x" * 500 for n in range(12)}))
    with pytest.raises(TooLarge, match="It has 12 entries; at most 10 are allowed"):
        safe_entries(path, max_bytes=10_000, max_entries=10)
    with pytest.raises(TooLarge, match="It has 6000 bytes unpacked; at most 5999 are allowed"):
        safe_entries(path, max_bytes=5_999, max_entries=12)
    assert len(safe_entries(path, max_bytes=6_000, max_entries=12)) == 12


def test_a_directory_that_is_far_too_long_is_refused_before_it_is_read(written):
    path = written(archive({"x" * 200 + str(n): b"" for n in range(3000)}))
    with pytest.raises(TooLarge, match=r"directory of .* bytes; that is too long for 10 entries"):
        safe_entries(path, **LIMITS)


def test_entries_that_share_their_data_are_refused(written):
    """The bomb that counts one block of data many times: every directory entry points to the same file."""
    data = archive({"a": bytes(5_000)})
    start = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    directory = data[start:end] * 3
    tail = data[end:]
    tail = tail[:8] + struct.pack("<HHII", 3, 3, len(directory), start) + tail[20:]
    with pytest.raises(TooLarge, match="overlaps with another"):
        safe_entries(written(data[:start] + directory + tail), max_bytes=10**6, max_entries=10)


def test_an_archive_that_claims_to_expand_by_too_much_is_refused(written):
    data = bytearray(archive({"a": b"x" * 100}))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 2**31)
    with pytest.raises(TooLarge, match="claims to expand"):
        safe_entries(written(bytes(data)), max_bytes=2**40, max_entries=10)


def test_an_entry_that_is_longer_than_it_claims_is_refused(written):
    data = bytearray(archive({"a": b"x" * 100_000}))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    data[at + 16 : at + 20] = struct.pack("<I", zlib.crc32(b"x" * 11))
    with pytest.raises(ValidationError, match="damaged"):
        check_zip(written(bytes(data)))


@pytest.mark.parametrize("name", ["/".join("a" * 70), "n" * 300])
def test_a_name_that_no_file_system_takes_is_refused(written, name):
    with pytest.raises(ValidationError, match="has too long a name"):
        check_zip(written(archive({name: b"x"})))


def test_two_entries_for_one_place_are_refused(written):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("a", "x")
        file.writestr("./a", "y")
    with pytest.raises(ValidationError, match=r"It has the entry '\./a' twice"):
        check_zip(written(buffer.getvalue()))
    with pytest.raises(ValidationError, match="It has the entry 'a' both as a file and as a folder"):
        check_zip(written(archive({"a": b"x", "a/b": b"y"})))
    check_zip(written(archive({"a/": b"", "a/b": b"y"})))


def test_spoilt_data_of_every_method_are_refused(written):
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = bytearray(archive({"a": bytes(range(256)) * 40}, method))
        data[45:60] = b"\xff" * 15
        with pytest.raises(ValidationError, match="It is a damaged ZIP file"):
            check_zip(written(bytes(data)))


def test_an_entry_without_a_name_is_refused(written):
    data = archive({"a": b""})
    start = data.index(b"PK\1\2")
    nameless = data[:26] + b"\0" + data[27:30] + data[31 : start + 28] + b"\0" + data[start + 29 : start + 46]
    end = data[data.index(b"PK\5\6") :]
    end = end[:12] + struct.pack("<II", 46, start - 1) + end[20:]
    with pytest.raises(ValidationError, match=r"It is no ZIP file|that has no name"):
        check_zip(written(nameless + end))


def zip64(entries: int, directory_bytes: int | None = None) -> bytes:
    """An archive whose end says that all of it stands in the ZIP64 record, as some programs write always."""
    data = archive({f"{number}": b"" for number in range(entries)})
    at = data.rindex(b"PK\5\6")
    length, offset = struct.unpack("<II", data[at + 12 : at + 20])
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, directory_bytes or length, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    return data[:at] + record + locator + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)


def test_the_directory_of_a_zip64_archive_is_measured_where_it_stands(written):
    path = written(zip64(5))
    assert len(safe_entries(path, **LIMITS)) == 5
    with pytest.raises(TooLarge, match="It has 11 entries; at most 10 are allowed"):
        safe_entries(written(zip64(11)), **LIMITS)
    with pytest.raises(TooLarge, match="It has a directory of 4611686018427387904 bytes"):
        safe_entries(written(zip64(5, 2**62)), **LIMITS)


def test_a_long_directory_is_refused_before_it_is_read_into_objects(written):
    data = archive({f"{number}": b"" for number in range(5000)})
    with pytest.raises(TooLarge, match=r"It has a directory of|It has 5000 entries"):
        safe_entries(written(data), **LIMITS)
    # An end that looks like one within itself does not hide the directory's length.
    at = data.rindex(b"PK\5\6")
    hidden = data[:at] + data[at : at + 16] + b"PK\5\6" + data[at + 20 :]
    with pytest.raises(ValidationError, match=r"It has a directory of|It has 5000 entries"):
        safe_entries(written(hidden), **LIMITS)

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.errors import ValidationError
from interfaces.files.unzipping import unzip_input

LIMITS = {"max_bytes": 1_000_000, "max_entries": 100}


def archive(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b/c"], ["a", "b/c"]),
        (["top/a", "top/b/c"], ["a", "b/c"]),
        (["top/", "top/a"], ["a"]),
        (["top/sub/a", "top/sub/b"], ["sub/a", "sub/b"]),
        (["top/a", "b"], ["top/a", "b"]),
        (["a"], ["a"]),
        (["top/a", "__MACOSX/top/._a", ".DS_Store", "top/.DS_Store", "top/desktop.ini"], ["a"]),
        (["top\\a", "top\\b"], ["a", "b"]),
        (["./top/a"], ["a"]),
        ([".DS_Store"], []),
    ],
)
def test_files_are_unpacked_without_a_common_top_folder_and_junk(written, into, names, expected):
    unzip_input(written(archive(*((name, name.encode()) for name in names))), into, **LIMITS)
    assert sorted(files_in(into)) == sorted(expected)


def test_the_content_is_kept(written, into):
    unzip_input(written(archive(("a", b"1" * 70_000), ("b/c", b""))), into, **LIMITS)
    assert files_in(into) == {"a": b"1" * 70_000, "b/c": b""}


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "top/../../evil", "..\\evil"])
def test_nothing_leaves_the_folder(written, into, tmp_path, name):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValidationError, match=r"^Input zip file could not be extracted$") as caught:
        unzip_input(written(archive(("top/a", b""), (name, b"evil"))), into, **LIMITS)
    assert "leaves the archive" in str(caught.value.__cause__)
    assert files_in(into) == {}
    assert [path for path in tmp_path.iterdir() if path.name != "file"] == before


def test_a_file_that_is_there_is_not_overwritten(written, into):
    (into / "inputs.json").write_text("mine")
    with pytest.raises(ValidationError, match=r"^Input zip file could not be extracted$"):
        unzip_input(written(archive(("inputs.json", b"theirs"), ("b", b""))), into, **LIMITS)
    assert (into / "inputs.json").read_text() == "mine"


def test_a_link_in_the_folder_is_not_followed(written, into, tmp_path):
    (into / "out").symlink_to(tmp_path / "target")
    with pytest.raises(ValidationError, match="could not be extracted"):
        unzip_input(written(archive(("out", b"x"), ("b", b""))), into, **LIMITS)
    assert not (tmp_path / "target").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries", [[("a", b"1"), ("a", b"2")], [("a", b"1"), ("a/b", b"2")], [("x/a/b", b""), ("x/a", b"")]]
)
def test_entries_that_exclude_each_other_are_refused(written, into, entries):
    with pytest.raises(ValidationError, match=r"^Input zip file could not be extracted$"):
        unzip_input(written(archive(*entries)), into, **LIMITS)


@pytest.mark.parametrize("limits", [{"max_bytes": 999, "max_entries": 2}, {"max_bytes": 1000, "max_entries": 1}])
def test_what_is_too_large_is_refused_before_anything_is_written(written, into, limits):
    with pytest.raises(ValidationError, match=r"^Contents of zip file too large$"):
        unzip_input(written(archive(("a", b"1" * 500), ("b", b"2" * 500))), into, **limits)
    assert files_in(into) == {}


@pytest.mark.parametrize(
    "content", [b"", b"no archive", archive(("a", b"x" * 999))[:-40]], ids=["empty", "text", "cut"]
)
def test_what_is_no_archive_is_refused(written, into, content):
    with pytest.raises(ValidationError, match=r"^Input zip file could not be extracted$"):
        unzip_input(written(content), into, **LIMITS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), change=st.binary(min_size=1, max_size=6))
def test_a_damaged_archive_never_writes_outside_or_raises_something_else(tmp_path_factory, at, change):
    folder = tmp_path_factory.mktemp("zip")
    (folder / "into").mkdir()
    data = bytearray(archive(("top/a.txt", b"1" * 300), ("top/b/c.txt", b"22")))
    data[at % len(data) : at % len(data) + len(change)] = change
    (folder / "file").write_bytes(data)
    with suppress(ValidationError):
        unzip_input(folder / "file", folder / "into", **LIMITS)
    assert sorted(path.name for path in folder.iterdir()) == ["file", "into"]

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from interfaces.storage.file_store import FileStore
from interfaces.storage.links import link_or_copy
from interfaces.storage.stored_file import StoredFile, sha256_of


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


def write(path, data=b"voxels"):
    path.write_bytes(data)
    return path


def test_a_file_is_found_again_by_its_content(store, tmp_path):
    stored = store.put(write(tmp_path / "a.mha"), suffix=".mha")
    assert stored == StoredFile(sha256=hashlib.sha256(b"voxels").hexdigest(), size=6)
    assert store.path(stored.sha256, suffix=".mha").read_bytes() == b"voxels"


def test_the_same_content_is_one_file(store, tmp_path):
    first = store.put(write(tmp_path / "a.mha"), suffix=".mha")
    second = store.put(write(tmp_path / "b.mha"), suffix=".mha")
    assert first == second
    assert len(list(store.folder.rglob("*.mha"))) == 1


def test_a_stored_file_is_read_only_and_apart_from_its_source(store, tmp_path):
    source = write(tmp_path / "a.csv")
    stored = store.path(store.put(source, suffix=".csv").sha256, suffix=".csv")
    source.write_bytes(b"changed afterwards")
    assert stored.read_bytes() == b"voxels"
    assert stored.stat().st_mode & 0o777 == 0o444


def test_moving_leaves_no_source_behind(store, tmp_path):
    source = write(tmp_path / "a.csv")
    store.put(source, suffix=".csv", move=True)
    store.put(write(source), suffix=".csv", move=True)
    assert not source.exists()


def test_a_file_with_a_second_link_is_copied_rather_than_moved(store, tmp_path):
    other = write(tmp_path / "other.mha")
    linked = tmp_path / "linked.mha"
    os.link(other, linked)
    stored = store.path(store.put(linked, suffix=".mha", move=True).sha256, suffix=".mha")
    other.write_bytes(b"someone still writes to it")
    assert stored.read_bytes() == b"voxels"


def test_an_unknown_content_is_an_error_that_says_so(store):
    with pytest.raises(FileNotFoundError, match="the file store has no"):
        store.path("0" * 64, suffix=".mha")


def test_many_writers_of_one_content_leave_one_whole_file(store, tmp_path):
    sources = [write(tmp_path / f"{index}.bin", b"x" * 100_000) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(lambda source: store.put(source, suffix=".bin"), sources))
    assert len(stored) == 1
    assert store.path(stored.pop().sha256, suffix=".bin").stat().st_size == 100_000
    assert list((store.folder / "incoming").iterdir()) == []


def test_a_second_machine_fetches_what_the_first_one_stored(tmp_path):
    url = f"local://{tmp_path}/shared"
    first, second = FileStore(tmp_path / "one", url), FileStore(tmp_path / "two", url)
    stored = first.put_bytes(b"voxels", suffix=".mha")
    assert second.path(stored.sha256, suffix=".mha").read_bytes() == b"voxels"
    assert second.path(stored.sha256, suffix=".mha").is_relative_to(tmp_path / "two")


def test_a_link_shares_the_stored_file(store, tmp_path):
    stored = store.path(store.put_bytes(b"voxels", suffix=".mha").sha256, suffix=".mha")
    link_or_copy(stored, tmp_path / "deep" / "scan.mha")
    assert (tmp_path / "deep" / "scan.mha").samefile(stored)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    path = write(tmp_path / "a", b"\x00" * 3_000_000)
    assert sha256_of(path) == StoredFile(sha256=hashlib.sha256(b"\x00" * 3_000_000).hexdigest(), size=3_000_000)


def test_what_one_machine_shares_another_can_fetch(tmp_path):
    log = tmp_path / "log"
    log.write_text("words")
    url = f"file://{tmp_path / 'elsewhere'}"
    FileStore(tmp_path / "one", url).share(log, "logs/ab/log")
    assert FileStore(tmp_path / "two", url).fetch("logs/ab/log", tmp_path / "two" / "logs" / "log")
    assert (tmp_path / "two" / "logs" / "log").read_text() == "words"
    assert not FileStore(tmp_path / "two", url).fetch("logs/ab/other", tmp_path / "two" / "other")


def test_a_store_of_one_machine_shares_nothing(tmp_path):
    log = tmp_path / "log"
    log.write_text("words")
    store = FileStore(tmp_path / "one")
    store.share(log, "logs/log")
    assert not store.fetch("logs/log", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()

"""Stored files that nobody uses any more, and those that somebody has just found again."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from interfaces.storage.file_store import FileStore
from interfaces.storage.links import link_or_copy
from interfaces.storage.stored_file import StoredFile
from interfaces.storage.unused_files import KEPT_S, let_go, old_files

OLD = time.time() - 30 * 86_400


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


@pytest.fixture
def stored(store):
    """A file that was stored long ago."""

    def stored(data: bytes) -> StoredFile:
        known = store.put_bytes(data, suffix=".csv")
        os.utime(store.path(known.sha256, suffix=".csv"), (OLD, OLD))
        return known

    return stored


def before() -> float:
    return time.time() - KEPT_S


def removed(store) -> list[str]:
    return [
        one.name
        for one in list(old_files(store.folder, before()))
        if let_go(store.folder, one, before(), incoming=store.incoming)
    ]


def test_an_old_file_goes_and_a_recent_one_stays(store, stored):
    old, recent = stored(b"old"), store.put_bytes(b"recent", suffix=".csv")
    (found,) = old_files(store.folder, before())
    assert (found.name, found.size) == (f"{old.sha256[:2]}/{old.sha256}.csv", 3)
    assert removed(store) == [found.name]
    assert not store.holds(old, suffix=".csv")
    assert store.holds(recent, suffix=".csv")


def test_a_file_that_is_put_again_between_the_look_and_the_removal_stays(store, stored):
    old = stored(b"old")
    (found,) = old_files(store.folder, before())
    store.put_bytes(b"old", suffix=".csv")
    assert not let_go(store.folder, found, before(), incoming=store.incoming)
    assert store.path(old.sha256, suffix=".csv").read_bytes() == b"old"


def test_a_file_that_a_job_has_as_an_input_stays(store, stored, tmp_path):
    old = stored(b"old")
    link_or_copy(store.path(old.sha256, suffix=".csv"), tmp_path / "jobs" / "input.csv")
    assert removed(store) == []


def test_a_folder_of_links_goes_before_its_files(store, tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"a")
    members = store.put_members([tmp_path / "a.dcm"], suffix=".dcm")
    folder = store.folder_path(members, suffix=".dcm")
    for path in (store.path(members[0].sha256, suffix=".dcm"), folder):
        os.utime(path, (OLD, OLD))
    assert len(removed(store)) == 2
    assert not folder.exists()
    assert list(store.incoming.iterdir()) == []


def test_what_lies_there_and_is_no_stored_file_is_left_alone(store, stored):
    stored(b"old")
    for name in ("notes.txt", "zz/file", "incoming/1-2-x", "use.lock"):
        path = store.folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (OLD, OLD))
    assert len(removed(store)) == 1
    assert (store.folder / "zz/file").exists() and (store.folder / "notes.txt").exists()


def test_whoever_puts_a_file_while_it_is_removed_has_it(store, stored):
    contents = [f"content {number}".encode() for number in range(300)]
    for data in contents:
        stored(data)

    def put(data: bytes) -> bool:
        known = store.put_bytes(data, suffix=".csv")
        return store.holds(known, suffix=".csv")

    with ThreadPoolExecutor(3) as pool:
        cleaner = pool.submit(removed, store)
        there = list(pool.map(put, contents))
        cleaner.result()
    assert all(there)
    assert all(put(data) for data in contents)
    assert removed(store) == []

from __future__ import annotations

import os
import time
from pathlib import Path

from interfaces.settings_storage import StorageSettings
from interfaces.storage.file_store import FileStore
from interfaces.storage.links import link_folder, link_or_copy
from interfaces.storage.local_cache import GB, trimmed
from interfaces.storage.stored_file import StoredMember

MB = 2**20
LONG_AGO = 3600


def bounded(tmp_path: Path, name: str = "cache", megabytes: float = 4) -> FileStore:
    settings = StorageSettings(cache_gb=megabytes * MB / GB)
    return FileStore(tmp_path / name, f"file://{tmp_path}/shared", settings)


def stored(store: FileStore, index: int, *, minutes_ago: int) -> Path:
    """A file of 1 MiB that was used some time ago."""
    path = store.path(store.put_bytes(bytes([index]) * MB, suffix=".bin").sha256, suffix=".bin")
    used = time.time() - minutes_ago * 60
    os.utime(path, (used, used))
    return path


def test_what_was_used_longest_ago_goes_and_comes_again_when_it_is_asked_for(tmp_path):
    store = bounded(tmp_path, megabytes=100)
    paths = [stored(store, index, minutes_ago=100 - index) for index in range(6)]
    store.path(paths[0].stem, suffix=".bin")  # used now
    small = bounded(tmp_path, megabytes=4)
    assert small.trim() == 3 * MB
    assert [path.exists() for path in paths] == [True, False, False, False, True, True]
    assert small.path(paths[1].stem, suffix=".bin").read_bytes() == bytes([1]) * MB


def test_inputs_of_a_job_and_what_nobody_else_has_stay(tmp_path):
    store = bounded(tmp_path, megabytes=100)
    paths = [stored(store, index, minutes_ago=100) for index in range(3)]
    link_or_copy(paths[0], tmp_path / "job/input/a.bin")
    (tmp_path / "shared" / paths[1].relative_to(store.folder)).unlink()
    assert bounded(tmp_path, megabytes=0.5).trim() == MB
    assert [path.exists() for path in paths] == [True, True, False]


def test_a_file_that_was_just_asked_for_stays_though_the_cache_is_too_full(tmp_path):
    store = bounded(tmp_path, megabytes=0.5)
    paths = [store.path(store.put_bytes(bytes([i]) * MB, suffix=".bin").sha256, suffix=".bin") for i in range(3)]
    assert all(path.exists() for path in paths)
    gone = trimmed(store.folder, MB, is_safe=lambda name, size: True, incoming=store.incoming, just_used_s=-1)
    assert gone == 3 * MB


def test_a_folder_of_many_files_goes_with_its_files_unless_a_job_has_it(tmp_path):
    store = bounded(tmp_path, megabytes=100)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode() * MB)
    members: tuple[StoredMember, ...] = store.put_members((tmp_path / "a", tmp_path / "b"), suffix=".dcm")
    folder = store.folder_path(members, suffix=".dcm")
    job = tmp_path / "job/input"
    link_folder(folder, job)
    for member in folder.iterdir():
        used = time.time() - LONG_AGO
        os.utime(member, (used, used))
    small = bounded(tmp_path, megabytes=0.5)
    assert small.trim() == 0
    assert (job / "a").read_bytes() == b"a" * MB
    for path in job.iterdir():
        path.unlink()
    assert small.trim() == 2 * MB and not folder.exists()
    assert (small.folder_path(members, suffix=".dcm") / "b").read_bytes() == b"b" * MB

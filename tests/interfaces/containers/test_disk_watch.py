"""Watching real folders and the real disk below them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from interfaces.containers import disk_watch
from interfaces.containers.disk_watch import DiskWatch, written_folders
from interfaces.containers.records import DiskExcess

MB = 2**20
MORE_THAN_ANY_DISK = 2**60


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(disk_watch, "_PAUSE_S", 0.0)


def watch(*folders, max_bytes=None, min_free_bytes=0) -> DiskWatch:
    return DiskWatch(folders, max_bytes=max_bytes, min_free_bytes=min_free_bytes)


def settled(watch: DiskWatch) -> DiskExcess | None:
    """What it says once it has counted everything."""
    excess = None
    for _ in range(200):
        excess = watch.look() or excess
    return excess


def write(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_what_all_folders_hold_counts_together(tmp_path):
    write(tmp_path / "a" / "deep" / "er" / "x", 3 * MB)
    write(tmp_path / "b" / "y", 2 * MB)
    within = watch(tmp_path / "a", tmp_path / "b", max_bytes=6 * MB)
    assert settled(within) is None
    assert 5 * MB <= within.written_bytes < 5.2 * MB
    excess = settled(watch(tmp_path / "a", tmp_path / "b", max_bytes=4 * MB))
    assert excess.own
    assert excess.written_bytes > 4 * MB
    assert abs(excess.free_bytes - shutil.disk_usage(tmp_path).free) < 5 * 2**30


def test_what_is_deleted_counts_no_longer(tmp_path):
    write(tmp_path / "x", 3 * MB)
    watching = watch(tmp_path)
    settled(watching)
    (tmp_path / "x").unlink()
    settled(watching)
    assert watching.written_bytes < MB


def test_holes_and_second_names_take_no_space(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    write(tmp_path / "x", 2 * MB)
    for number in range(9):
        os.link(tmp_path / "x", tmp_path / f"again-{number}")
    watching = watch(tmp_path)
    settled(watching)
    assert 1.99 * MB <= watching.written_bytes < 2.2 * MB


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    write(tmp_path / "outside" / "x", 3 * MB)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    watching = watch(tmp_path / "inside")
    settled(watching)
    assert watching.written_bytes < MB


def test_hundreds_of_folders_in_each_other_hold_few_files_open(tmp_path):
    (tmp_path / "d").mkdir()
    number = os.open(tmp_path / "d", os.O_RDONLY)
    for _ in range(200):
        os.mkdir("d", dir_fd=number)
        inner = os.open("d", os.O_RDONLY, dir_fd=number)
        os.close(number)
        number = inner
    os.close(number)
    before = open_files()
    watching = watch(tmp_path)
    settled(watching)
    assert watching.written_bytes is not None
    assert open_files() == before


def test_one_look_takes_some_milliseconds_however_many_files_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_watch, "_COUNTING_S", 0.001)
    for number in range(3000):
        (tmp_path / str(number)).touch()
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "x", MB)
    watching = watch(tmp_path)
    watching.look()
    watching.look()
    assert watching.written_bytes < MB  # it is not through yet
    settled(watching)
    assert watching.written_bytes >= MB


def test_on_a_full_machine_the_one_that_writes_is_stopped_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_watch, "_GUILTY_PART", 2**40)  # a tenth of more than any disk would be too much to write
    write(tmp_path / "x", 3 * MB)
    excess = settled(watch(tmp_path, min_free_bytes=MORE_THAN_ANY_DISK))
    assert not excess.own
    assert excess.written_bytes >= 3 * MB


def test_on_a_full_machine_others_are_stopped_after_a_while(tmp_path, monkeypatch):
    watching = watch(tmp_path, min_free_bytes=MORE_THAN_ANY_DISK)
    assert settled(watching) is None
    monkeypatch.setattr(disk_watch, "_LOW_PATIENCE_S", 0.0)
    assert not watching.look().own


@pytest.mark.skipif(os.getuid() != 0, reason="reads as another user, which only root can become")
def test_without_the_right_to_count_only_the_free_space_is_watched(tmp_path, monkeypatch):
    write(tmp_path / "closed" / "x", 3 * MB)
    tmp_path.chmod(0o755)
    (tmp_path / "closed").chmod(0o700)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    watching = watch(tmp_path / "closed", max_bytes=MB)
    assert settled(watching) is None
    assert watching.written_bytes is None
    monkeypatch.setattr(disk_watch, "_LOW_PATIENCE_S", 0.0)
    assert watch(tmp_path / "closed", min_free_bytes=MORE_THAN_ANY_DISK).look() is not None


def test_folders_of_another_machine_are_not_watched():
    watching = watch(Path("/nowhere/volumes/x"), max_bytes=1, min_free_bytes=MORE_THAN_ANY_DISK)
    assert settled(watching) is None


def test_the_engine_says_where_a_container_writes():
    container = {
        "Mounts": [
            {"Type": "bind", "Source": "/home/input", "Destination": "/input"},
            {"Type": "volume", "Source": "/volumes/x/_data", "Destination": "/output"},
        ],
        "GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/layers/y/diff"}},
    }
    assert [str(path) for path in written_folders(container)] == ["/volumes/x/_data", "/layers/y/diff"]
    assert written_folders({"Mounts": [], "GraphDriver": None}) == ()

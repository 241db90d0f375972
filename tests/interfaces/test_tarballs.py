"""Unpacked once a machine, whatever happens on the way."""

from __future__ import annotations

import io
import os
import signal
import tarfile
import time
from pathlib import Path

import pytest
from programs import Program

from interfaces.errors import ValidationError
from interfaces.tarballs import TarballKind, unpacked


def stored(site, entries: dict[str, bytes]) -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0
            archive.addfile(info, io.BytesIO(content))
    return site.store.put_bytes(buffer.getvalue(), suffix=".tar.gz").sha256


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_mount_points_are_those_of_the_contract():
    assert TarballKind.MODEL.mount_point == "/opt/ml/model"
    assert TarballKind.GROUND_TRUTH.mount_point == "/opt/ml/input/data/ground_truth"


def test_it_is_unpacked_once(site):
    sha256 = stored(site, {"a/weights": b"1"})
    folder = unpacked(site, sha256)
    made = folder.stat().st_ino
    assert contents(folder) == {"a/weights": b"1"}
    assert unpacked(site, sha256).stat().st_ino == made


def test_every_user_can_read_it_whatever_the_umask_and_the_archive_say(site):
    sha256 = stored(site, {"a/b/weights": b"1"})
    before = os.umask(0o077)
    try:
        folder = unpacked(site, sha256)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder / "a", folder / "a/b")} == {0o755}
    assert (folder / "a/b/weights").stat().st_mode & 0o777 == 0o644


def test_what_a_process_left_half_done_is_made_anew(site):
    sha256 = stored(site, {"weights": b"1"})
    partial = site.home / "tarballs" / f"{sha256}.partial"
    (partial / "old").mkdir(parents=True)
    (partial / "weights").write_bytes(b"half")
    assert contents(unpacked(site, sha256)) == {"weights": b"1"}
    assert not partial.exists()


def test_nothing_is_left_of_a_tarball_that_is_refused(site):
    sha256 = stored(site, {"weights": b"1", "../evil": b"2"})
    with pytest.raises(ValidationError, match="leaves the folder"):
        unpacked(site, sha256)
    assert [path.name for path in (site.home / "tarballs").iterdir()] == [f"{sha256}.lock"]


UNPACK = "import sys; from interfaces.site import get_site; from interfaces.tarballs import unpacked; "


def start(sha256: str, *, more: str = "") -> Program:
    program = f"{UNPACK}{more}print(unpacked(get_site(), {sha256!r}).stat().st_ino)"
    return Program("code", program)


def test_several_processes_at_once_unpack_it_once(site):
    entries = {f"{index}/part": bytes([index % 256]) * 10_000 for index in range(500)}
    sha256 = stored(site, entries)
    processes = [start(sha256) for _ in range(2)]
    inodes = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(inodes) == 1
    assert contents(unpacked(site, sha256)) == entries


def test_after_a_kill_in_the_middle_the_next_process_has_it_whole(site):
    entries = {f"{index}": os.urandom(4000) for index in range(2000)}
    sha256 = stored(site, entries)
    partial = site.home / "tarballs" / f"{sha256}.partial"
    process = start(sha256)
    while process.poll() is None and not (partial / "100").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert partial.exists(), "it was killed too late to show anything"
    assert contents(unpacked(site, sha256)) == entries

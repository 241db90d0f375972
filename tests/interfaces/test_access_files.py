"""The files of a limited run: what was checked is what is read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import SimpleITK as sitk

from interfaces.access import limited_access
from interfaces.access_files import readable
from interfaces.errors import ValidationError
from interfaces.site import get_site


@pytest.fixture(autouse=True)
def inputs(limited_inputs: Path) -> Path:
    return limited_inputs


def test_a_file_is_read_from_a_copy_of_its_own_name_which_is_gone_afterwards(inputs):
    (inputs / "of-today").write_text("fine")
    (inputs / "link.txt").symlink_to("of-today")
    with readable(inputs / "link.txt") as path:
        assert (path.name, path.read_text()) == ("link.txt", "fine")
        assert path != inputs / "link.txt"
        assert path.stat().st_ino != (inputs / "of-today").stat().st_ino
    assert not path.exists()
    assert list(get_site().scratch_folder.iterdir()) == []


def test_who_is_not_limited_reads_the_file_itself(tmp_path):
    with limited_access(False), readable(tmp_path / "secret.json") as path:
        assert path == tmp_path / "secret.json"


def test_a_folder_is_taken_whole_without_what_systems_leave_there(inputs):
    for name in ("series/a/1", "series/a/2", "series/b/1", "series/.DS_Store"):
        (inputs / name).parent.mkdir(parents=True, exist_ok=True)
        (inputs / name).write_text(name)
    with readable(inputs / "series") as folder:
        assert sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()) == [
            "a/1",
            "a/2",
            "b/1",
        ]


def test_a_folder_with_a_link_to_elsewhere_is_refused(inputs, tmp_path):
    (inputs / "series").mkdir()
    (inputs / "series" / "1").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ValidationError, match="is not in a folder"), readable(inputs / "series"):
        pass


def test_hard_links_pipes_and_what_is_not_there_are_refused_in_one_sentence(inputs, tmp_path):
    os.link(tmp_path / "secret.json", inputs / "innocent")
    os.mkfifo(inputs / "pipe")
    for name, why in (("innocent", "further names"), ("pipe", "no plain file"), ("none", "does not exist")):
        with pytest.raises(ValidationError, match=why), readable(inputs / name):
            pass


def test_an_mhd_file_comes_with_its_voxels(inputs, tmp_path):
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkInt16), inputs / "scan.mhd")
    with readable(inputs / "scan.mhd") as path:
        assert sitk.ReadImage(path).GetSize() == (4, 3, 2)
    (inputs / "scan.raw").unlink()
    (inputs / "scan.raw").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ValidationError, match="is not in a folder"), readable(inputs / "scan.mhd"):
        pass


def test_a_file_that_is_swapped_between_check_and_opening_is_never_the_other_one(inputs, tmp_path):
    """Somebody swaps the file, and its folder, for links to elsewhere as fast as they can."""
    (inputs / "series").mkdir()
    (inputs / "series" / "1").write_text("fine")
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "1").write_text("nobody's business")
    stop = threading.Event()

    def swap() -> None:
        series, aside, draft = inputs / "series", inputs.parent / "aside", inputs.parent / "draft"
        while not stop.is_set():
            series.rename(aside)
            draft.symlink_to(tmp_path / "evil")
            draft.rename(series)
            series.unlink()
            aside.rename(series)

    swapping = threading.Thread(target=swap)
    swapping.start()
    read = refused = 0
    try:
        for _ in range(400):
            try:
                with readable(inputs / "series" / "1") as path:
                    assert path.read_text() == "fine"
                    read += 1
            except ValidationError:
                refused += 1
    finally:
        stop.set()
        swapping.join()
    assert read + refused == 400
    assert refused

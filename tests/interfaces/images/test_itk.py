"""ITK is silent only while it is asked to be, in however many threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import SimpleITK as sitk

from interfaces.errors import ValidationError
from interfaces.images.importing import import_image
from interfaces.images.itk import itk_reason, silent_itk


@pytest.mark.parametrize("before", [True, False])
def test_the_display_of_warnings_goes_back_to_what_it_was(before):
    sitk.ProcessObject.SetGlobalWarningDisplay(before)
    try:
        with silent_itk():
            with silent_itk():
                assert not sitk.ProcessObject.GetGlobalWarningDisplay()
            assert not sitk.ProcessObject.GetGlobalWarningDisplay()
        assert sitk.ProcessObject.GetGlobalWarningDisplay() is before
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(True)


def test_it_stays_silent_until_the_last_thread_is_done():
    meet = Barrier(3)

    def work() -> bool:
        with silent_itk():
            meet.wait()
            return bool(sitk.ProcessObject.GetGlobalWarningDisplay())

    sitk.ProcessObject.SetGlobalWarningDisplay(True)
    with ThreadPoolExecutor(3) as pool:
        assert [future.result() for future in [pool.submit(work) for _ in range(3)]] == [False] * 3
    assert sitk.ProcessObject.GetGlobalWarningDisplay()


def test_an_error_says_why_without_folders_and_addresses():
    with pytest.raises(RuntimeError) as caught, silent_itk():
        sitk.ReadImage("/nowhere/at/all.mha", imageIO="MetaImageIO")
    reason = itk_reason(caught.value, path=Path("/nowhere/at/all.mha"))
    assert "/nowhere" not in reason
    assert "0x" not in reason
    assert "\n" not in reason
    assert reason


@pytest.mark.parametrize("name", [b"\xff.mha", b"\xff.nii.gz", b"\xff.tif", b"\xff.png", b"\xff"])
def test_a_name_that_is_no_text_does_not_end_the_process(write_image, write_series, tmp_path, name):
    ending = Path(os.fsdecode(name)).suffix
    source = (
        write_image(f"a{'.nii' if ending == '.gz' else ''}{ending}", np.zeros((5, 6), np.uint8)) if ending else None
    )
    source = source or next(write_series().iterdir())
    (tmp_path / "into").mkdir()
    with pytest.raises(ValidationError, match=r"the name '\\udcff.*' is no text in UTF-8; rename the file"):
        import_image(source.rename(tmp_path / os.fsdecode(name)), tmp_path / "into")

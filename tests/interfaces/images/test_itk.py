"""ITK is silent only while it is asked to be, in however many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import SimpleITK as sitk

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

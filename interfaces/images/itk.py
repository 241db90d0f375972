"""SimpleITK without its noise: no warnings on stderr, and errors cut down to the one line that says why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import SimpleITK as sitk

from interfaces.errors import ValidationError

_lock = Lock()
_silenced = 0
_display_before = True

_OBJECT_ADDRESS = re.compile(r"^\w+\(0x[0-9a-f]+\):\s*")
_MAX_REASON = 200


@contextmanager
def silent_itk() -> Iterator[None]:
    """Keep ITK from writing warnings to stderr; safe to nest and to use in several threads.

    The switch is global to ITK, so it goes back only when the last one that asked for silence is done.
    """
    global _silenced, _display_before
    with _lock:
        if _silenced == 0:
            _display_before = bool(sitk.ProcessObject.GetGlobalWarningDisplay())
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
        _silenced += 1
    try:
        yield
    finally:
        with _lock:
            _silenced -= 1
            if _silenced == 0:
                sitk.ProcessObject.SetGlobalWarningDisplay(_display_before)


def itk_name(path: Path) -> str:
    """A path as ITK takes it; on one that is no text it would end the process.

    Raises:
        ValidationError: It is not UTF-8.
    """
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(f"the name {path.name!a} is no text in UTF-8; rename the file") from error
    return name


def itk_reason(error: RuntimeError, *, path: Path) -> str:
    """The line of an ITK error that says why, without addresses, source files and the folder of `path`."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR:" in line] or lines[-1:] or ["no reason given"]
    reason = telling[0].split("ERROR:", 1)[-1].strip()
    reason = _OBJECT_ADDRESS.sub("", reason)
    reason = reason.replace(str(path), path.name).replace(f"{path.parent}/", "")
    return reason[:_MAX_REASON]

"""Emptying a folder that a component can write to, while the component may still be running.

Self-contained, for any Python from 3.8 on: where this process may not do it itself, the text of this file is run in a
container beside the component's. There it says that it is ready, and empties the folders of its arguments each time
that it reads a line.
"""

from __future__ import annotations

import os
import sys

MOST_ENTRIES = 100_000
MOST_DEPTH = 100
"""More is not worth the time (2 s) and the open files: then the whole volume is thrown away instead."""

READY, EMPTY, FULL = "ready\n", "empty\n", "full\n"

_PASSES = 3
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _TooMuch(Exception):
    """More entries or folders in folders than are removed one by one."""


def empty(folder: str) -> bool:
    """Remove all that is in a folder, never through a link.

    Args:
        folder: Its path, which is trusted.

    Returns:
        Whether nothing is left. False, too, if there is too much, or somebody writes faster than we remove.
    """
    left = [MOST_ENTRIES]
    for _ in range(_PASSES):
        try:
            number = os.open(folder, _FOLDER)
            try:
                _clear(number, left, 0)
                with os.scandir(number) as entries:
                    if next(entries, None) is None:
                        return True
            finally:
                os.close(number)
        except _TooMuch:
            return False
        except OSError:  # something changed under our hands
            continue
    return False


def _clear(number: int, left: list[int], depth: int) -> None:
    if depth > MOST_DEPTH:
        raise _TooMuch
    with os.scandir(number) as entries:
        for entry in entries:
            left[0] -= 1
            if left[0] < 0:
                raise _TooMuch
            if entry.is_dir(follow_symlinks=False):
                inner = os.open(entry.name, _FOLDER, dir_fd=number)
                try:
                    _clear(inner, left, depth + 1)
                finally:
                    os.close(inner)
                os.rmdir(entry.name, dir_fd=number)
            else:
                os.unlink(entry.name, dir_fd=number)


def _serve() -> None:
    answer = READY
    while True:
        sys.stdout.write(answer)
        sys.stdout.flush()
        if not sys.stdin.readline():
            return
        answer = EMPTY if all(empty(folder) for folder in sys.argv[1:]) else FULL


if __name__ == "__main__":
    _serve()

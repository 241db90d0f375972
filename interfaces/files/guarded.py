"""Parsers that a hostile file could crash or exhaust run in a process of their own, with bounded memory and time.

A check script is a file of plain Python that imports nothing of this project. It gets the file's path as its last
argument. If the file is not valid it prints one sentence and exits with `REFUSED`; if it is, it exits with 0.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from interfaces.errors import ValidationError

REFUSED = 3
CPU_S = 120
WALL_S = 600
MEMORY_BYTES = 4 * 2**30

_START = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S}))
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_BYTES}, {MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def check_guarded(script: Path, path: Path, *, what: str) -> None:
    """Run a check script on a file.

    Args:
        script: The script.
        path: The file.
        what: What the file should be, for the message.

    Raises:
        ValidationError: The script refused the file, crashed on it, or used up its memory or time.
    """
    command = [sys.executable, "-I", "-c", _START, str(script), str(path.absolute())]
    # Threads of NumPy's algebra would take up address space, and nothing here computes.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=WALL_S, check=False, stdin=subprocess.DEVNULL, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise ValidationError(f"It is no {what} that can be read in {WALL_S} s") from error
    if done.returncode == REFUSED:
        raise ValidationError(done.stdout.decode("utf-8", errors="replace").strip()[:500])
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", errors="replace").strip().splitlines() or [f"exit {done.returncode}"]
        raise ValidationError(f"It is no {what} that can be read") from RuntimeError(lines[-1][:500])

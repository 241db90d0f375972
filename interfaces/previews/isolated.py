"""Renderers that a hostile file could crash, exhaust or send elsewhere run in a process of their own.

A renderer is a file of plain Python that imports nothing of this project. It reads its input from stdin or from a path,
its last argument, and writes what it made to stdout. If it can't, it prints one sentence and exits with `REFUSED`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from interfaces.errors import ValidationError

REFUSED = 3
CPU_S = 20
WALL_S = 30
MEMORY_BYTES = 3 * 2**29
"""Most private memory of a renderer; V8 needs about 0.6 GiB of it for a small chart."""

MAX_OUTPUT_BYTES = 32 * 2**20

_START = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S}))
resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY_BYTES}, {MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({MAX_OUTPUT_BYTES}, {MAX_OUTPUT_BYTES}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def render(script: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Run a renderer.

    Args:
        script: The renderer.
        arguments: Its arguments.
        given: Its stdin.

    Returns:
        What it wrote.

    Raises:
        ValidationError: It refused, crashed, or used up its time, memory or room; the text is for the user.
    """
    command = [sys.executable, "-I", "-c", _START, str(script), *arguments]
    environment = {
        name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH"}
    }
    # Files and not pipes: a file's length is limited, and nobody waits for a reader.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target, tempfile.TemporaryFile() as log:
        source.write(given)
        source.seek(0)
        process = subprocess.Popen(
            command, stdin=source, stdout=target, stderr=log, env=environment, cwd="/", start_new_session=True
        )
        try:
            code = process.wait(WALL_S)
        except subprocess.TimeoutExpired as error:
            raise ValidationError(f"it takes more than {WALL_S} s to draw") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        target.seek(0)
        log.seek(0)
        made, errors = target.read(MAX_OUTPUT_BYTES), log.read(2**16).decode("utf-8", errors="replace")
    if code == REFUSED:
        raise ValidationError(made.decode("utf-8", errors="replace").strip()[:300])
    if code != 0:
        lines = [line for line in errors.strip().splitlines() if line.strip()] or [f"exit {code}"]
        why = f"it takes more than {CPU_S} s to draw" if code == -signal.SIGXCPU else "the program that draws it failed"
        raise ValidationError(why) from RuntimeError(lines[-1][:500])
    return made

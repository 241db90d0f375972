"""A container's output: kept whole up to a bound, shown live in the Prefect run, its last lines in the record."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Literal
from uuid import UUID

from interfaces.site import Site

Stream = Literal["stdout", "stderr"]
STREAMS: tuple[Stream, ...] = ("stdout", "stderr")

TAIL_LINES = 500
"""Lines in the job's record, as on the public platform."""
MAX_LINE = 8_192
SHOWN_BYTES = 2 * 2**20
"""Most bytes of one job that go to the Prefect server, which keeps logs in its database."""
BATCH_BYTES = 16_384
BATCH_S = 0.25


def log_path(site: Site, job_id: UUID, stream: Stream) -> Path:
    """The file with a job's kept output."""
    return site.home / _name(job_id, stream)


def _name(job_id: UUID, stream: Stream) -> str:
    return f"logs/{str(job_id)[:2]}/{job_id}.{stream}"


def share_logs(site: Site, job_id: UUID) -> None:
    """Put the kept output of a job that has ended where other machines of the site can read it.

    Raises:
        ServiceUnavailable: The file store is out of reach.
    """
    for stream in STREAMS:
        if (path := log_path(site, job_id, stream)).exists():
            site.store.share(path, _name(job_id, stream))


def fetched_log(site: Site, job_id: UUID, stream: Stream) -> Path:
    """The file with a job's kept output, got from the site's store if the job ran on another machine."""
    path = log_path(site, job_id, stream)
    if not path.exists():
        site.store.fetch(_name(job_id, stream), path)
    return path


def kept_bytes(site: Site, job_id: UUID) -> int:
    """How much of a job's output is kept."""
    paths = [log_path(site, job_id, stream) for stream in STREAMS]
    return sum(path.stat().st_size for path in paths if path.exists())


def kept_tails(site: Site, job_id: UUID) -> dict[Stream, str]:
    """The last lines of what is kept of a job's output."""
    tails: dict[Stream, str] = {}
    for stream in STREAMS:
        path = log_path(site, job_id, stream)
        data = b""
        if path.exists():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - TAIL_LINES * MAX_LINE))
                data = file.read()
        tails[stream] = "\n".join(_printable(line) for line in data.splitlines()[-TAIL_LINES:])
    return tails


def _printable(line: bytes) -> str:
    # PostgreSQL keeps no NUL in text, and a terminal must not be driven by a container.
    text = line[:MAX_LINE].decode("utf-8", errors="replace").rstrip("\r")
    if text.isprintable():  # nearly always, and many times as quick
        return text
    return "".join(one if one.isprintable() or one == "\t" else "\N{REPLACEMENT CHARACTER}" for one in text)


class JobLogs:
    """Takes a container's output as it comes.

    Args:
        site: Where it is kept.
        job_id: Whose output it is.
        show: Takes text for people to watch, a few lines at a time.
    """

    def __init__(self, site: Site, job_id: UUID, show: Callable[[str], None]) -> None:
        self._show = show
        self._limit = site.settings.limits.log_bytes
        self._files: dict[str, BinaryIO] = {}
        for stream in STREAMS:
            path = log_path(site, job_id, stream)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[stream] = path.open("wb", buffering=0)
        self._kept = dict.fromkeys(STREAMS, 0)
        self._tails: dict[str, deque[bytes]] = {stream: deque(maxlen=TAIL_LINES) for stream in STREAMS}
        self._rest = dict.fromkeys(STREAMS, b"")
        self._batch: list[str] = []
        self._batch_bytes = self._shown = 0
        self._since = monotonic()
        self._lock = threading.Lock()

    def take(self, stream: str, data: bytes) -> None:
        """Take some bytes of stdout or stderr."""
        with self._lock:
            room = self._limit - self._kept[stream]  # type: ignore[index]
            if room > 0:
                self._files[stream].write(data[:room])
                self._kept[stream] += min(len(data), room)  # type: ignore[index]
            *lines, rest = (self._rest[stream] + data).split(b"\n")  # type: ignore[index]
            if len(rest) > MAX_LINE:
                lines, rest = [*lines, rest], b""
            self._rest[stream] = rest  # type: ignore[index]
            for line in lines[-TAIL_LINES:]:
                self._add(stream, line)
            if self._batch_bytes >= BATCH_BYTES or monotonic() - self._since >= BATCH_S:
                self._flush()

    def tick(self) -> None:
        """Show what waits; called now and then while the container is quiet."""
        with self._lock:
            self._flush()

    def _add(self, stream: str, line: bytes) -> None:
        self._tails[stream].append(line[:MAX_LINE])
        # Only what is shown is made printable at once: a component that prints gigabytes would wait for us.
        if self._shown < SHOWN_BYTES:
            self._batch.append(_printable(line))
            self._batch_bytes += len(line)

    def _flush(self) -> None:
        self._since = monotonic()
        if not self._batch:
            return
        batch, self._batch, size, self._batch_bytes = self._batch, [], self._batch_bytes, 0
        if self._shown >= SHOWN_BYTES:
            return
        self._shown += size
        self._show("\n".join(batch)[:SHOWN_BYTES])
        if self._shown >= SHOWN_BYTES:
            self._show("... further output is not shown here; 'component-flows logs' has it")

    def close(self) -> None:
        """Take over unfinished last lines and close the files."""
        with self._lock:
            for stream in STREAMS:
                if self._rest[stream]:
                    self._add(stream, self._rest[stream])
                    self._rest[stream] = b""
                self._files[stream].close()
            self._flush()

    def tail(self, stream: Stream) -> str:
        """The last lines."""
        return "\n".join(_printable(line) for line in self._tails[stream])

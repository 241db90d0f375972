"""Which process works on something, and whether it still lives: leases, labels and scratch folders name it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SEPARATOR = "|"
_START_FIELD = 19
"""In ``/proc/<pid>/stat``, after the state: the process's start in clock ticks since boot (proc(5), field 22)."""

_ID_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process, told from every other one: also from a later one with the same number, and from one after a reboot.

    Attributes:
        host: The machine's name and id: many machines are called localhost, and clones of one have the same id.
        boot: The kernel's id of this boot and of the process's PID namespace; "" where they can't be read.
        pid: The process's number.
        started: Its start in clock ticks since boot; "" where it can't be read.
    """

    host: str
    boot: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Owner:
        """This process."""
        return _current(os.getpid())

    @classmethod
    def from_text(cls, text: str) -> Owner | None:
        """Read what `str` gives; None where it is something else."""
        parts = text.split(_SEPARATOR)
        if len(parts) != 4 or not parts[2].isdecimal():
            return None
        return cls(host=parts[0], boot=parts[1], pid=int(parts[2]), started=parts[3])

    def __str__(self) -> str:
        """One line, for a record or a label."""
        return _SEPARATOR.join((self.host, self.boot, str(self.pid), self.started))

    def is_alive(self) -> bool | None:
        """Whether the process lives; None where that can't be told from here: on another machine or in a sandbox."""
        here = Owner.current()
        if self.host != here.host or not self.boot or not here.boot:
            return None
        kernel, _, namespace = self.boot.partition("/")
        here_kernel, _, here_namespace = here.boot.partition("/")
        if kernel != here_kernel:
            return False  # the machine was started anew since
        if namespace != here_namespace:
            return None
        return _start_of(self.pid) == self.started != ""


@lru_cache(maxsize=2)
def _current(pid: int) -> Owner:
    return Owner(host=_host(), boot=_boot(), pid=pid, started=_start_of(pid))


def _host() -> str:
    name = socket.gethostname().replace(_SEPARATOR, "-")
    try:
        machine = Path("/etc/machine-id").read_text().strip()[:_ID_DIGITS]
    except OSError:
        machine = ""
    return f"{name}.{machine}" if machine.isalnum() else name


def _boot() -> str:
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{kernel}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    # A zombie has ended: only its parent has not looked yet.
    return "" if state in "ZX" else fields[_START_FIELD - 1]


def owned_name() -> str:
    """The start of the name of a file or folder that this process will remove; `is_orphan` finds it after a crash."""
    owner = Owner.current()
    return f"{owner.pid}-{owner.started or 'x'}-"


def is_orphan(name: str) -> bool:
    """Whether a file or folder named with `owned_name` belongs to a process of this machine that lives no more.

    After a reboot the start of a process can't equal an earlier one's: the numbers start anew, and a process with the
    same pair is as likely as two that start in the same hundredth of a second.
    """
    pid, _, rest = name.partition("-")
    started = rest.partition("-")[0]
    return pid.isdecimal() and started.isdecimal() and _start_of(int(pid)) != started

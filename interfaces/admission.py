"""Who may start: jobs share out the memory, the CPU cores and the GPUs of a machine, in the order in which they came.

What counts is what a job declares, since what it will use is not known before: so a machine is never promised away
twice. It is a rule over records; `interfaces.database.admission_records` keeps them, `tasks.admission` waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from interfaces.containers.gpus import Gpu, is_of_type
from interfaces.containers.records import EngineInfo
from interfaces.settings import Settings

GB = 2**30


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a job declares that it uses of its machine while its container runs.

    Attributes:
        memory_bytes: Its memory limit.
        cpus: CPU cores.
        gpu_type: Of the one GPU that it gets; "" for none.
    """

    memory_bytes: int
    cpus: float
    gpu_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the jobs of a machine have together.

    Attributes:
        machine: What the engine calls its machine.
        memory_bytes: Memory, without the site's reserve.
        reserve_bytes: That reserve.
        cpus: CPU cores.
        cpus_per_job: How many of them one job counts as.
        gpus: The GPUs.
    """

    machine: str
    memory_bytes: int
    reserve_bytes: int
    cpus: float
    cpus_per_job: float
    gpus: tuple[Gpu, ...] = ()

    @classmethod
    def of(cls, info: EngineInfo, settings: Settings) -> Capacity:
        """What an engine's machine has for the jobs of a site."""
        reserve = int(settings.admission.reserve_memory_gb * GB)
        cpus = settings.admission.cpus or float(info.cpus)
        return cls(
            machine=info.name,
            memory_bytes=max(0, info.memory_bytes - reserve),
            reserve_bytes=reserve,
            cpus=cpus,
            # A limit on cores is a ceiling and no demand: a job never waits for more than there are.
            cpus_per_job=min(settings.limits.cpus or 1.0, cpus),
            gpus=info.gpus,
        )

    def share(self, *, memory_gb: float, gpu_type: str = "") -> Share:
        """What a job with these limits has of it."""
        return Share(memory_bytes=int(memory_gb * GB), cpus=self.cpus_per_job, gpu_type=gpu_type)

    def why_never(self, share: Share) -> str | None:
        """Why a job can't run here even alone, in one sentence; None if it can."""
        if share.memory_bytes <= self.memory_bytes:
            return None
        return (
            f"{share.memory_bytes / GB:g} GB of memory can never be had on this machine: its jobs share "
            f"{self.memory_bytes / GB:.1f} GB, what it has less {self.reserve_bytes / GB:g} GB that stay free "
            "(setting admission.reserve_memory_gb)"
        )

    def parallel(self, shares: Iterable[Share]) -> int:
        """How many of many such jobs run at a time, at most; at least 1."""
        smallest = min((one.memory_bytes for one in shares), default=1) or 1
        return max(1, min(int(self.cpus / self.cpus_per_job), self.memory_bytes // smallest))


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A job that has a share of the machine, or waits for one.

    Attributes:
        job_id: The job.
        share: What it declares.
        is_admitted: Whether it has it.
    """

    job_id: UUID
    share: Share
    is_admitted: bool


def to_admit(capacity: Capacity, tickets: Iterable[Ticket]) -> list[UUID]:
    """The waiting jobs that may start now.

    The first that does not fit holds up all that came after it: otherwise small jobs could keep a large one waiting for
    ever. Only who waits for a GPU holds up nobody, but those who want the same.

    Args:
        capacity: What there is.
        tickets: All tickets of the machine, in the order in which they came.
    """
    tickets = list(tickets)
    held = [one.share for one in tickets if one.is_admitted]
    memory, cpus = sum(one.memory_bytes for one in held), sum(one.cpus for one in held)
    gpus = [one.gpu_type for one in held if one.gpu_type]
    found: list[UUID] = []
    for ticket in tickets:
        share = ticket.share
        if ticket.is_admitted or not _has_gpu(capacity, share.gpu_type, gpus):
            continue
        # Alone, a job always starts: limits may have been lowered since it was checked.
        is_alone = not held and not found
        fits = memory + share.memory_bytes <= capacity.memory_bytes and cpus + share.cpus <= capacity.cpus
        if not fits and not is_alone:
            break
        found.append(ticket.job_id)
        memory, cpus = memory + share.memory_bytes, cpus + share.cpus
        gpus += [share.gpu_type] if share.gpu_type else []
    return found


def _has_gpu(capacity: Capacity, wanted: str, taken: list[str]) -> bool:
    here = sum(is_of_type(gpu, wanted) for gpu in capacity.gpus)
    # Where there is none at all, the job's own step says so.
    return not wanted or not here or taken.count(wanted) < here

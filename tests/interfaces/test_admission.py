from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.admission import GB, Capacity, Share, Ticket, to_admit
from interfaces.containers.gpus import Gpu
from interfaces.containers.records import EngineInfo
from interfaces.settings import AdmissionSettings, LimitSettings, Settings

INFO = EngineInfo(
    version="29", api_version="1.44", name="here", cpus=4, memory_bytes=8 * GB, cgroup_version=2, gpus=(), local=True
)
GPUS = (Gpu(uuid="GPU-1", model="NVIDIA A100-SXM4-40GB"), Gpu(uuid="GPU-2", model="Tesla T4"))


def capacity(memory_gb: float = 8, cpus: float = 4, gpus: tuple[Gpu, ...] = ()) -> Capacity:
    return Capacity(
        machine="here", memory_bytes=int(memory_gb * GB), reserve_bytes=0, cpus=cpus, cpus_per_job=1, gpus=gpus
    )


def tickets(*texts: str) -> list[Ticket]:
    """Tickets such as ``"+ 4"`` (has 4 GB), ``"- 1 T4"`` (waits for 1 GB and a T4); each counts as one core."""
    found = []
    for number, text in enumerate(texts):
        sign, memory, *gpu = text.split()
        share = Share(memory_bytes=int(float(memory) * GB), cpus=1, gpu_type=gpu[0] if gpu else "")
        found.append(Ticket(job_id=UUID(int=number), share=share, is_admitted=sign == "+"))
    return found


@pytest.mark.parametrize(
    ("queue", "starting"),
    [
        (["- 4", "- 4", "- 4"], [0, 1]),
        (["+ 4", "- 4", "- 0.5"], [1]),
        (["+ 4", "- 6", "- 1"], []),  # the small one does not overtake
        (["- 1"] * 6, [0, 1, 2, 3]),
        (["+ 1", "+ 1", "+ 1", "+ 1", "- 1"], []),
        (["- 100"], [0]),  # alone, it starts, whatever has become of the limits
        (["+ 1", "- 100"], []),
        (["- 100", "- 1"], [0]),
        ([], []),
    ],
)
def test_jobs_start_in_the_order_of_their_coming_as_far_as_they_fit(queue, starting):
    assert [job.int for job in to_admit(capacity(), tickets(*queue))] == starting


@pytest.mark.parametrize(
    ("queue", "starting"),
    [
        (["+ 1 A100", "- 1 A100", "- 1"], [2]),
        (["+ 1 A100", "- 1 T4"], [1]),
        (["- 1 T4", "- 1 T4", "- 1 A100"], [0, 2]),
        (["- 1 V100"], [0]),  # its own step says that there is none
    ],
)
def test_who_waits_for_a_gpu_holds_up_only_those_who_want_the_same(queue, starting):
    assert [job.int for job in to_admit(capacity(gpus=GPUS), tickets(*queue))] == starting


@given(st.lists(st.tuples(st.floats(0.1, 8), st.booleans()), max_size=12), st.floats(0.5, 4))
def test_a_machine_is_never_promised_away_twice(wanted, cpus):
    here = capacity(cpus=cpus)
    queue: list[Ticket] = []
    for number, (memory, leaves) in enumerate(wanted):
        share = here.share(memory_gb=memory)
        queue.append(
            Ticket(
                job_id=UUID(int=number),
                share=Share(memory_bytes=share.memory_bytes, cpus=min(1, cpus)),
                is_admitted=False,
            )
        )
        started = set(to_admit(here, queue))
        queue = [
            Ticket(job_id=one.job_id, share=one.share, is_admitted=one.is_admitted or one.job_id in started)
            for one in queue
        ]
        held = [one.share for one in queue if one.is_admitted]
        assert held
        assert sum(one.memory_bytes for one in held) <= here.memory_bytes
        assert sum(one.cpus for one in held) <= here.cpus
        if leaves:
            queue.remove(next(one for one in queue if one.is_admitted))


def test_a_capacity_is_what_the_machine_has_less_the_reserve():
    here = Capacity.of(INFO, Settings(admission=AdmissionSettings(reserve_memory_gb=2)))
    assert (here.memory_bytes, here.cpus, here.cpus_per_job) == (6 * GB, 4, 1)
    assert here.why_never(here.share(memory_gb=6)) is None
    assert here.why_never(here.share(memory_gb=7)) == (
        "7 GB of memory can never be had on this machine: its jobs share 6.0 GB, what it has less 2 GB that stay free "
        "(setting admission.reserve_memory_gb)"
    )


@pytest.mark.parametrize(
    ("limit", "cores", "per_job", "parallel"),
    [(None, None, 1, 4), (2, None, 2, 2), (8, None, 4, 1), (2, 1, 1, 1), (0.5, None, 0.5, 6)],
)
def test_a_job_counts_as_its_limit_on_cores_and_never_as_more_than_there_are(limit, cores, per_job, parallel):
    settings = Settings(limits=LimitSettings(cpus=limit), admission=AdmissionSettings(cpus=cores, reserve_memory_gb=2))
    here = Capacity.of(INFO, settings)
    assert here.cpus_per_job == per_job
    assert here.parallel([here.share(memory_gb=1), here.share(memory_gb=3)]) == parallel

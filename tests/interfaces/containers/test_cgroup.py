"""Counters of a control group, in the kernel's own formats of both versions."""

from __future__ import annotations

import pytest

from interfaces.containers.cgroup import open_cgroup

CONTAINER = "4f1c" * 16
PID = 4321


@pytest.fixture
def kernel(tmp_path):
    """Lays out a process file system and control groups as a kernel shows them."""

    def lay_out(*, groups: str, mounts: str, files: dict[str, str]):
        for name, text in {
            f"proc/{PID}/cgroup": groups,
            "proc/self/mounts": mounts.replace("/sys", f"{tmp_path}/sys"),
            **files,
        }.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path / "proc"

    return lay_out


V1_MEMORY = f"sys/fs/cgroup/memory/docker/{CONTAINER}"
V1 = {
    "groups": f"9:memory:/docker/{CONTAINER}\n4:cpu,cpuacct:/docker/{CONTAINER}\n"
    f"1:name=systemd:/docker/{CONTAINER}\n0::/system.slice/containerd.service\n",
    "mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
    "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n",
    "files": {
        f"{V1_MEMORY}/memory.usage_in_bytes": "5000000\n",
        f"{V1_MEMORY}/memory.max_usage_in_bytes": "9000000\n",
        f"{V1_MEMORY}/memory.stat": "cache 3\ninactive_file 1\ntotal_inactive_file 1000000\n",
        f"{V1_MEMORY}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        f"sys/fs/cgroup/cpu,cpuacct/docker/{CONTAINER}/cpuacct.usage": "2500000000\n",
    },
}
V2_GROUP = f"sys/fs/cgroup/system.slice/docker-{CONTAINER}.scope"
V2 = {
    "groups": f"0::/system.slice/docker-{CONTAINER}.scope\n",
    "mounts": "tmpfs /run tmpfs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n",
    "files": {
        f"{V2_GROUP}/memory.current": "5000000\n",
        f"{V2_GROUP}/memory.peak": "9000000\n",
        f"{V2_GROUP}/memory.stat": "anon 3\nfile 4\ninactive_anon 7\ninactive_file 1000000\n",
        f"{V2_GROUP}/memory.events": "low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\noom_group_kill 0\n",
        f"{V2_GROUP}/cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
    },
}


@pytest.mark.parametrize("layout", [V1, V2], ids=["version 1", "version 2"])
def test_both_versions_give_the_same_figures(kernel, layout):
    with open_cgroup(PID, CONTAINER, proc=kernel(**layout)) as group:
        reading = group.read()
    assert (reading.cpu_seconds, reading.memory_bytes) == (2.5, 4_000_000)
    assert (reading.peak_memory_bytes, reading.oom_kills) == (9_000_000, 2)


def test_a_kernel_without_a_high_water_mark_gives_what_is_in_use(kernel):
    files = {name: text for name, text in V2["files"].items() if not name.endswith("memory.peak")}
    with open_cgroup(PID, CONTAINER, proc=kernel(**{**V2, "files": files})) as group:
        assert group.read().peak_memory_bytes == 5_000_000


@pytest.mark.parametrize("layout", [V1, V2], ids=["version 1", "version 2"])
def test_a_process_of_another_container_is_not_taken_for_this_one(kernel, layout):
    assert open_cgroup(PID, "beef" * 16, proc=kernel(**layout)) is None


def test_a_process_that_is_gone_has_no_group(kernel):
    assert open_cgroup(PID + 1, CONTAINER, proc=kernel(**V2)) is None


def test_a_group_that_is_not_mounted_here_is_none(kernel):
    assert open_cgroup(PID, CONTAINER, proc=kernel(**{**V2, "mounts": ""})) is None


def test_a_group_whose_files_are_missing_is_none(kernel):
    assert open_cgroup(PID, CONTAINER, proc=kernel(**{**V1, "files": {}})) is None

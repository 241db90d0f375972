"""What to try against each kind of failure, where many jobs are looked at rather than one.

A job's own verdict says more: what it had, what it was allowed, and which number to try.
"""

from __future__ import annotations

from interfaces.verdicts.verdict import VerdictKind

_AGAIN = "the fault is not the component's; 'component-flows retry' runs a job again"

GENERAL_ADVICE: dict[VerdictKind, str] = {
    VerdictKind.MEMORY_LIMIT: "raise memory_gb in component.yaml, or let it hold less at once",
    VerdictKind.MEMORY_WARNING: "raise memory_gb in component.yaml: a process was killed, and its part may be missing",
    VerdictKind.PYTHON_MEMORY_ERROR: "raise memory_gb in component.yaml, or let it hold less at once",
    VerdictKind.CUDA_OUT_OF_MEMORY: "use smaller batches or patches, or a GPU with more memory",
    VerdictKind.TIME_LIMIT: "raise time_limit in component.yaml, unless it waited for something ('show' tells)",
    VerdictKind.SIGNAL: "its own code crashed; 'component-flows logs' has its last lines",
    VerdictKind.EXIT_CODE: "its own code failed; 'component-flows logs' has its last lines",
    VerdictKind.PROCESS_LIMIT: "start fewer workers or threads (OMP_NUM_THREADS), or raise limits.processes",
    VerdictKind.DISK_FULL: "let it write less, raise the setting limits.disk_bytes, or free some space "
    "('component-flows clean')",
    VerdictKind.MISSING_ENTRY_POINT: "correct ENTRYPOINT or CMD of the image, and register it again",
    VerdictKind.CANNOT_START: "correct the image's user and permissions; 'component-flows try' tells more",
    VerdictKind.WRONG_ARCHITECTURE: "build all of the image for linux/amd64, and register it again",
    VerdictKind.MISSING_GPU: "set gpu_type in component.yaml, or let it run without a GPU",
    VerdictKind.CANCELLED: "somebody stopped it; nothing is wrong",
    VerdictKind.INVALID_INPUTS: "correct the inputs; 'component-flows show' names each",
    VerdictKind.OUTPUT_MISSING: "write every output that component.yaml names; 'component-flows lint' helps",
    VerdictKind.OUTPUT_INVALID: "write what the interface allows; 'component-flows show' names the place",
    VerdictKind.OUTPUT_TOO_LARGE: "write less, or raise the settings limits.output_bytes and limits.json_bytes",
    VerdictKind.IMAGE_MISSING: "register the component again: its image is gone from the engine",
    VerdictKind.ENGINE_GONE: f"{_AGAIN}; 'component-flows doctor' looks at the engine",
    VerdictKind.RUNNER_LOST: f"{_AGAIN}; its process or machine went away",
    VerdictKind.UNEXPECTED: "the fault is not the component's; the log of its Prefect run has the cause",
}
"""One line for each kind."""

"""The GPUs of this machine, from what the NVIDIA driver shows in its own file system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")
"""One folder per GPU, each with a text file ``information`` of ``Key: value`` lines (NVIDIA driver README, chapter
"Using the /proc file system interface")."""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU.

    Attributes:
        uuid: Its id, as device requests take it (``GPU-...``).
        model: Such as ``NVIDIA A100-SXM4-40GB``.
    """

    uuid: str
    model: str


def local_gpus(folder: Path = NVIDIA_GPUS) -> tuple[Gpu, ...]:
    """The GPUs that the driver lists, in the order of their bus addresses; empty without a driver.

    Args:
        folder: Where the driver lists them.
    """
    if not folder.is_dir():
        return ()
    found = []
    for information in sorted(folder.glob("*/information")):
        facts = dict(_fact(line) for line in information.read_text(errors="replace").splitlines() if ":" in line)
        if facts.get("GPU UUID", "").startswith("GPU-"):
            found.append(Gpu(uuid=facts["GPU UUID"], model=facts.get("Model", "")))
    return tuple(found)


def is_of_type(gpu: Gpu, wanted: str) -> bool:
    """Whether a GPU is of the type that a component wants.

    The type must stand as a word of its own in the model's name, in any case: ``NVIDIA A100-SXM4-40GB`` is an A100,
    ``Tesla T4`` a T4, ``NVIDIA A10G`` is no A10 and ``NVIDIA T400`` no T4. Types that a site adds follow the same rule
    and may have several words: ``H100``, ``RTX A6000``, ``A100-SXM4-80GB``.

    Args:
        gpu: The GPU.
        wanted: The type; "" is none.
    """
    words = rf"(?<![A-Za-z0-9]){re.escape(wanted)}(?![A-Za-z0-9])"
    return bool(wanted) and re.search(words, gpu.model, re.IGNORECASE) is not None


def _fact(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()

"""Whose fault it is that a container does not start, told from the engine's words.

The texts are those of Docker 20.10 to 29 with runc, and of tini, the small init that Docker runs as process 1. Since
tini starts first, a missing program is not seen by the engine but printed by tini on stderr, with exit code 127 or 126.
"""

from __future__ import annotations

import re
from enum import StrEnum

from interfaces.errors import EngineError


class StartProblem(StrEnum):
    """Why an image can't run."""

    ENTRY_POINT = "entry point"
    PERMISSION = "permission"
    USER = "user"
    ARCHITECTURE = "architecture"
    GPU = "gpu"
    RUNTIME = "runtime"
    SERVER = "server"


class ContainerCannotStart(EngineError):
    """The engine works, but this image can't run on it as asked.

    Attributes:
        problem: Which part of the image or of the request is at fault.
    """

    def __init__(self, message: str, *, problem: StartProblem) -> None:
        self.problem = problem
        super().__init__(message)


_TINI = re.compile(rb"\A\[FATAL tini \(\d+\)\] exec (?P<program>.*) failed: (?P<why>[^\n]*)", re.DOTALL)
_TINI_EXIT_CODES = frozenset({1, 126, 127})

_ENGINE_WORDS: tuple[tuple[str, StartProblem], ...] = (
    ("does not match the specified platform", StartProblem.ARCHITECTURE),
    ("exec format error", StartProblem.ARCHITECTURE),
    ("no matching manifest for", StartProblem.ARCHITECTURE),
    ("could not select device driver", StartProblem.GPU),
    ("nvidia-container-cli", StartProblem.GPU),
    ("unknown device", StartProblem.GPU),
    ("unable to find user", StartProblem.USER),
    ("unable to find group", StartProblem.USER),
    ("no matching entries in passwd file", StartProblem.USER),
    ("no matching entries in group file", StartProblem.USER),
    ("no command specified", StartProblem.ENTRY_POINT),
    ("executable file not found", StartProblem.ENTRY_POINT),
    ('": permission denied', StartProblem.PERMISSION),
    ("unable to start container process: exec", StartProblem.ENTRY_POINT),
    ("oci runtime create failed", StartProblem.RUNTIME),
)

_INIT_WORDS = (("format error", StartProblem.ARCHITECTURE), ("permission denied", StartProblem.PERMISSION))

_ADVICE = {
    StartProblem.ENTRY_POINT: "its entry point can't be run; look at ENTRYPOINT and CMD in its Dockerfile",
    StartProblem.PERMISSION: "its user may not run its entry point; give it 'chmod a+rx' in its Dockerfile",
    StartProblem.USER: "the user of its USER line does not exist in it",
    StartProblem.ARCHITECTURE: "it is not built for linux/amd64; build it with --platform linux/amd64",
    StartProblem.GPU: "the engine has no such GPU to give; look at the NVIDIA driver and container toolkit",
    StartProblem.RUNTIME: "the engine can't set it up as asked",
}


def from_engine_words(image: str, words: str) -> ContainerCannotStart | None:
    """The error for a refused create or start, or None where the words tell of trouble with the engine itself.

    Args:
        image: What the image is called in the message.
        words: The engine's explanation.
    """
    lower = words.lower()
    for fragment, problem in _ENGINE_WORDS:
        if fragment in lower:
            return ContainerCannotStart(
                f"the image '{image}' can't start: {_ADVICE[problem]} (the engine says: {words.strip()})",
                problem=problem,
            )
    return None


def from_init_words(image: str, exit_code: int, stderr_start: bytes) -> ContainerCannotStart | None:
    """The error for a program that the container's init could not run, or None where it ran.

    Args:
        image: What the image is called in the message.
        exit_code: The container's.
        stderr_start: The first bytes of its stderr.
    """
    found = _TINI.match(stderr_start) if exit_code in _TINI_EXIT_CODES else None
    if found is None:
        return None
    program, why = (found[name].decode(errors="replace") for name in ("program", "why"))
    problem = next((one for words, one in _INIT_WORDS if words in why.lower()), StartProblem.ENTRY_POINT)
    return ContainerCannotStart(
        f"the image '{image}' can't start: {_ADVICE[problem]} ('{program}': {why})", problem=problem
    )

"""What a run is called: what a person has typed into Prefect's form stays; what Prefect has made up gives way.

Prefect does not say who named a run. So names are known by their looks: its server calls a run that nobody named after
an animal (`faithful-quoll`), and the form of its UI comes with a star of its own filled in (`beta2-cygni-nebula`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import coolname
from coolname.loader import load_config

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|omicron|pi|rho|sigma|tau|upsilon|phi|chi"
    "|psi|omega"
)
_STAR = re.compile(rf"(?:{_GREEK})[0-9]*(?:-[a-z-]*)?")


def typed_name(name: str | None) -> str | None:
    """The name of a run if somebody has chosen it; None if Prefect has made it up.

    Args:
        name: What the run is called.
    """
    return name if name and not (_STAR.fullmatch(name) or _is_animal(name)) else None


def _is_animal(name: str) -> bool:
    first, _, second = name.partition("-")
    return second in _words("subj") and first in _words("adj_any")


@lru_cache(maxsize=2)
def _words(which: str) -> frozenset[str]:
    """The words that Prefect's names are made of, as the library that makes them has them."""
    config: Any = load_config(Path(coolname.__file__).with_name("data"))
    return frozenset(word for part in config[which]["lists"] for word in config[part]["words"])

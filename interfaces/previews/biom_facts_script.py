"""Reads the attributes of a BIOM 2 table (HDF5) with h5py; `isolated` runs it in a process of its own.

Argument: the file. stdout: a JSON object with type, shape, stored and form.
"""

from __future__ import annotations

import json
import sys
from typing import Any

REFUSED = 3


def facts(path: str) -> dict[str, Any]:
    """Type, shape and number of stored values."""
    import h5py  # type: ignore[import-untyped, unused-ignore]

    with h5py.File(path, "r") as table:
        kind = table.attrs["type"]
        return {
            "type": kind.decode("utf-8", errors="replace") if isinstance(kind, bytes) else str(kind),
            "shape": [int(length) for length in table.attrs["shape"]],
            "stored": int(table.attrs["nnz"]),
            "form": "BIOM 2 (HDF5)",
        }


if __name__ == "__main__":
    try:
        print(json.dumps(facts(sys.argv[-1])))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, OverflowError):
        print("it is a damaged HDF5 file")
        sys.exit(REFUSED)

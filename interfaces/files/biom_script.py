"""Checks a BIOM 2 table (HDF5) with h5py; `guarded` runs it in a process of its own.

Format: https://biom-format.org/documentation/format_versions/biom-2.1.html
"""

from __future__ import annotations

import sys
from typing import Any

REFUSED = 3
MAX_OBJECTS = 100_000
_BLOCK = 2**20

_ATTRIBUTES = ("type", "format-url", "format-version", "generated-by", "creation-date", "shape", "nnz")


class Refused(Exception):
    """The file is no BIOM table; the text says why."""


def check(path: str) -> None:
    """Refuse a file that is no BIOM 2 table.

    Raises:
        Refused: It is not.
    """
    import h5py  # type: ignore[import-untyped, unused-ignore]

    with h5py.File(path, "r") as table:
        _check_own(table, h5py)
        for name in _ATTRIBUTES:
            if name not in table.attrs:
                raise Refused(f"It lacks the attribute '{name}', which a BIOM table has")
        rows, columns = _shape(table.attrs["shape"])
        stored = int(table.attrs["nnz"])
        for axis, own, other in (("observation", rows, columns), ("sample", columns, rows)):
            ids = _dataset(table, h5py, f"{axis}/ids")
            if ids.shape != (own,):
                raise Refused(f"It has {ids.shape} {axis} ids, but its shape is {rows} x {columns}")
            _check_ids(ids, h5py, axis)
            _check_matrix(table, h5py, axis, own, other, stored)


def _check_own(table: Any, h5py: Any) -> None:
    """Refuse data that lie in other files, wherever they stand: whoever read the table would open those files."""
    count = 0

    def problem(name: str, link: Any) -> str | None:
        nonlocal count
        count += 1
        if count > MAX_OBJECTS:
            return f"It has more than {MAX_OBJECTS} groups and datasets"
        if isinstance(link, h5py.ExternalLink):
            return f"It has a link to another file at '{name[:100]}'; a BIOM table holds its own data"
        found = table[name] if isinstance(link, h5py.HardLink) else None
        if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
            return f"It has data in another file at '{name[:100]}'; a BIOM table holds its own data"
        return None  # go on

    if why := table.visititems_links(problem):
        raise Refused(why)


def _shape(value: Any) -> tuple[int, int]:
    lengths = value.tolist() if hasattr(value, "tolist") else value
    if not (isinstance(lengths, list) and len(lengths) == 2 and all(type(one) is int and one >= 0 for one in lengths)):
        raise Refused(f"It has the shape {str(lengths)[:80]}, which is not that of a table")
    return lengths[0], lengths[1]


def _check_ids(ids: Any, h5py: Any, axis: str) -> None:
    """Ids are texts, and no two of one axis are the same."""
    if h5py.check_string_dtype(ids.dtype) is None:
        raise Refused(f"It has {axis} ids that are no texts")
    known: set[bytes] = set()
    for start in range(0, ids.shape[0], _BLOCK):
        block = ids[start : start + _BLOCK].tolist()
        before = len(known)
        known.update(block)
        if len(known) < before + len(block):
            raise Refused(f"It has an id twice among its {axis} ids")


def _dataset(table: Any, h5py: Any, name: str) -> Any:
    """A dataset of one dimension that lies in this file."""
    group = table
    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or part not in group:
            raise Refused(f"It lacks '{name}', which a BIOM table has")
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise Refused(f"It has a link at '{name}'; a BIOM table holds its own data")
        group = group[part]
    if not isinstance(group, h5py.Dataset) or len(group.shape or ()) != 1 or group.external or group.is_virtual:
        raise Refused(f"It has no list of its own at '{name}'")
    return group


def _check_matrix(table: Any, h5py: Any, axis: str, own: int, other: int, stored: int) -> None:
    data, indices, starts = (_dataset(table, h5py, f"{axis}/matrix/{name}") for name in ("data", "indices", "indptr"))
    if data.shape != (stored,) or indices.shape != (stored,) or starts.shape != (own + 1,):
        raise Refused(f"It has a matrix by {axis} whose lists do not have the lengths that nnz and shape say")
    for what, values, most in (("indices", indices, other - 1), ("indptr", starts, stored)):
        last = 0
        for start in range(0, values.shape[0], _BLOCK):
            block = values[start : start + _BLOCK]
            if block.dtype.kind not in "iu" or block.min() < 0 or block.max() > most:
                raise Refused(f"It has {what} by {axis} that lie outside of its shape")
            if what == "indptr" and (block[0] < last or (block[1:] < block[:-1]).any()):
                raise Refused(f"It has an indptr by {axis} that goes down")
            if what == "indptr" and start == 0 and block[0] != 0:
                raise Refused(f"It has an indptr by {axis} that does not begin with 0")
            last = block[-1]
        if what == "indptr" and last != stored:
            raise Refused(f"It has an indptr by {axis} that does not end with nnz, {stored}")
    for start in range(0, stored, _BLOCK):
        if data[start : start + _BLOCK].dtype.kind not in "iuf":
            raise Refused(f"It has data by {axis} that are no numbers")


if __name__ == "__main__":
    try:
        check(sys.argv[-1])
    except Refused as refusal:
        print(refusal)
        sys.exit(REFUSED)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, OverflowError) as error:
        print(f"It is a damaged HDF5 file: {' '.join(str(error).split())[:200]}")
        sys.exit(REFUSED)

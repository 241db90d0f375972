"""BIOM tables: format 1 is JSON, format 2 is HDF5.

Format: https://biom-format.org/documentation/biom_format.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from interfaces.errors import ValidationError
from interfaces.files import biom_script
from interfaces.files.guarded import check_guarded
from interfaces.json_parsing import parse_json

MAX_JSON_BYTES = 512 * 2**20

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_KEYS = ("format", "type", "rows", "columns", "matrix_type", "matrix_element_type", "shape", "data")
_ELEMENTS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "unicode": (str,)}


def check_biom(path: Path) -> None:
    """A BIOM table: ids for each row and column, and data within the shape.

    Raises:
        ValidationError: It is not; the text says what is wrong in it.
    """
    with path.open("rb") as file:
        is_hdf5 = file.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC
    if is_hdf5:
        check_guarded(Path(biom_script.__file__), path, what="BIOM table in HDF5")
        return
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ValidationError(f"It has more than {MAX_JSON_BYTES} bytes of JSON; write large BIOM tables as HDF5")
    try:
        table = parse_json(path.read_bytes())
    except ValidationError as error:
        raise ValidationError(f"It is neither HDF5 nor JSON, as a BIOM table is: {error}") from error
    _check_table(table)


def _check_table(table: Any) -> None:
    if not isinstance(table, dict):
        raise ValidationError("It is JSON, but not an object, as a BIOM table is")
    if missing := [key for key in _KEYS if key not in table]:
        raise ValidationError(f"It lacks '{missing[0]}', which a BIOM table has")
    shape = table["shape"]
    if not (isinstance(shape, list) and len(shape) == 2 and all(_is_index(length, 2**53) for length in shape)):
        raise ValidationError(f"It has the shape {_shown(shape)}, which is not that of a table")
    for key, length in zip(("rows", "columns"), shape, strict=True):
        ids = table[key]
        if not isinstance(ids, list) or len(ids) != length:
            raise ValidationError(f"It does not have as many {key} as its shape says, {length}")
        known: set[str] = set()
        for number, entry in enumerate(ids):
            name = entry.get("id") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                raise ValidationError(f"It has no id at {key}[{number}]; an id is a text")
            if name in known:
                raise ValidationError(f"It has the id {_shown(name)} twice among its {key}")
            known.add(name)
    if table["matrix_element_type"] not in list(_ELEMENTS):
        raise ValidationError(f"It has the matrix_element_type {_shown(table['matrix_element_type'])}")
    _check_data(table, shape, _ELEMENTS[table["matrix_element_type"]])


def _check_data(table: dict[str, Any], shape: list[int], element: tuple[type, ...]) -> None:
    data = table["data"]
    if not isinstance(data, list):
        raise ValidationError("It has data that are not a list")
    if table["matrix_type"] == "dense":
        if len(data) != shape[0] or any(not isinstance(row, list) or len(row) != shape[1] for row in data):
            raise ValidationError("It has dense data that are not of its shape")
        values = ((f"data[{number}]", value) for number, row in enumerate(data) for value in row)
    elif table["matrix_type"] == "sparse":
        for number, entry in enumerate(data):
            if not isinstance(entry, list) or len(entry) != 3:
                raise ValidationError(f"It has no row, column and value at data[{number}]")
            if not (_is_index(entry[0], shape[0]) and _is_index(entry[1], shape[1])):
                raise ValidationError(f"It has a row or column outside of its shape at data[{number}]")
        values = ((f"data[{number}]", entry[2]) for number, entry in enumerate(data))
    else:
        raise ValidationError(f"It has the matrix_type {_shown(table['matrix_type'])}; sparse and dense are known")
    for where, value in values:
        if not isinstance(value, element) or isinstance(value, bool):
            raise ValidationError(f"It has a value at {where} that is not of its matrix_element_type")


def _is_index(value: Any, end: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < end


def _shown(value: Any) -> str:
    return json.dumps(value)[:80]

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from interfaces.errors import ValidationError
from interfaces.files.biom import check_biom


def table(**changes: Any) -> dict[str, Any]:
    base = {
        "id": None,
        "format": "Biological Observation Matrix 1.0.0",
        "format_url": "http://biom-format.org",
        "type": "OTU table",
        "generated_by": "a test",
        "date": "2020-01-01T00:00:00",
        "rows": [{"id": "r1", "metadata": None}, {"id": "r2", "metadata": None}],
        "columns": [{"id": "c1", "metadata": None}, {"id": "c2", "metadata": None}, {"id": "c3", "metadata": None}],
        "matrix_type": "sparse",
        "matrix_element_type": "int",
        "shape": [2, 3],
        "data": [[0, 2, 5], [1, 0, 7]],
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": []},
        {"matrix_type": "dense", "data": [[1, 2, 3], [4, 5, 6]]},
        {"matrix_element_type": "float", "data": [[0, 0, 0.5], [0, 1, 2]]},
        {"matrix_element_type": "unicode", "data": [[0, 0, "x"]]},
        {"rows": [], "columns": [], "shape": [0, 0], "data": []},
    ],
)
def test_a_json_table_passes(written, changes):
    check_biom(written(json.dumps(table(**changes))))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rows": ...}, "It lacks 'rows'"),
        ({"data": ...}, "It lacks 'data'"),
        ({"shape": [2]}, r"It has the shape \[2\]"),
        ({"shape": [2, -3]}, "It has the shape"),
        ({"shape": [3, 3]}, "does not have as many rows as its shape says, 3"),
        ({"columns": [{"id": "a"}, {"id": "b"}, {}]}, r"It has no id at columns\[2\]"),
        ({"columns": [{"id": "a"}, {"id": "b"}, {"id": 3}]}, r"It has no id at columns\[2\]; an id is a text"),
        ({"rows": [{"id": "a"}, {"id": "a"}]}, 'It has the id "a" twice among its rows'),
        ({"data": [[0, 3, 1]]}, r"outside of its shape at data\[0\]"),
        ({"data": [[0, 0, 1], [-1, 0, 1]]}, r"outside of its shape at data\[1\]"),
        ({"data": [[0, 0, 1], [1, 1]]}, r"It has no row, column and value at data\[1\]"),
        ({"data": [[0, 0, "x"]]}, r"a value at data\[0\] that is not of its matrix_element_type"),
        ({"data": [[0, 0, True]]}, r"a value at data\[0\]"),
        ({"data": {}}, "data that are not a list"),
        ({"matrix_type": "dense", "data": [[1, 2], [3, 4]]}, "dense data that are not of its shape"),
        ({"matrix_type": "odd"}, 'matrix_type "odd"; sparse and dense are known'),
        ({"matrix_element_type": "complex"}, "matrix_element_type"),
        ({"matrix_element_type": ["int"]}, "matrix_element_type"),
    ],
)
def test_a_json_table_that_does_not_add_up_is_refused(written, changes, why):
    with pytest.raises(ValidationError, match=why):
        check_biom(written(json.dumps(table(**changes))))


@pytest.mark.parametrize(
    "content", [b"", b"text", b"[1]", b"[" * 200_000, b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000]
)
def test_what_is_neither_json_nor_hdf5_is_refused(written, content):
    with pytest.raises(ValidationError):
        check_biom(written(content))


@pytest.fixture
def hdf5(tmp_path):
    """Writes a BIOM 2 table of 2 rows and 3 columns, then lets a change be made to it."""

    def write(change=lambda file: None) -> Path:
        path = tmp_path / "table"
        with h5py.File(path, "w") as file:
            for name in ("type", "format-url", "generated-by", "creation-date"):
                file.attrs[name] = "x"
            file.attrs["format-version"] = [2, 1]
            file.attrs["shape"] = [2, 3]
            file.attrs["nnz"] = 2
            for axis, ids, starts, indices in (
                ("observation", ["r1", "r2"], [0, 1, 2], [2, 0]),
                ("sample", ["c1", "c2", "c3"], [0, 1, 1, 2], [1, 0]),
            ):
                file[f"{axis}/ids"] = ids
                file[f"{axis}/matrix/data"] = np.array([5.0, 7.0])
                file[f"{axis}/matrix/indices"] = np.array(indices, np.int32)
                file[f"{axis}/matrix/indptr"] = np.array(starts, np.int32)
            change(file)
        return path

    return write


def test_an_hdf5_table_passes(hdf5):
    check_biom(hdf5())


def _replace(name: str, value: Any):
    def change(file: h5py.File) -> None:
        del file[name]
        if value is not ...:
            file[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda file: file.attrs.pop("nnz"), "It lacks the attribute 'nnz'"),
        (lambda file: file.attrs.__setitem__("shape", [2, 4]), r"It has \(3,\) sample ids, but its shape is 2 x 4"),
        (lambda file: file.attrs.__setitem__("shape", [2]), r"It has the shape \[2\]"),
        (lambda file: file.attrs.__setitem__("nnz", 3), "do not have the lengths that nnz and shape say"),
        (_replace("sample/ids", ...), "It lacks 'sample/ids'"),
        (_replace("sample/matrix/indices", np.array([9, 0])), "indices by sample that lie outside"),
        (_replace("sample/matrix/indices", np.array([-1, 0])), "indices by sample that lie outside"),
        (_replace("sample/matrix/indptr", np.array([0, 2, 1, 2])), "an indptr by sample that goes down"),
        (_replace("observation/matrix/data", np.array([b"a", b"b"])), "data by observation that are no numbers"),
        (_replace("observation/ids", h5py.ExternalLink("/etc/passwd", "/x")), "another file at 'observation/ids'"),
        (_replace("sample", h5py.ExternalLink("/etc/passwd", "/x")), "a link to another file at 'sample'"),
        (lambda file: file.__setitem__("sample/x/y", h5py.ExternalLink("a", "/x")), "another file at 'sample/x/y'"),
        (_replace("sample/ids", np.arange(3)), "sample ids that are no texts"),
        (_replace("sample/ids", np.array([b"a", b"b", b"a"])), "an id twice among its sample ids"),
        (_replace("sample/matrix/indptr", np.array([1, 1, 1, 2])), "an indptr by sample that does not begin with 0"),
        (_replace("sample/matrix/indptr", np.array([0, 1, 1, 1])), "does not end with nnz, 2"),
        (lambda file: file.attrs.__setitem__("shape", [2.5, 3.0]), r"It has the shape \[2.5, 3.0\]"),
        (lambda file: file.attrs.__setitem__("shape", 2), "It has the shape 2"),
        (_replace("observation/matrix", h5py.SoftLink("/sample/matrix")), "a link at 'observation/matrix/data'"),
    ],
)
def test_an_hdf5_table_that_does_not_add_up_is_refused(hdf5, change, why):
    with pytest.raises(ValidationError, match=why):
        check_biom(hdf5(change))


def test_data_that_lie_in_another_file_are_refused(hdf5, tmp_path):
    (tmp_path / "outside").write_bytes(bytes(16))

    def change(file: h5py.File) -> None:
        del file["sample/matrix/data"]
        place = [(str(tmp_path / "outside"), 0, 16)]
        file["sample/matrix"].create_dataset("data", (2,), dtype="f8", external=place)

    with pytest.raises(ValidationError, match="It has data in another file at 'sample/matrix/data'"):
        check_biom(hdf5(change))


def test_a_dataset_that_is_put_together_from_other_files_is_refused(hdf5):
    def change(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape=(3,), dtype="i4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(3,))
        file.create_virtual_dataset("sample/metadata/x", layout)

    with pytest.raises(ValidationError, match="It has data in another file at 'sample/metadata/x'"):
        check_biom(hdf5(change))


def test_a_cut_hdf5_file_is_refused(hdf5):
    path = hdf5()
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValidationError, match="damaged HDF5 file"):
        check_biom(path)

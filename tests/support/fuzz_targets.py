"""What is fuzzed: functions that take bytes, and pass whatever is refused in the project's own words and in time.

The first byte of an input picks a variant (the kind of a value, the format of an image), so that one target covers all
of them. Every input is written where a person's or a container's file would be.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import fuzz_seeds
from fuzz_seeds import DEFINITION_FILES, FILE_KINDS, IMAGE_SUFFIXES, KINDS

from interfaces.catalogue.reading import read_catalogue
from interfaces.errors import DefinitionError, DefinitionErrors, ValidationError
from interfaces.files.checks import check_file
from interfaces.files.unzipping import unzip_input
from interfaces.files.zip_archive import check_zip
from interfaces.images.dicom import read_slice
from interfaces.images.header import read_header
from interfaces.json_parsing import canonical_json, parse_json
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices

MAX_S = 5.0
"""Longest time that one input may take, in seconds of the CPU, so that a busy machine finds nothing wrong."""

_BOUNDS = {"max_bytes": 2**20, "max_entries": 100}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something to fuzz.

    Attributes:
        run: Takes an input and an empty folder to work in.
        seeds: Inputs to begin with, all of them sound.
        words: Pieces that an input may be changed with.
    """

    run: Callable[[bytes, Path], None]
    seeds: Callable[[], list[bytes]]
    words: Sequence[bytes]


def check(target: Target, data: bytes, *, max_s: float = MAX_S) -> None:
    """Run a target on an input.

    Raises:
        AssertionError: It took too long, or did what it should not.
        Exception: Whatever else is not the project's own refusal.
    """
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    start = process_time()
    try:
        with suppress(ValidationError, DefinitionError, DefinitionErrors):
            target.run(data, folder)
    finally:
        shutil.rmtree(folder)
    seconds = process_time() - start
    assert seconds < max_s, f"an input of {len(data)} bytes took {seconds:.1f} s"


def _variant(data: bytes, count: int) -> tuple[int, bytes]:
    return (data[0] % count if data else 0), data[1:]


# ---- JSON: a value of each kind; for Anything an object with "schema" and "value", of which one checks the other


def _json(data: bytes, _folder: Path) -> None:
    at, text = _variant(data, 2 * len(KINDS))
    kind, from_component = KINDS[at // 2], bool(at % 2)
    value = parse_json(text, nan_to_null=from_component)
    written = canonical_json(value)
    assert canonical_json(parse_json(written)) == written
    if kind == InterfaceKindChoices.ANY and isinstance(value, dict) and value.keys() == {"schema", "value"}:
        validate_json(value["value"], kind=kind, schema=value["schema"])
    validate_json(value, kind=kind)


# ---- ZIP: as a value, and unpacked


def _zip(data: bytes, folder: Path) -> None:
    path, into, beside = folder / "a.zip", folder / "into", folder / "beside"
    path.write_bytes(data)
    into.mkdir()
    beside.write_bytes(b"as it was")
    try:
        unzip_input(path, into, **_BOUNDS)
    finally:
        assert sorted(folder.iterdir()) == sorted([path, into, beside])
        assert beside.read_bytes() == b"as it was"
        written = list(into.rglob("*"))
        assert all(not part.is_symlink() and (part.is_file() or part.is_dir()) for part in written)
        assert sum(part.stat().st_size for part in written if part.is_file()) <= _BOUNDS["max_bytes"]
    check_zip(path)


# ---- image headers, of each format


def _image(data: bytes, folder: Path) -> None:
    at, content = _variant(data, len(IMAGE_SUFFIXES))
    path = folder / f"image{IMAGE_SUFFIXES[at]}"
    path.write_bytes(content)
    if IMAGE_SUFFIXES[at] == ".dcm":
        read_slice(path)
    else:
        header = read_header(path)
        assert header.voxel_bytes >= 0


# ---- YAML definitions


def _yaml(data: bytes, folder: Path) -> None:
    at, content = _variant(data, len(DEFINITION_FILES))
    (folder / DEFINITION_FILES[at]).write_bytes(content)
    read_catalogue(folder)


# ---- files of the other kinds


def _file(data: bytes, folder: Path) -> None:
    at, content = _variant(data, len(FILE_KINDS))
    path = folder / "file"
    path.write_bytes(content)
    # HDF5 is read in a process of its own, whatever happens there; starting one for each input would take too long.
    if not content.startswith(b"\x89HDF"):
        check_file(path, kind=FILE_KINDS[at])


TARGETS: Mapping[str, Target] = {
    "json": Target(run=_json, seeds=fuzz_seeds.json_seeds, words=fuzz_seeds.JSON_WORDS),
    "zip": Target(run=_zip, seeds=fuzz_seeds.zip_seeds, words=fuzz_seeds.ZIP_WORDS),
    "image": Target(run=_image, seeds=fuzz_seeds.image_seeds, words=fuzz_seeds.IMAGE_WORDS),
    "yaml": Target(run=_yaml, seeds=fuzz_seeds.yaml_seeds, words=fuzz_seeds.YAML_WORDS),
    "file": Target(run=_file, seeds=fuzz_seeds.file_seeds, words=fuzz_seeds.FILE_WORDS),
}

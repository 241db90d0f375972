"""One check per file kind; adding a kind adds a row and a function."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import pandas as pd
from PIL import Image, UnidentifiedImageError

from interfaces.errors import ValidationError
from interfaces.files.unzipping import check_zip
from interfaces.json_parsing import parse_json
from interfaces.kinds import InterfaceKindChoices as Kind

FileCheck: TypeAlias = Callable[[Path], None]

MAX_ZIP_BYTES = 64 * 2**30
MAX_TEXT_BYTES = 512 * 2**20
_ROWS = 100_000


def check_csv(path: Path) -> None:
    """UTF-8 text that pandas reads as a table; every row has as many cells as the first."""
    try:
        with pd.read_csv(path, chunksize=_ROWS, dtype=str, header=None, encoding="utf-8-sig", engine="c") as chunks:
            for chunk in chunks:
                del chunk
    except UnicodeDecodeError as error:
        raise ValidationError(f"It is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except pd.errors.EmptyDataError as error:
        raise ValidationError("It is empty; a CSV file has at least one row") from error
    except (pd.errors.ParserError, ValueError) as error:
        raise ValidationError(f"It is no table: {' '.join(str(error).split())}") from error


def check_zip_file(path: Path) -> None:
    """A ZIP archive that can be unpacked safely."""
    check_zip(path, max_bytes=MAX_ZIP_BYTES, max_entries=1_000_000)


def check_pdf(path: Path) -> None:
    """A PDF header within the first 1,024 bytes and an end marker (ISO 32000-1, 7.5.2 and 7.5.5)."""
    with path.open("rb") as file:
        head = file.read(1024)
        file.seek(max(path.stat().st_size - 2048, 0))
        tail = file.read()
    if not re.search(rb"%PDF-\d\.\d", head) or b"%%EOF" not in tail:
        raise ValidationError("It is no complete PDF file")


def check_sqreg(path: Path) -> None:
    """An SQLite 3 database whose tables can be listed."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise ValidationError("It is no SQLite file")
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise ValidationError(f"It is a damaged SQLite file: {error}") from error
    finally:
        connection.close()


def _check_picture(path: Path, form: str) -> None:
    try:
        with Image.open(path, formats=[form]) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError(f"It is no {form} picture that can be read") from error


def check_jpeg(path: Path) -> None:
    """A JPEG picture that can be decoded."""
    _check_picture(path, "JPEG")


def check_png(path: Path) -> None:
    """A PNG picture that can be decoded."""
    _check_picture(path, "PNG")


def check_obj(path: Path) -> None:
    """A Wavefront OBJ text with at least one vertex of three or more numbers."""
    vertices = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.startswith("v "):
                    vertices += 1
                    try:
                        coordinates = [float(word) for word in line.split()[1:]]
                    except ValueError as error:
                        raise ValidationError(f"Line {number} has a vertex that is no numbers") from error
                    if len(coordinates) < 3:
                        raise ValidationError(f"Line {number} has a vertex of {len(coordinates)} numbers; 3 are needed")
    except UnicodeDecodeError as error:
        raise ValidationError("It is no text, as an OBJ file is") from error
    if not vertices:
        raise ValidationError("It has no vertices, as an OBJ file has")


def check_mp4(path: Path) -> None:
    """An MP4 file: boxes within the file's size, ftyp first, with moov (ISO/IEC 14496-12, 4.2)."""
    size, at = path.stat().st_size, 0
    found: list[bytes] = []
    with path.open("rb") as file:
        while at < size and len(found) < 10_000:
            file.seek(at)
            head = file.read(16)
            length, header = int.from_bytes(head[:4], "big"), 8
            if length == 1:
                length, header = int.from_bytes(head[8:16], "big"), 16
            length = size - at if length == 0 else length
            if len(head) < 8 or length < header or at + length > size:
                raise ValidationError(f"It is no complete MP4 file: the box at byte {at} does not fit into it")
            found.append(head[4:8])
            at += length
    if found[:1] != [b"ftyp"] or b"moov" not in found:
        raise ValidationError("It is no MP4 file: it lacks the boxes ftyp and moov")


def check_newick(path: Path) -> None:
    """A Newick tree: balanced parentheses outside of quotes and comments, ended by a semicolon."""
    text = _text(path)
    depth, index = 0, 0
    bare = re.sub(r"'(?:[^']|'')*'|\[[^\]]*\]", "", text).strip()
    for index, character in enumerate(bare):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            raise ValidationError(
                f"It closes a parenthesis that was not opened, near {bare[max(index - 20, 0) : index + 1]!r}"
            )
    if depth or not bare.endswith(";"):
        raise ValidationError(
            "It is no Newick tree: " + ("a parenthesis is not closed" if depth else "it ends without ';'")
        )


def check_biom(path: Path) -> None:
    """A BIOM table: HDF5 (format 2), or JSON with rows, columns and data (format 1)."""
    with path.open("rb") as file:
        if file.read(8) == b"\x89HDF\r\n\x1a\n":
            return
    try:
        table = parse_json(_text(path))
    except ValidationError as error:
        raise ValidationError("It is neither HDF5 nor JSON, as a BIOM file is") from error
    missing = [key for key in ("rows", "columns", "data", "shape") if not isinstance(table, dict) or key not in table]
    if missing:
        raise ValidationError(f"It lacks '{missing[0]}', which a BIOM table has")


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise ValidationError(f"It has more than {MAX_TEXT_BYTES} bytes")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValidationError(f"It is not UTF-8 text: {error.reason} at byte {error.start}") from error


FILE_CHECKS: Mapping[Kind, FileCheck] = {
    Kind.CSV: check_csv,
    Kind.ZIP: check_zip_file,
    Kind.PDF: check_pdf,
    Kind.SQREG: check_sqreg,
    Kind.THUMBNAIL_JPG: check_jpeg,
    Kind.THUMBNAIL_PNG: check_png,
    Kind.OBJ: check_obj,
    Kind.MP4: check_mp4,
    Kind.NEWICK: check_newick,
    Kind.BIOM: check_biom,
}


def check_file(path: Path, *, kind: Kind) -> None:
    """Check a file against its kind, on content and not on the name.

    Raises:
        ValidationError: It does not fit; the text begins with "It".
    """
    FILE_CHECKS[kind](path)

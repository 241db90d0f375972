from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from contextlib import closing

import h5py
import numpy as np

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.making import preview


def facts(made) -> dict[str, str]:
    assert made.media_type == "text/html", made.text
    return dict(line.split("  ", 1) for line in made.text.splitlines() if "  " in line)


def said(made, name: str) -> str:
    return facts(made)[name].strip()


def test_a_zip_lists_its_entries(value, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for at in range(15):
            archive.writestr(f"folder/<b>{at}</b>\x1b.txt", b"x" * 2**21)
    made = preview(value(Kind.ZIP, given=path))
    assert "15 files of 30.0 MiB unpacked" in made.text
    assert "the first 10 are shown" in made.text
    assert "&lt;b&gt;0&lt;/b&gt;" in made.as_html()
    assert "\x1b" not in made.text


def test_a_mesh_has_vertices_faces_and_an_extent(value, tmp_path):
    path = tmp_path / "a.obj"
    path.write_text("# mesh\nv 0 0 0\nv 10 0 0\nv 0 -5.5 2 1.0\nvn 0 0 1\nf 1 2 3\nf 3//1 2//1 1//1\n")
    made = preview(value(Kind.OBJ, given=path))
    assert (said(made, "vertices"), said(made, "faces")) == ("3", "2")
    assert (said(made, "x"), said(made, "y"), said(made, "z")) == ("0 to 10", "-5.5 to 0", "0 to 2")


def test_a_tree_has_leaves_and_levels(value, tmp_path):
    path = tmp_path / "a.newick"
    path.write_text("((A:1,'B, (b)':2)x:1,(C,(D,E)),)root; F;")
    made = preview(value(Kind.NEWICK, given=path))
    assert (said(made, "trees"), said(made, "leaves"), said(made, "deepest level")) == ("2", "7", "3")
    assert said(made, "first leaves").startswith("A, 'B, (b)', C, D, E, F")


def test_a_biom_table_has_a_shape_in_both_forms(value, tmp_path):
    path = tmp_path / "a.biom"
    path.write_text(
        json.dumps(
            {
                "format": "Biological Observation Matrix 1.0.0",
                "type": "OTU table",
                "rows": [{"id": "r1", "metadata": None}, {"id": "r2", "metadata": None}],
                "columns": [{"id": "c1", "metadata": None}],
                "matrix_type": "sparse",
                "matrix_element_type": "int",
                "shape": [2, 1],
                "data": [[0, 0, 5]],
            }
        )
    )
    made = preview(value(Kind.BIOM, given=path))
    assert (said(made, "observations"), said(made, "samples"), said(made, "stored values")) == ("2", "1", "1")
    second = tmp_path / "b.biom"
    with h5py.File(second, "w") as table:
        table.attrs.update(
            {"id": "x", "type": "OTU table", "format-url": "u", "format-version": (2, 1), "generated-by": "t"}
        )
        table.attrs.update({"creation-date": "2020-01-01", "shape": (2, 3), "nnz": 2})
        for axis, own, starts in (("observation", 2, [0, 1, 2]), ("sample", 3, [0, 1, 2, 2])):
            table[f"{axis}/ids"] = np.array([f"{axis}{at}".encode() for at in range(own)])
            table[f"{axis}/matrix/data"] = np.array([1.0, 2.0])
            table[f"{axis}/matrix/indices"] = np.array([0, 1], np.int32)
            table[f"{axis}/matrix/indptr"] = np.array(starts, np.int32)
    made = preview(value(Kind.BIOM, given=second))
    assert (said(made, "observations"), said(made, "samples"), said(made, "form")) == ("2", "3", "BIOM 2 (HDF5)")


def test_a_registration_lists_its_tables(value, tmp_path):
    path = tmp_path / "a.sqreg"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('CREATE TABLE "points ""x""" (fixed REAL, moving REAL)')
        connection.executemany('INSERT INTO "points ""x""" VALUES (?, ?)', [(1, 2), (3, 4)])
        connection.commit()
    made = preview(value(Kind.SQREG, given=path))
    assert 'points "x"  fixed, moving  2' in made.text
    assert made.text.endswith("1 table.")


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def test_a_film_has_a_duration_and_a_size(value, tmp_path):
    movie = box(b"mvhd", bytes(12) + struct.pack(">II", 600, 7500) + bytes(80))
    picture = box(b"tkhd", bytes(76) + struct.pack(">II", 640 << 16, 480 << 16))
    video = box(b"trak", picture + box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(12))))
    sound = box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", box(b"hdlr", bytes(8) + b"soun" + bytes(12))))
    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", movie + video + sound) + box(b"mdat", bytes(9)))
    made = preview(value(Kind.MP4, given=path))
    assert (said(made, "duration"), said(made, "picture"), said(made, "tracks")) == (
        "12.5 s",
        "640 x 480 pixels",
        "video, sound",
    )

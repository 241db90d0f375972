"""Where fuzzing begins: sound inputs for each target, and pieces that they may be changed with.

The first byte of an input picks a variant, as the targets do.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from PIL import Image
from pydicom.data import get_testdata_file

from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKind, InterfaceKindChoices

ROOT = Path(__file__).parents[2]
KINDS = sorted(InterfaceKind.interface_type_json())
FILE_KINDS = sorted(InterfaceKind.interface_type_file() - {InterfaceKindChoices.PDF, InterfaceKindChoices.SQREG})
IMAGE_SUFFIXES = (".mha", ".nii", ".nii.gz", ".nrrd", ".tif", ".png", ".jpg", ".dcm")
DEFINITION_FILES = ("interfaces.yaml", "component.yaml", "graph.yaml")
_SCHEMAS: list[Any] = [
    {"type": "object", "properties": {"a": {"$ref": "#/definitions/b"}}, "definitions": {"b": {"pattern": "^(a+)+$"}}},
    {"$schema": "http://json-schema.org/draft-03/schema#", "extends": {"$ref": "#"}, "divisibleBy": 0.5},
    {"$schema": "http://json-schema.org/draft-04/schema#", "id": "x.json", "items": {"$ref": "x.json#/definitions/b"}},
    {"anyOf": [{"items": {"$ref": "#"}}, {"uniqueItems": True}, {"patternProperties": {"(?=a)b*": False}}]},
    {"if": {"multipleOf": 3}, "then": {"maximum": 1e300}, "else": {"not": {"enum": [1, None, {}]}}},
]


def json_seeds() -> list[bytes]:
    examples = [
        bytes([2 * at + 1]) + json.dumps(INTERFACE_TYPE_JSON_EXAMPLES[kind].value).encode()
        for at, kind in enumerate(KINDS)
    ]
    anything = bytes([2 * KINDS.index(InterfaceKindChoices.ANY)])
    schemas = [*_SCHEMAS, *(kind_schema(kind) for kind in KINDS if kind != InterfaceKindChoices.CHART)]
    values = [{"a": "aa", "b": [1, 1.5, None]}, [[1, "a"], 6], "aaa!"]
    return examples + [
        anything + json.dumps({"schema": schema, "value": values[at % len(values)]}).encode()
        for at, schema in enumerate(schemas)
    ]


JSON_WORDS = [
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"\\u",
        b"\\ud800",
        b"\\u003a",
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"-0.0",
    ),
    *(b"9" * 4400, b"[" * 600, b"\xef\xbb\xbf", b"\xed\xa0\x80", b"null", b"true", b"1.0", b'"$ref":"#"', b'"type":'),
    *(b'"version"', b'"name"', b'"probability"', b'"pattern":"(?=a)(a+)+$"', b'"$schema":', b'"enum":[', b'"not":'),
]


def _archive(entries: Mapping[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def zip_seeds() -> list[bytes]:
    entries = {"top/": b"", "top/a.txt": b"hello" * 30, "top/b/c.bin": bytes(range(256)), "__MACOSX/x": b"x"}
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return [_archive(entries, method) for method in methods] + [_archive({}, zipfile.ZIP_STORED)]


ZIP_WORDS = [
    *(b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08", b"\1\0\x18\0", b"\xff\xff\xff\xff"),
    *(b"../", b"/", b"\\", b"..", b"\0", b"\xff\xff", b"\x09\0", b"\x0e\0", b"\x0c\0", b"\0\0\0\xa0"),
]


def image_seeds() -> list[bytes]:
    rng = np.random.default_rng(0)
    seeds = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        for suffix in (".mha", ".nii", ".nii.gz", ".nrrd", ".tif"):
            path = Path(name) / f"image{suffix}"
            voxels = rng.integers(0, 255, (4, 6, 5)).astype(np.uint8)
            for compress in (False, True):
                sitk.WriteImage(sitk.GetImageFromArray(voxels), path, compress)
                seeds.append(bytes([IMAGE_SUFFIXES.index(suffix)]) + path.read_bytes())
    known = (Path(str(get_testdata_file(name))) for name in ("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm"))
    seeds += [bytes([IMAGE_SUFFIXES.index(".dcm")]) + path.read_bytes() for path in known]
    for picture, suffix in ((Image.new("RGB", (9, 7)), ".jpg"), (Image.new("RGBA", (9, 7)), ".png")):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG" if suffix == ".jpg" else "PNG")
        seeds.append(bytes([IMAGE_SUFFIXES.index(suffix)]) + buffer.getvalue())
    return list(dict.fromkeys(seeds))


IMAGE_WORDS = [
    *(b"ElementDataFile = LOCAL\n", b"DimSize = ", b"NDims = 4\n", b"CompressedData = True\n", b"NaN", b"-1", b"1e308"),
    *(
        b"ElementType = MET_DOUBLE\n",
        b"ElementNumberOfChannels = ",
        b"TransformMatrix = ",
        b"sizes: ",
        b"encoding: gzip",
    ),
    *(
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\x7f",
        b"\0\0\0\0",
        b"II*\0",
        b"MM\0*",
        b"IHDR",
        b"IDAT",
        b"\xff\xc0",
        b"\xff\xda",
    ),
    *(b"99999999999999999999", b"\x80\0\0\0", b"\n\n", b"space directions: ", b"DICM", b"\x7f\xe0\x10\0"),
]


def yaml_seeds() -> list[bytes]:
    files = sorted([*(ROOT / "examples").rglob("*.yaml"), *(ROOT / "tests" / "puppet").rglob("*.yaml")])
    return [
        bytes([DEFINITION_FILES.index(file.name)]) + file.read_bytes()
        for file in files
        if file.name in DEFINITION_FILES
    ]


YAML_WORDS = [
    *(
        b"interfaces:\n",
        b"component:\n",
        b"graph:\n",
        b"kind: ",
        b"schema: ",
        b"relative_path: ",
        b"overlay_segments: ",
    ),
    *(
        b"look_up_table: ",
        b"default_value: ",
        b"  - ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!python/object:",
    ),
    *(
        b"? ",
        b": ",
        b"|\n",
        b">\n",
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"\t",
        b"'",
        b'"',
        b"#",
        b"\0",
        b"\xc2\x85",
        b"\xff",
    ),
    *(b".inf", b".nan", b"0o7", b"0xff", b"1_000", b"2020-01-01", b"~", b"[" * 60, b"\xf0\x9f\x98\x80"),
]


def _box(name: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def file_seeds() -> list[bytes]:
    kind = InterfaceKindChoices
    track = _box(b"trak", _box(b"mdia", _box(b"hdlr", bytes(8) + b"vide" + bytes(13))))
    biom = {
        **dict.fromkeys(("id", "format", "format_url", "type", "generated_by", "date"), "x"),
        "rows": [{"id": "r"}],
        "columns": [{"id": "c"}],
        "shape": [1, 1],
        "data": [[0, 0, 5]],
        "matrix_type": "sparse",
        "matrix_element_type": "int",
    }
    png, jpeg = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (9, 7)).save(png, "PNG")
    Image.new("RGB", (9, 7)).save(jpeg, "JPEG", progressive=True)
    contents = {
        kind.CSV: b'\xef\xbb\xbfa,b\r\n"x, ""y""\nz",2\n,\n',
        kind.OBJ: b"v 0 0 0\nv 1 0 0\nv 0 1 .5e1\nvt 0 0\nvn 0 0 1\nf 1/1/1 2//1 \\\n-1\nl 1 2 # line\n",
        kind.NEWICK: b"((A:1e-3,'it''s':2)[&!x]C,(D,E)95:-.5);\n;",
        kind.MP4: _box(b"ftyp", b"isom\0\0\2\0mp42") + _box(b"moov", _box(b"mvhd") + track) + _box(b"mdat", bytes(9)),
        kind.BIOM: json.dumps(biom).encode(),
        kind.THUMBNAIL_PNG: png.getvalue(),
        kind.THUMBNAIL_JPG: jpeg.getvalue(),
        kind.ZIP: _archive({"a": b"b"}, zipfile.ZIP_STORED),
    }
    return [bytes([FILE_KINDS.index(kind)]) + content for kind, content in contents.items()]


FILE_WORDS = [
    *(
        b'"',
        b",",
        b"\r",
        b"\n",
        b"\0",
        b"(" * 50,
        b")",
        b"'",
        b"[",
        b"]",
        b":",
        b";",
        b"f 1 2 3\n",
        b"v nan 0 0\n",
        b"\\\n",
    ),
    *(b"\0\0\0\1", b"\0\0\0\0", b"moov", b"trak", b"mdia", b"hdlr", b"vide", b"\xff\xff\xff\xff", b"\xff\xda", b"IDAT"),
]

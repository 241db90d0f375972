from __future__ import annotations

import pytest

from interfaces.errors import ValidationError
from interfaces.files.obj import check_obj

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


@pytest.mark.parametrize(
    "text",
    [
        TRIANGLE,
        TRIANGLE + "f 1 2 3\n",
        TRIANGLE + "f -3 -2 -1\n",
        "f 1 2 3\n" + TRIANGLE,
        TRIANGLE + "vt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 3/1/1\nf 1//1 2//1 3//1\nf 1/1 2/1 3/1\n",
        TRIANGLE + "l 1 2\np 1\n",
        "# café\nmtllib a.mtl\no thing\ng group\ns off\nusemtl red\n" + TRIANGLE + "f 1 2 3 # face",
        TRIANGLE + "f 1 \\\n2 \\\n3\n",
        TRIANGLE.replace("\n", "\r\n") + "f 1 2 3\r\n",
        "v 0 0 0 1.0 0.5 0.5\nv 1e-3 -2.5E+2 .5\n",
        "\n\n  v 0 0 0  \n",
    ],
)
def test_an_obj_file_passes(written, text):
    check_obj(written(text.encode("latin-1")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It has no vertices"),
        ("hello world\n", "It has no vertices"),
        ("v 0 0\n", "It has coordinates .* in line 1; 3 finite numbers are needed"),
        ("v 0 0 zero\n", "no number in line 1"),
        ("v 0 0 nan\n", "3 finite numbers"),
        ("v 0 0 1_0\n", "a number with '_' in line 1"),
        (TRIANGLE + "f 1 2 0_3\n", "a number with '_' in line 4"),
        (TRIANGLE + "f 1 2 " + "9" * 5000 + "\n", "no index in line 4"),
        ("v 0 0 inf\n", "3 finite numbers"),
        (TRIANGLE + "f 1 2 4\n", "It uses the vertex 4 in line 4, but has only 3"),
        (TRIANGLE + "f 0 1 2\n", "It uses the vertex 0 in line 4, which does not exist"),
        (TRIANGLE + "f -4 1 2\n", "It uses the vertex -4 in line 4, which does not exist"),
        (TRIANGLE + "f 1/1 2/1 3/1\n", "It uses the texture vertex 1 in line 4, but has only 0"),
        (TRIANGLE + "f 1//2 2//2 3//2\nvn 0 0 1\n", "It uses the normal 2 in line 4, but has only 1"),
        (TRIANGLE + "f 1 2\n", "an element of 2 vertices in line 4"),
        (TRIANGLE + "f 1 2 x\n", "b'x' that is no index in line 4"),
        (TRIANGLE + "f 1 2 3/1/1/1\n", "no index in line 4"),
        (TRIANGLE + "f 1 2 /3\n", "no index in line 4"),
        (TRIANGLE + "f 1 \\\n\\\n2\n", "an element of 2 vertices in line 6"),
        ("v " + "1" * 2_000_000, "It is no text of lines"),
        ("v \\\n" * 300_000, "It is no text of lines"),
        ("v 0 0 0\0\n", "It is no text of lines, as an OBJ file is: see line 1"),
    ],
)
def test_what_is_no_obj_file_is_refused(written, text, why):
    with pytest.raises(ValidationError, match=why):
        check_obj(written(text))

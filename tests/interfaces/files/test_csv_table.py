from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from interfaces.errors import ValidationError
from interfaces.files.csv_table import check_csv

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n",
        "a\n",
        "a,b",
        "\ufeffa,b\n1,2\n",
        'a,b\n"x, y","two\nlines"\n',
        'a,b\n"he said ""no""",2\n',
        "a,b\n\n1,2\n\n",
        "a,b\n,\n",
        "naïve,µm\n1,2\n",
        "a;b\n1;2\n",
        "x" * 100_000 + ",b\n1,2\n",
    ],
)
def test_a_table_passes(written, text):
    check_csv(written(text))


def test_a_long_table_is_read_in_pieces(written):
    check_csv(written("a,b,c\n" + "1,2,3\n" * 400_000))


@pytest.mark.soak
def test_a_table_of_long_cells_takes_little_memory(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        for _ in range(16_000):  # 2 GB
            file.write(b"x" * 125_000 + b"\n")
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**29,) * 2); from pathlib import Path; "
        "from interfaces.files.csv_table import check_csv; check_csv(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment, cwd=ROOT)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "It is empty"),
        ("\n\n\n", "It is empty"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, the first row has 2"),
        ("a,b\n1\n", "line 2 has 1 cells, the first row has 2"),
        ("a,b\n" + "1,2\n" * 1000 + "1,2,3\n", "line 1002 has 3 cells"),
        ('a,b\n"open,2\n', "line 2: unexpected end of data"),
        ('a,b\n"x"y,2\n', "line 2: ',' expected after '\"'"),
        ("a,b\n1,\0\n", "line 2 holds a NUL character"),
        (b"a,b\n1,\xff\n", "It is not UTF-8 text: invalid start byte"),
        ("a,b\n1,2\n".encode("utf-16"), "It is not UTF-8 text"),
        ("x" * 10_000_000, "larger than field limit"),
        ("x" * 20_000_000, "the row in line 1 has more than 16777216 characters"),
        ('a\n"' + ("x" * 100_000 + '","\n') * 200, "the row in line 169 has more than 16777216 characters"),
        (b"a\n\xed\xa0\x80\n", "It is not UTF-8 text"),
        ("," * 200_000, "200001 columns; at most 100000"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not UTF-8|NUL"),
    ],
)
def test_what_is_no_table_is_refused(written, content, why):
    with pytest.raises(ValidationError, match=why):
        check_csv(written(content))

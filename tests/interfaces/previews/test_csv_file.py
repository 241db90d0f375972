from __future__ import annotations

import pytest

from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews import csv_file
from interfaces.previews.csv_file import csv_preview
from interfaces.previews.making import preview


def test_the_first_rows_are_shown_and_all_are_counted(value, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeffcase,dice\n" + "".join(f"case {at},0.{at}\n" for at in range(100, 250)))
    made = preview(value(Kind.CSV, given=path, title="Scores"))
    lines = made.text.splitlines()
    assert lines[:3] == ["Scores", "case      dice", "case 100  0.100"]
    assert lines[-1] == "150 rows and 2 columns; the first 10 rows are shown."
    assert made.as_html().count("<tr>") == 11


def test_many_columns_are_cut(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text((",".join(map(str, range(500))) + "\n") * 2)
    made = csv_preview(path, title="Wide")
    assert made.text.endswith("1 row and 500 columns; the first 12 columns are shown.")
    assert len(made.data) < 2000


def test_quoted_cells_keep_their_commas_and_lose_their_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"x, y","<b>\n| z"\n')
    made = csv_preview(path, title="Quoted")
    assert "<td>x, y</td><td>&lt;b&gt; | z</td>" in made.as_html()


def test_counting_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "COUNT_S", 0)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" * 5000)
    assert "more than 1,023 rows and 2 columns" in csv_preview(path, title="T").text


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"a\xff", "no table"), (b"", "it is empty"), (b"x" * (csv_file.MAX_LINE + 1), "a line of more than")],
    ids=["bytes", "empty", "endless"],
)
def test_what_is_no_table_has_a_reason(tmp_path, content, why):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ValidationError, match=why):
        csv_preview(path, title="T")

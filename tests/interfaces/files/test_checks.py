from __future__ import annotations

import pytest

from interfaces.errors import ValidationError
from interfaces.files.checks import FILE_CHECKS, check_file
from interfaces.kinds import InterfaceKind


def test_every_file_kind_has_a_check():
    assert set(FILE_CHECKS) == set(InterfaceKind.interface_type_file())


@pytest.mark.parametrize("kind", sorted(FILE_CHECKS))
@pytest.mark.parametrize("content", [b"", b"\0" * 3000, bytes(range(256)) * 20], ids=["empty", "zeros", "bytes"])
def test_no_kind_takes_what_is_nothing_and_none_crashes(written, kind, content):
    with pytest.raises(ValidationError):
        check_file(written(content), kind=kind)


def test_the_content_counts_and_not_the_name(tmp_path):
    path = tmp_path / "table.pdf"
    path.write_text("a,b\n1,2\n")
    check_file(path, kind=InterfaceKind.InterfaceKindChoices.CSV)

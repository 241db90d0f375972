from __future__ import annotations

import pytest

from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.files.checks import FILE_CHECKS, check_file
from interfaces.kinds import InterfaceKind
from interfaces.value import ComponentInterfaceValue


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


@pytest.mark.parametrize("kind", sorted(FILE_CHECKS))
def test_an_interface_says_what_files_it_takes_and_how_they_end(kind):
    extension = kind.label.removesuffix(" file").removeprefix("Thumbnail ").lower()
    extension = {"jpg": "jpeg", "newick tree-format": "newick", "biom format": "biom"}.get(extension, extension)
    interface = ComponentInterface(title="File", kind=kind, relative_path=f"file.{extension}")
    interface.clean()
    assert interface.file_extension == f".{extension}"
    assert interface.allowed_file_types
    assert all(media_type.count("/") == 1 for media_type in interface.allowed_file_types)


@pytest.mark.parametrize("kind", sorted(InterfaceKind.InterfaceKindChoices))
def test_only_zip_files_are_unpacked(kind):
    value = ComponentInterfaceValue(
        pk=1,
        interface=ComponentInterface(title="Value", kind=kind, relative_path="images/value"),
        sha256="0" * 64,
        size_in_storage=1,
    )
    assert value.decompress == (kind == InterfaceKind.InterfaceKindChoices.ZIP)

"""The command that shows what a value looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from PIL import Image

from flows.cli import commands
from interfaces.database.interface_records import save_interface
from interfaces.definition import ComponentInterface
from interfaces.errors import UnknownName
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, beside a site of its own."""
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    current = tmp_path / "current"
    current.mkdir()
    monkeypatch.chdir(current)
    yield current
    get_site().database.close()
    get_settings.cache_clear()


def stored(interface: ComponentInterface, **given: object) -> ComponentInterfaceValue:
    with get_site().database.session() as session:
        registered, _ = save_interface(session, interface)
    return registered.create_instance(**given)  # type: ignore[arg-type]


@pytest.fixture
def scan(folder: Path, tmp_path: Path) -> ComponentInterfaceValue:
    path = tmp_path / "scan.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)), path)
    return stored(ComponentInterface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"), image=path)


@pytest.fixture
def words(folder: Path) -> ComponentInterfaceValue:
    interface = ComponentInterface(title="Words", kind=Kind.STRING, relative_path="words.json")
    return stored(interface, value="<b>\x1b[31mred")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, ["preview", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_picture_is_written_beside_the_reader(scan, folder):
    assert run(str(scan.pk)).startswith("scan.png: Scan: scan.mha: an image of 6 x 5 x 4 voxels")
    with Image.open(folder / "scan.png") as picture:
        assert picture.width > 300


def test_text_is_printed_and_drives_no_terminal(words):
    assert run(str(words.pk)) == "Words\n<b>\N{REPLACEMENT CHARACTER}[31mred\n"


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"\x89PNG"), ("a.html", b'<img alt="'), ("a.md", b"!["), ("a.txt", b"Scan: ")]
)
def test_a_picture_is_written_in_the_form_that_is_asked_for(scan, folder, name, begins):
    run(str(scan.pk), "-o", name)
    assert (folder / name).read_bytes().startswith(begins)


def test_a_form_that_there_is_not_is_named(words):
    with pytest.raises(UnknownName, match=r"can't be written as 'a\.png'; its forms are \.html, \.md, \.txt"):
        run(str(words.pk), "-o", "a.png")


@pytest.mark.parametrize("text", ["12345", "words", "99999999999999999999"])
def test_a_value_that_there_is_not_has_a_sentence(folder, text):
    with pytest.raises(UnknownName):
        run(text)


@pytest.mark.engine
def test_a_value_of_a_job_is_named_by_its_interface(puppets, tmp_path, monkeypatch):
    from flows import run_component

    monkeypatch.chdir(tmp_path)
    script = "open('/output/report.json', 'w').write('{\"dice\": 0.5}')"
    job = run_component("puppet-report", {"script": script})
    assert run(f"{job.id}/report") == 'Puppet report\n{\n  "dice": 0.5\n}\n'
    assert "open('/output/report.json', 'w')" in run(f"{job.id}/script")
    with pytest.raises(UnknownName, match=r"has no value 'nothing'; it has script, report"):
        run(f"{job.id}/nothing")

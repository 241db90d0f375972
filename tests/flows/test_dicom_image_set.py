"""A DICOM series goes into a real container as its own files."""

from __future__ import annotations

from hashlib import sha256

import pydicom
import pytest
from dicom_series import write_dicom_series
from puppet_scripts import REPORT

from flows import run_component
from interfaces.errors import InvalidInputs

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

LOOK = """
import hashlib, json, os

folder = '/input/images/study'
found = {name: hashlib.sha256(open(f'{folder}/{name}', 'rb').read()).hexdigest() for name in os.listdir(folder)}
inputs = {one['interface']['slug']: one for one in json.load(open('/input/inputs.json'))}
try:
    open(f'{folder}/another.dcm', 'w')
    written = True
except OSError:
    written = False
"""
SCRIPT = LOOK + REPORT.format(report="{'files': found, 'study': inputs['study'], 'written': written}")


@pytest.fixture
def series(tmp_path):
    return write_dicom_series(tmp_path / "ward 7")


def test_a_container_finds_one_file_for_each_instance(series):
    job = run_component("puppet-study", {"script": SCRIPT, "study": series})
    report = job.outputs["report"].value
    files = {pydicom.dcmread(path).SOPInstanceUID: sha256(path.read_bytes()).hexdigest() for path in series.iterdir()}
    assert report["files"] == {f"{uid}.dcm": digest for uid, digest in files.items()}
    assert report["written"] is False
    study = report["study"]
    assert study["image"] == {"pk": str(job.inputs["study"].pk), "name": "ward 7"}
    assert (study["pk"], study["value"], study["file"]) == (job.inputs["study"].pk, None, None)
    assert study["interface"] == study["socket"]
    assert {key: study["interface"][key] for key in ("slug", "kind", "super_kind", "relative_path")} == {
        "slug": "study",
        "kind": "DICOM image set",
        "super_kind": "Image",
        "relative_path": "images/study",
    }


def test_a_stored_series_is_an_input_without_more_ado(series):
    first = run_component("puppet-study", {"script": SCRIPT, "study": str(series)})
    second = run_component("puppet-study", {"script": SCRIPT + "\n", "study": first.inputs["study"]})
    assert second.inputs["study"].pk == first.inputs["study"].pk
    assert second.outputs["report"].value == first.outputs["report"].value


def test_every_file_that_can_not_be_used_is_said_before_anything_runs(series):
    (series / "notes.txt").write_text("hello")
    (series / "cut").write_bytes(next(series.iterdir()).read_bytes()[:-5000])
    with pytest.raises(InvalidInputs) as caught:
        run_component("puppet-study", {"script": SCRIPT, "study": series})
    problem = caught.value.problems["study"]
    assert problem.startswith("2 of 6 files can't be used: ")
    assert "'notes.txt': is no readable DICOM file" in problem
    assert "'cut': The header claims 32768 bytes of voxels, but the file has only" in problem

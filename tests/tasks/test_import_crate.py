"""Crates back in, here and elsewhere, and run again."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dicom_series import write_dicom_series
from puppet_scripts import MASK, REPORT

from flows import register, run_component, run_graph
from flows.server import ensure_server
from interfaces.database.component_records import find_components, save_component
from interfaces.errors import DefinitionError, ImageImportFailed, InvalidInputs, ValidationError
from interfaces.graph_run import GraphRun
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.storage.stored_file import sha256_of
from tasks.export_crate import export_crate
from tasks.import_crate import import_crate

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

PUPPET = Path(__file__).parents[1] / "puppet"


@pytest.fixture
def run(scan) -> GraphRun:
    return run_graph(
        "puppet-diamond",
        {"first": MASK.format(voxels="[0, 1] * 4"), "others": REPORT.format(report="{'done': 1}"), "image": scan},
    )


@pytest.fixture
def elsewhere(home, tmp_path, monkeypatch) -> Iterator[Callable[[], Path]]:
    """Go on in a fresh home, with the same engine and the same Prefect server."""
    url = ensure_server()

    def go() -> Path:
        monkeypatch.setenv("PREFECT_API_URL", url)
        monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "elsewhere"))
        get_settings.cache_clear()
        return get_site().home

    yield go
    get_site().database.close()
    monkeypatch.undo()
    os.environ["COMPONENT_FLOWS_HOME"] = str(home)
    get_settings.cache_clear()


def edit(crate: Path, change: Callable[[dict[str, dict]], None]) -> None:
    """Change the entities of a crate in a folder."""
    path = crate / "ro-crate-metadata.json"
    document = json.loads(path.read_text())
    change({one["@id"]: one for one in document["@graph"]})
    path.write_text(json.dumps(document))


def rewrite(crate: Path, place: str, old: str, new: str) -> None:
    """Change a file of a crate in a folder, and what its metadata says of it."""
    path = crate / place
    text = path.read_text()
    assert old in text
    path.unlink()
    path.write_text(text.replace(old, new))
    stored = sha256_of(path)
    edit(crate, lambda entities: entities[place].update(sha256=stored.sha256, contentSize=str(stored.size)))


def test_a_run_is_run_again_in_a_fresh_home_and_gives_the_same(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate.zip")
    home = elsewhere()
    imported = import_crate(crate)
    assert (imported.is_graph, imported.name) == (True, "puppet-diamond")
    assert {"graph puppet-diamond", "component puppet-mask", "interface scan"} <= set(imported.registered.changed)
    assert {name: one.sha256 for name, one in imported.inputs.items()} == {
        name: one.sha256 for name, one in run.inputs.items()
    }
    assert imported.inputs["image"].path.is_relative_to(home)
    again = run_graph(imported.name, dict(imported.inputs))
    assert not again.reused
    assert {name: one.sha256 for name, one in again.outputs.items()} == imported.outputs
    assert {job.image.sha256 for job in again.jobs.values()} == {job.image.sha256 for job in run.jobs.values()}
    # What was imported and run can be exported, too.
    assert import_crate(export_crate(again, tmp_path / "again")).outputs == imported.outputs
    assert list((home / "scratch").iterdir()) == []


def test_a_dicom_image_set_comes_back_as_its_files(elsewhere, tmp_path):
    study = write_dicom_series(tmp_path / "study")
    job = run_component("puppet-study", {"script": REPORT.format(report="{'seen': 1}"), "study": study})
    crate = export_crate(job, tmp_path / "crate.zip")
    elsewhere()
    imported = import_crate(crate)
    assert (imported.is_graph, imported.name) == (False, "puppet-study")
    assert imported.inputs["study"].files
    assert set(imported.inputs["study"].files) == set(job.inputs["study"].files)
    assert run_component(imported.name, dict(imported.inputs)).outputs["report"].sha256 == imported.outputs["report"]


def test_a_component_brings_its_model_or_says_which_one_is_wanted(elsewhere, tmp_path):
    shutil.copytree(PUPPET / "report", tmp_path / "report")
    with tarfile.open(tmp_path / "report" / "model.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("weights.txt")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"42"))
    definition = tmp_path / "report" / "component.yaml"
    text = definition.read_text().replace("Puppet report", "Puppet with a model")
    definition.write_text(text.replace("  time_limit", "  model: model.tar.gz\n  time_limit"))
    register(tmp_path / "report")
    script = REPORT.format(report="{'weights': open('/opt/ml/model/weights.txt').read()}")
    job = run_component("puppet-with-a-model", {"script": script})
    whole, bare = export_crate(job, tmp_path / "whole.zip"), export_crate(job, tmp_path / "bare", with_data=False)
    assert import_crate(bare).registered.changed == ()
    elsewhere()
    with pytest.raises(ValidationError, match=f"the model with the sha256 {job.tarball.sha256} is not here either"):
        import_crate(bare)
    imported = import_crate(whole)
    again = run_component(imported.name, dict(imported.inputs))
    assert again.tarball.sha256 == job.tarball.sha256
    assert again.outputs["report"].value == {"weights": "42"}
    assert again.outputs["report"].sha256 == imported.outputs["report"]


def test_where_everything_is_known_nothing_changes(run, tmp_path):
    imported = import_crate(export_crate(run, tmp_path / "crate"))
    assert imported.registered.changed == ()
    assert imported.inputs == run.inputs
    bare = import_crate(export_crate(run, tmp_path / "bare", with_data=False))
    assert bare.inputs == run.inputs


def test_without_data_it_says_which_value_is_wanted(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate", with_data=False)
    elsewhere()
    with pytest.raises(InvalidInputs) as caught:
        import_crate(crate)
    assert set(caught.value.problems) == {"first", "others", "image"}
    assert run.inputs["image"].sha256 in caught.value.problems["image"]


def test_an_image_that_is_nowhere_is_named_by_its_digest_and_nothing_is_registered(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    other = "sha256:" + "ab" * 32
    mask = run.jobs["top"].image.sha256
    rewrite(crate, "definitions/puppet-mask.component.yaml", mask, other)
    elsewhere()
    with pytest.raises(ImageImportFailed, match=f"'puppet-mask' needs the image {other} .*docker load"):
        import_crate(crate)
    with get_site().database.session() as session:
        assert find_components(session) == {}


def test_what_is_registered_here_gives_way_only_if_asked(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    elsewhere()
    import_crate(crate)
    with get_site().database.session() as session:
        known = find_components(session)["puppet-mask"]
        save_component(session, replace(known, time_limit=30))
    with pytest.raises(ValidationError, match=r"the component 'puppet-mask' \(its definition\).*--replace"):
        import_crate(crate)
    assert import_crate(crate, replace=True).registered.changed == ("component puppet-mask",)


def test_a_file_that_was_changed_is_refused(run, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    (script,) = crate.glob("values/report/*/report.json")
    content = script.read_bytes()
    script.unlink()
    script.write_bytes(content.replace(b"1", b"2"))
    with pytest.raises(ValidationError, match=r"report\.json' is not the file that the crate tells of"):
        import_crate(crate)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("build: /etc", "Dockerfile"),
        ("reference: 'debian:latest'", "must be the reference of an image by its id"),
    ],
)
def test_definitions_that_reach_beyond_the_crate_are_refused(run, elsewhere, tmp_path, new, message):
    crate = export_crate(run, tmp_path / "crate")
    rewrite(crate, "definitions/puppet-mask.component.yaml", f"reference: {run.jobs['top'].image.sha256}", new)
    elsewhere()
    with pytest.raises(DefinitionError, match=message):
        import_crate(crate)


def test_a_model_of_this_machine_is_not_taken_for_one_of_the_crate(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    (tmp_path / "mine.tar.gz").write_bytes(b"secret")
    model = f"model: {tmp_path / 'mine.tar.gz'}\n  gpu_type"
    rewrite(crate, "definitions/puppet-mask.component.yaml", "gpu_type", model)
    elsewhere()
    with pytest.raises(DefinitionError, match="must be a model of the crate"):
        import_crate(crate)


def test_a_link_in_the_place_of_a_value_is_refused(run, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    shutil.rmtree(crate / "values" / "scan")
    (crate / "values" / "scan").symlink_to(tmp_path)
    with pytest.raises(ValidationError, match="is a link or a device; a crate has plain files"):
        import_crate(crate)


def test_an_input_that_is_not_valid_is_refused_like_any_other(run, elsewhere, tmp_path):
    crate = export_crate(run, tmp_path / "crate")
    (image,) = [
        str(path.relative_to(crate))
        for path in crate.glob("values/scan/*/*")
        if path.parent.name == run.inputs["image"].sha256[:16]
    ]
    (crate / image).unlink()
    (crate / image).write_text("no image")
    rewrite(crate, image, "no image", "none at all")
    elsewhere()
    with pytest.raises(InvalidInputs) as caught:
        import_crate(crate)
    assert set(caught.value.problems) == {"image"}

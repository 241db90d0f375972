"""Registering definitions, with real images."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from registries import running_registry

from flows import register, run_component
from interfaces.database.component_records import desired_image, find_components
from interfaces.engine import get_engine
from interfaces.errors import ComponentFlowsError, DefinitionError, DefinitionErrors, ImageImportFailed
from interfaces.settings import get_settings
from interfaces.site import get_site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

PUPPET = Path(__file__).parents[1] / "puppet"
REPORT = "import json, os; json.dump({'model': os.listdir('/opt/ml/model')}, open('/output/report.json', 'w'))"


@pytest.fixture
def folder(tmp_path):
    """A component of its own, to be changed."""
    shutil.copytree(PUPPET / "report", tmp_path / "own")
    change(tmp_path / "own", "title: Puppet report", f"title: Own {tmp_path.name}")
    return tmp_path / "own"


def change(folder: Path, old: str, new: str, name: str = "component.yaml") -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def image_of(slug: str):
    with get_site().database.session() as session:
        return desired_image(session, slug)


def test_doing_it_again_changes_nothing(folder):
    first = register(folder)
    assert first.changed == (f"component {first.components[0]}", f"image {first.components[0]}")
    assert register(folder).changed == ()


def test_a_changed_program_is_a_new_version_of_the_image(folder):
    (slug,) = register(folder).components
    before = image_of(slug)
    (folder / "puppet.py").write_text((folder / "puppet.py").read_text() + "\n# changed\n")
    assert register(folder).changed == (f"image {slug}",)
    assert image_of(slug).sha256 != before.sha256
    assert image_of(slug).original_repo_tag in get_engine().image(image_of(slug).sha256).repo_tags


def test_an_image_that_was_removed_from_the_engine_is_made_again(folder):
    (slug,) = register(folder).components
    get_engine().remove_image(image_of(slug).original_repo_tag)
    register(folder)
    assert get_engine().image(image_of(slug).sha256) is not None


def test_a_component_can_name_an_image_that_the_engine_has(folder):
    tag = image_of("puppet-report").original_repo_tag
    change(folder, "{build: .}", f'{{reference: "{tag}"}}')
    (slug,) = register(folder).components
    assert image_of(slug).sha256 == image_of("puppet-report").sha256


def test_an_unknown_reference_is_refused(folder):
    change(folder, "{build: .}", '{reference: "nobody/has-this:1"}')
    with pytest.raises(ImageImportFailed, match="the engine has no image nobody/has-this:1"):
        register(folder)


def test_a_component_can_come_from_an_archive(folder, tmp_path):
    import subprocess

    tag = image_of("puppet-report").original_repo_tag
    subprocess.run(["docker", "save", "--output", str(tmp_path / "own" / "image.tar"), tag], check=True)
    change(folder, "{build: .}", "{archive: image.tar}")
    (slug,) = register(folder).components
    assert image_of(slug).sha256 == image_of("puppet-report").sha256


def test_an_archive_that_is_none_is_refused(folder):
    (folder / "image.tar").write_bytes(b"not a tar at all")
    change(folder, "{build: .}", "{archive: image.tar}")
    with pytest.raises(ImageImportFailed):
        register(folder)


def test_an_image_that_runs_as_root_is_refused(folder):
    change(folder, "USER 4321:4321", "USER root", "Dockerfile")
    with pytest.raises(ImageImportFailed, match="runs as root"):
        register(folder)


def test_a_build_that_fails_says_why(folder):
    change(folder, "COPY puppet.py", "COPY no-such-file.py", "Dockerfile")
    with pytest.raises(ImageImportFailed, match=r"no-such-file\.py"):
        register(folder)


def test_a_model_is_mounted_unpacked_and_its_content_can_be_read(folder, tmp_path):
    (tmp_path / "weights.txt").write_text("1 2 3")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "weights.txt", "weights.txt")
    change(folder, "  time_limit: 60", "  time_limit: 60\n  model: model.tar.gz")
    (slug,) = register(folder).components
    job = run_component(slug, {"script": REPORT})
    assert job.outputs["report"].value == {"model": ["weights.txt"]}
    assert job.tarball.sha256


CHANGES = """
import json, os
tried = {}
for what, change in {
    'write': lambda: open('/opt/ml/model/folder/new', 'w'),
    'overwrite': lambda: open('/opt/ml/model/folder/weights.txt', 'w'),
    'remove': lambda: os.remove('/opt/ml/model/folder/weights.txt'),
    'rights': lambda: os.chmod('/opt/ml/model/folder/weights.txt', 0o777),
}.items():
    try:
        change()
    except OSError as error:
        tried[what] = error.strerror
tried['read'] = open('/opt/ml/model/folder/weights.txt').read()
json.dump(tried, open('/output/report.json', 'w'))
"""


def test_a_model_can_be_read_and_not_be_changed(folder, tmp_path):
    (tmp_path / "weights.txt").write_text("1 2 3")
    (tmp_path / "weights.txt").chmod(0o600)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "weights.txt", "folder/weights.txt")
    change(folder, "  time_limit: 60", "  time_limit: 60\n  model: model.tar.gz")
    (slug,) = register(folder).components
    read_only = "Read-only file system"
    assert run_component(slug, {"script": CHANGES}).outputs["report"].value == {
        **dict.fromkeys(("write", "overwrite", "remove", "rights"), read_only),
        "read": "1 2 3",
    }


@pytest.mark.soak
def test_a_job_runs_on_an_engine_that_has_to_fetch_its_image(folder, tmp_path, monkeypatch):
    with running_registry(tmp_path / "registry") as host:
        monkeypatch.setenv("COMPONENT_FLOWS_REGISTRY", host)
        get_settings.cache_clear()
        (folder / "puppet.py").write_text((folder / "puppet.py").read_text() + f"\n# {tmp_path}\n")
        (slug,) = register(folder).components
        image = image_of(slug)
        for reference in (image.original_repo_tag, image.registry_reference):
            get_engine().remove_image(reference)
        assert get_engine().image(image.sha256) is None
        job = run_component(slug, {"script": REPORT})
        assert job.image.registry_reference.startswith(f"{host}/{slug}@sha256:")
        assert get_engine().image(image.sha256) is not None
        for reference in (image.original_repo_tag, image.registry_reference):
            get_engine().remove_image(reference)
    monkeypatch.undo()
    get_settings.cache_clear()


def test_without_a_model_its_folder_is_empty():
    assert run_component("puppet-report", {"script": REPORT}).outputs["report"].value == {"model": []}


def test_a_model_that_is_no_tarball_is_refused(folder):
    (folder / "model.tar.gz").write_bytes(b"no tarball")
    change(folder, "  time_limit: 60", "  time_limit: 60\n  model: model.tar.gz")
    with pytest.raises(ImageImportFailed, match=r"is no \.tar\.gz"):
        register(folder)


def test_a_wrong_definition_names_file_line_and_key_and_registers_nothing(folder, tmp_path):
    change(folder, "time_limit: 60", "time_limt: 60")
    shutil.copy(PUPPET / "interfaces.yaml", tmp_path / "own" / "interfaces.yaml")
    change(tmp_path / "own", "Puppet script", "Another title", "interfaces.yaml")
    with pytest.raises(DefinitionError, match="did you mean 'time_limit'") as caught:
        register(folder)
    assert caught.value.file.name == "component.yaml"
    assert (folder / "component.yaml").read_text().splitlines()[caught.value.line - 1].strip() == "time_limt: 60"
    assert caught.value.key == "component.time_limt"


def test_a_component_with_an_unknown_interface_is_refused_with_the_nearest_one(folder):
    change(folder, "{inputs: [script], outputs: [report]}", "{inputs: [scirpt], outputs: [report]}")
    with pytest.raises(DefinitionError, match="did you mean 'script'") as caught:
        register(folder)
    assert caught.value.key == "component.interfaces[0].inputs[0]"
    assert "scirpt" in (folder / "component.yaml").read_text().splitlines()[caught.value.line - 1]
    with get_site().database.session() as session:
        assert not [slug for slug in find_components(session) if slug.startswith("own-test-a-component-with")]


def test_a_graph_that_does_not_fit_is_refused_with_all_problems(tmp_path):
    shutil.copy(PUPPET / "graph.yaml", tmp_path / "graph.yaml")
    change(tmp_path, "title: Puppet diamond", "title: Broken", "graph.yaml")
    change(tmp_path, "{script: others, scan: top.mask}", "{script: others, scan: topp.mask}", "graph.yaml")
    change(tmp_path, "component: puppet-mask", "component: puppet-musk", "graph.yaml")
    with pytest.raises(DefinitionErrors) as caught:
        register(tmp_path)
    found = {problem.key: problem.message for problem in caught.value.problems}
    assert "did you mean 'puppet-mask'" in found["graph.nodes.top.component"]
    assert "did you mean 'top'" in found["graph.nodes.left.inputs.scan"]


def test_a_title_that_another_component_has_is_refused(folder):
    change(folder, "title: Own", "slug: another\n  title: Puppet report #")
    with pytest.raises(DefinitionError, match="'puppet-report' has the same title"):
        register(folder)


def test_a_graph_may_not_have_the_name_of_a_component(tmp_path):
    shutil.copy(PUPPET / "graph.yaml", tmp_path / "graph.yaml")
    change(tmp_path, "title: Puppet diamond", "title: Puppet report", "graph.yaml")
    with pytest.raises(DefinitionError, match="a component 'puppet-report' is registered"):
        register(tmp_path)


def test_a_folder_without_definitions_is_refused(tmp_path):
    with pytest.raises(ComponentFlowsError, match=r"holds no interfaces\.yaml"):
        register(tmp_path)


@pytest.mark.parametrize("line", ["gpu_type: A100"])
def test_what_cannot_be_run_yet_is_refused_before_anything_runs(folder, line):
    change(folder, "  time_limit: 60", f"  time_limit: 60\n  {line}")
    (slug,) = register(folder).components
    with pytest.raises(DefinitionError, match=line.split(":")[0]):
        run_component(slug, {"script": REPORT})

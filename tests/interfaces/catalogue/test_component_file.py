from __future__ import annotations

import pytest

from interfaces.component import ImageSource, InterfaceSet, Method
from interfaces.settings import get_settings

WHOLE = """\
component:
  title: Tissue segmentation
  slug: segmenter
  description: Finds tissues
  image: {reference: "registry.example:5000/tissue/segmenter:1.2"}
  interfaces:
    - {inputs: [mri], outputs: [tissues]}
    - {inputs: [mri, mask], outputs: [tissues, report]}
    - {inputs: [], outputs: [report]}
  time_limit: 600
  memory_gb: 0.5
  gpu_type: A100
  model: model.tar.gz
  method: invoke
"""


@pytest.fixture(autouse=True)
def default_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def set_limit(monkeypatch):
    def limit(name: str, value: str) -> None:
        monkeypatch.setenv(f"COMPONENT_FLOWS_{name}", value)
        get_settings.cache_clear()

    return limit


def a_component(**changes: str) -> str:
    """A definition whose line 3 is the image, line 4 the interfaces, and then one line a change."""
    fields = {
        "title": "Segmenter",
        "image": "{reference: 'segmenter:1'}",
        "interfaces": "[{inputs: [mri], outputs: [tissues]}]",
        **changes,
    }
    return "component:\n" + "".join(f"  {key}: {value}\n" for key, value in fields.items() if value != "-")


def test_every_key_is_read(write, read):
    model = write(b"", "model.tar.gz")
    (component,) = read(WHOLE).components
    assert (component.title, component.slug, component.description) == (
        "Tissue segmentation",
        "segmenter",
        "Finds tissues",
    )
    assert component.image == ImageSource(reference="registry.example:5000/tissue/segmenter:1.2")
    assert component.interfaces == (
        InterfaceSet(inputs=("mri",), outputs=("tissues",)),
        InterfaceSet(inputs=("mri", "mask"), outputs=("tissues", "report")),
        InterfaceSet(inputs=(), outputs=("report",)),
    )
    assert (component.time_limit, component.memory_gb, component.gpu_type) == (600, 0.5, "A100")
    assert (component.model, component.method) == (model, Method.INVOKE)


def test_what_is_not_given_has_a_default(read):
    (component,) = read(a_component()).components
    assert (component.slug, component.time_limit, component.memory_gb) == ("segmenter", 3600, 4)
    assert (component.gpu_type, component.model, component.method) == ("", None, Method.EXEC)


def test_defaults_stay_within_the_bounds_of_the_site(read, set_limit):
    set_limit("LIMITS__MAX_TIME_LIMIT_S", "120")
    set_limit("LIMITS__MAX_MEMORY_GB", "2")
    (component,) = read(a_component()).components
    assert (component.time_limit, component.memory_gb) == (120, 2)


def test_an_image_is_built_from_a_folder_beside_the_file(write, read):
    dockerfile = write("FROM scratch", "image/Dockerfile")
    assert read(a_component(image="{build: image}")).components[0].image == ImageSource(build=dockerfile.parent)


def test_an_image_is_built_from_the_folder_of_the_file(write, read):
    dockerfile = write("FROM scratch", "Dockerfile")
    assert read(a_component(image="{build: .}")).components[0].image == ImageSource(build=dockerfile.parent)


@pytest.mark.parametrize("name", ["image.tar", "image.tar.gz", "image.tar.xz"])
def test_an_image_comes_from_an_archive_beside_the_file(write, read, name):
    archive = write(b"", name)
    assert read(a_component(image=f"{{archive: {name}}}")).components[0].image == ImageSource(archive=archive)


def test_a_path_may_lead_out_of_the_folder(write, read):
    model = write(b"", "../shared/model.tar.gz")
    assert read(a_component(model="../shared/model.tar.gz")).components[0].model == model.resolve()


@pytest.mark.parametrize(
    "reference",
    [
        "python",
        "python:3.12-slim",
        "my_org/my__image.v2:Latest_1",
        "localhost:5000/a/b-c",
        "Registry.example/a@sha256:" + "0" * 64,
        "a:1@sha256:" + "f" * 64,
        "sha256:" + "a" * 64,
    ],
)
def test_an_image_is_named_by_a_reference(read, reference):
    component = read(a_component(image=f"{{reference: '{reference}'}}")).components[0]
    assert component.image == ImageSource(reference=reference)


@pytest.mark.parametrize(
    "reference", ["--privileged", "UPPER", "a b", "a:", "a/", "https://a/b", "a:-x", "a@sha256:1", "x" * 600]
)
def test_what_is_no_reference_is_refused(problems, reference):
    ((line, key, message),) = problems(a_component(image=f"{{reference: '{reference}'}}"))
    assert (line, key) == (3, "component.image.reference")
    assert "is no name of an image, such as 'name:tag'" in message


@pytest.mark.parametrize(
    ("image", "key", "message"),
    [
        ("", "image", "must be a mapping of keys to values, not nothing"),
        ("segmenter:1", "image", "must be a mapping of keys to values, not 'segmenter:1'"),
        ("{}", "image", "needs exactly one of build, archive, reference"),
        ("{build: here, reference: a}", "image", "needs exactly one of build, archive, reference"),
        ("{biuld: here}", "image.biuld", "is not a known key; did you mean 'build'?"),
        ("{reference: }", "image.reference", "must be text, not nothing"),
        ("{reference: 1.5}", "image.reference", "must be text, not '1.5'; quote it"),
        ("{reference: ''}", "image.reference", "must not be empty"),
        ("{build: nowhere}", "image.build", "nowhere does not exist"),
        ("{build: heer}", "image.build", "heer does not exist; did you mean 'here'?"),
        ("{build: here}", "image.build", "must be a folder with a Dockerfile"),
        ("{build: any.yaml}", "image.build", "must be a folder with a Dockerfile"),
        ("{archive: nowhere.tar}", "image.archive", "does not exist"),
        ("{archive: here}", "image.archive", "must be a file"),
        ("{archive: any.yaml}", "image.archive", "must end in .tar or .tar.gz or .tgz or .tar.xz, not any.yaml"),
        ("{archive: 'a\\0b'}", "image.archive", ""),
        (f"{{archive: {'x' * 300}.tar}}", "image.archive", "can't be reached"),
        (f"{{archive: {'x/' * 2040}y.tar}}", "image.archive", "can't be reached"),
        (f"{{archive: {'x/' * 2048}y.tar}}", "image.archive", "is longer than 4,096 characters"),
    ],
)
def test_one_mistake_in_an_image_is_one_error_at_its_key(write, problems, image, key, message):
    write("", "here/.keep")
    ((line, found_key, found),) = problems(a_component(image=image))
    assert message in found
    assert (line, found_key) == (3, f"component.{key}")


@pytest.mark.parametrize(
    ("changes", "line", "key", "message"),
    [
        ({"title": "-"}, 1, "", "lacks the key 'title'"),
        ({"image": "-"}, 1, "", "lacks the key 'image'"),
        ({"interfaces": "-"}, 1, "", "lacks the key 'interfaces'"),
        ({"title": "''"}, 2, "title", "must not be empty"),
        ({"title": "'***'"}, 2, "title", "give a slug"),
        ({"slug": "Not a slug"}, 5, "slug", "such as 'not-a-slug'"),
        ({"time_limt": "1"}, 5, "time_limt", "is not a known key; did you mean 'time_limit'?"),
        ({"time_limit": "0"}, 5, "time_limit", "0 s is not allowed here; this site takes 1 to 86400 s"),
        ({"time_limit": "86401"}, 5, "time_limit", "this site takes 1 to 86400 s"),
        ({"time_limit": "10.5"}, 5, "time_limit", "must be a whole number, not '10.5'"),
        ({"time_limit": "true"}, 5, "time_limit", "must be a whole number, not 'True'"),
        ({"time_limit": "1h"}, 5, "time_limit", "must be a whole number, not '1h'"),
        ({"memory_gb": "0.06"}, 5, "memory_gb", "0.06 GB is not allowed here; this site takes at least 0.0625 GB"),
        ({"memory_gb": "-4"}, 5, "memory_gb", "at least 0.0625 GB"),
        ({"memory_gb": "4GB"}, 5, "memory_gb", "must be a number, not '4GB'"),
        ({"gpu_type": "A1000"}, 5, "gpu_type", "'A1000' is not known; did you mean 'A100'?"),
        ({"gpu_type": "t4"}, 5, "gpu_type", "did you mean 'T4'?"),
        ({"gpu_type": "voodoo"}, 5, "gpu_type", "known are '', A100, A10G, V100, K80, T4"),
        ({"method": "exce"}, 5, "method", "'exce' is not known; did you mean 'exec'?"),
        ({"model": "gone.tar.gz"}, 5, "model", "does not exist"),
        ({"model": "."}, 5, "model", "must be a file"),
        ({"model": "any.yaml"}, 5, "model", "must end in .tar.gz or .tgz, not any.yaml"),
        ({"interfaces": ""}, 4, "interfaces", "must be a list, not nothing"),
        ({"interfaces": "[]"}, 4, "interfaces", "needs at least one set of inputs and outputs"),
        ({"interfaces": "{inputs: [a], outputs: [b]}"}, 4, "interfaces", "must be a list"),
        ({"interfaces": "[a]"}, 4, "interfaces[0]", "must be a mapping"),
        ({"interfaces": "[{inputs: [a]}]"}, 4, "interfaces[0]", "lacks the key 'outputs'"),
        ({"interfaces": "[{outputs: [a]}]"}, 4, "interfaces[0]", "lacks the key 'inputs'"),
        ({"interfaces": "[{inputs: [a], outputs: []}]"}, 4, "interfaces[0].outputs", "needs at least one output"),
        ({"interfaces": "[{inputs: a, outputs: [b]}]"}, 4, "interfaces[0].inputs", "must be a list, not 'a'"),
        ({"interfaces": "[{inputs: , outputs: [b]}]"}, 4, "interfaces[0].inputs", "must be a list, not nothing"),
        ({"interfaces": "[{inputs: [1], outputs: [b]}]"}, 4, "interfaces[0].inputs[0]", "must be text, not '1'"),
        ({"interfaces": "[{inputs: [a, a], outputs: [b]}]"}, 4, "interfaces[0].inputs[1]", "'a' is there twice"),
        (
            {"interfaces": "[{inputs: [a, c], outputs: [b]}, {inputs: [c, a], outputs: [d]}]"},
            4,
            "interfaces[1].inputs",
            "are the same as in interfaces[0]",
        ),
        ({"interfaces": "[{inputs: [a], outputs: [b], x: 1}]"}, 4, "interfaces[0].x", "is not a known key"),
    ],
)
def test_one_mistake_is_one_error_at_its_line_and_key(problems, changes, line, key, message):
    ((found_line, found_key, found),) = problems(a_component(**changes))
    assert message in found
    assert (found_line, found_key) == (line, f"component.{key}".rstrip("."))


def test_a_site_sets_its_own_bounds_and_gpus(read, problems, set_limit):
    set_limit("LIMITS__MAX_MEMORY_GB", "8")
    set_limit("GPU_TYPES", '["", "H100"]')
    assert read(a_component(gpu_type="H100", memory_gb="8")).components[0].gpu_type == "H100"
    assert [message for _, _, message in problems(a_component(gpu_type="T4", memory_gb="8.5"))] == [
        "8.5 GB is not allowed here; this site takes 0.0625 to 8.0 GB",
        "'T4' is not known; known are '', H100",
    ]


def test_all_mistakes_are_found_at_once(problems):
    text = a_component(title="7", image="{}", interfaces="[]", time_limit="x", memory_gb="x", method="x", other="x")
    assert {key for _, key, _ in problems(text)} == {
        f"component.{name}" for name in ("title", "image", "interfaces", "time_limit", "memory_gb", "method", "other")
    }


def test_a_component_is_a_mapping(problems):
    assert problems("component: [a]") == [(1, "component", "must be a mapping of keys to values, not a list")]

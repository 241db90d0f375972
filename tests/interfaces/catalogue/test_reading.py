from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.catalogue.reading import Catalogue, read_catalogue
from interfaces.errors import DefinitionError, DefinitionErrors

INTERFACES = "interfaces:\n  - {title: Age, kind: Integer, relative_path: age.json}\n"
COMPONENT = """\
component:
  title: Guess
  image: {reference: 'guess:1'}
  interfaces:
    - {inputs: [scan], outputs: [age]}
"""
GRAPH = "graph:\n  title: All\n  nodes: {g: {component: guess, inputs: {}}}\n  outputs: {age: g.age}\n"
EXAMPLE = Path(__file__).parents[3] / "examples" / "brain-volumetry"


def slugs(catalogue: Catalogue) -> list[str]:
    return [one.slug for one in (*catalogue.interfaces, *catalogue.components, *catalogue.graphs)]


def test_the_example_is_read():
    catalogue = read_catalogue(EXAMPLE)
    assert {one.slug for one in catalogue.components} == {"tissue-segmentation", "tissue-volumes", "tissue-agreement"}
    assert [one.slug for one in catalogue.graphs] == ["brain-volumetry"]
    assert {"t1-brain-mri", "brain-tissues", "tissue-volumes"} <= {one.slug for one in catalogue.interfaces}


def test_a_folder_is_read_with_all_folders_below(write):
    folder = write(INTERFACES, "interfaces.yaml").parent
    write(COMPONENT, "components/guess/component.yaml")
    write(GRAPH, "graphs/all/graph.yaml")
    assert slugs(read_catalogue(folder)) == ["age", "guess", "all"]


@pytest.mark.parametrize("name", ["interfaces.yml", "brain.interfaces.yaml", "a/b/c/x.y.interfaces.yml"])
def test_a_definition_file_is_known_by_its_name(write, tmp_path, name):
    write(INTERFACES, name)
    assert slugs(read_catalogue(tmp_path)) == ["age"]


@pytest.mark.parametrize(
    "name",
    [
        "my-interfaces.yaml",
        "interfaces.yaml.bak",
        "interfaces.json",
        ".interfaces.yaml",
        ".git/interfaces.yaml",
        "a.yaml",
    ],
)
def test_other_files_of_a_folder_are_passed_over(write, tmp_path, name):
    write(COMPONENT, "component.yaml")
    write(INTERFACES, name)
    assert slugs(read_catalogue(tmp_path)) == ["guess"]


def test_a_file_that_is_named_itself_may_have_any_name(write):
    assert slugs(read_catalogue(write(INTERFACES, "whatever.txt"))) == ["age"]
    assert slugs(read_catalogue(str(write(COMPONENT, ".hidden")))) == ["guess"]


def test_one_file_may_hold_several_forms(write):
    assert slugs(read_catalogue(write(GRAPH + INTERFACES + COMPONENT))) == ["age", "guess", "all"]


def test_several_paths_are_read_together_and_each_file_once(write):
    one, other = write(INTERFACES, "a/interfaces.yaml"), write(COMPONENT, "b/component.yaml")
    assert slugs(read_catalogue(one, other, one, one.parent, other.parent.parent)) == ["age", "guess"]


def test_a_link_to_a_file_is_the_file(write):
    file = write(INTERFACES, "a/interfaces.yaml")
    (file.parent / "other.interfaces.yaml").symlink_to(file)
    assert slugs(read_catalogue(file.parent)) == ["age"]


def test_a_link_to_a_folder_above_is_not_followed(write):
    file = write(INTERFACES, "a/interfaces.yaml")
    (file.parent / "loop").symlink_to(file.parent.parent)
    assert slugs(read_catalogue(file.parent.parent)) == ["age"]


def test_a_folder_without_definitions_says_what_was_looked_for(tmp_path):
    looked_for = r"holds no interfaces\.yaml, component\.yaml, graph\.yaml or phase\.yaml"
    with pytest.raises(DefinitionError, match=looked_for) as caught:
        read_catalogue(tmp_path)
    assert caught.value.file == tmp_path


def test_what_does_not_exist_is_named(tmp_path):
    with pytest.raises(DefinitionError, match="does not exist") as caught:
        read_catalogue(tmp_path / "nowhere")
    assert caught.value.file == tmp_path / "nowhere"


def test_at_least_one_path_is_needed():
    with pytest.raises(DefinitionError, match="name a file or folder"):
        read_catalogue()


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "interfaces.yaml")
    with pytest.raises(DefinitionError, match="is not a file"):
        read_catalogue(tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing", "- a list", "text", "{}", "7"])
def test_a_file_without_definitions_says_which_keys_it_may_have(problems, text):
    assert problems(text) == [
        (
            1,
            None,
            "holds no definition; its top level needs one of the keys 'interfaces:', 'look_up_tables:', 'component:', "
            "'graph:', 'phase:'",
        )
    ]


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("components: {}", "components", "is not a known key; did you mean 'component'?"),
        ("interface: []", "interface", "is not a known key; did you mean 'interfaces'?"),
        ("version: 1", "version", "is not a known key; known are interfaces, look_up_tables, component, graph, phase"),
        ("phases: {}", "phases", "is not a known key; did you mean 'phase'?"),
    ],
)
def test_an_unknown_form_is_refused_with_the_nearest_one(problems, text, key, message):
    assert problems(text) == [(1, key, message)]


def test_a_phase_in_a_folder_is_not_passed_over(write, tmp_path):
    write(INTERFACES, "interfaces.yaml")
    write("phase: {algorithm_interfaces: [{inputs: [a], outputs: [b]}], evaluation: {component: c}}", "phase.yaml")
    with pytest.raises(DefinitionError, match="lacks the key 'title'"):
        read_catalogue(tmp_path)


def test_all_problems_of_all_files_are_found_at_once(write, tmp_path):
    write("interfaces: [{title: A, kind: Nope, relative_path: a.json}]", "a.interfaces.yaml")
    write("graph: {", "broken.graph.yaml")
    write(INTERFACES + "extra: 1\n", "good.interfaces.yaml")
    with pytest.raises(DefinitionErrors) as caught:
        read_catalogue(tmp_path, tmp_path / "nowhere")
    assert {one.file.name for one in caught.value.problems} == {
        *("a.interfaces.yaml", "broken.graph.yaml", "good.interfaces.yaml", "nowhere"),
    }
    assert caught.value.exit_code == 2
    assert all(str(one) in str(caught.value).splitlines() for one in caught.value.problems)


@pytest.mark.parametrize(
    ("other", "names", "line"),
    [
        ("{title: Age, slug: other, kind: Integer, relative_path: other.json}", "title", 2),
        ("{title: Other, slug: age, kind: Integer, relative_path: other.json}", "slug", 2),
        ("{title: Other, kind: Integer, relative_path: age.json}", "relative_path", 2),
        ("{title: Age, kind: Anything, relative_path: age.json}", "title and slug and relative_path", 2),
        ("{title: AGE, kind: String, relative_path: AGE.json}", "slug", 2),
    ],
)
def test_a_name_that_is_taken_twice_is_refused_with_both_places(write, tmp_path, other, names, line):
    first = write(INTERFACES, "a/interfaces.yaml")
    second = write(f"interfaces:\n  - {other}", "b/interfaces.yaml")
    with pytest.raises(DefinitionError) as caught:
        read_catalogue(tmp_path)
    assert caught.value.message == f"has the same {names} as 'Age' in {first}:2; each must be unique"
    assert (caught.value.file, caught.value.line) == (second, line)


def test_a_component_and_a_graph_share_their_names_since_both_are_run_by_name(write):
    file = write(COMPONENT + GRAPH.replace("title: All", "title: Guess"))
    with pytest.raises(DefinitionError, match=f"has the same title and slug as 'Guess' in {file}:1"):
        read_catalogue(file)


def test_an_interface_may_be_called_like_a_component(write):
    assert slugs(read_catalogue(write(INTERFACES + COMPONENT.replace("Guess", "Age")))) == ["age", "age"]


def test_one_definition_that_clashes_with_two_is_told_of_both(write):
    text = (
        "interfaces:\n"
        "  - {title: A, kind: String, relative_path: a.json}\n"
        "  - {title: B, kind: String, relative_path: b.json}\n"
        "  - {title: A, slug: c, kind: String, relative_path: b.json}\n"
    )
    file = write(text)
    with pytest.raises(DefinitionErrors) as caught:
        read_catalogue(file)
    assert [(one.line, one.key, one.message) for one in caught.value.problems] == [
        (4, "interfaces[2].title", f"has the same title as 'A' in {file}:2; each must be unique"),
        (4, "interfaces[2].relative_path", f"has the same relative_path as 'B' in {file}:3; each must be unique"),
    ]


def test_the_catalogue_places_an_error_about_a_definition(write):
    file = write(INTERFACES + COMPONENT)
    catalogue = read_catalogue(file)
    error = catalogue.error(catalogue.components[0], "is unknown", "interfaces", 0, "inputs", 0)
    assert str(error) == f"{file}:7: component.interfaces[0].inputs[0]: is unknown"
    assert str(catalogue.error(catalogue.interfaces[0], "is taken")) == f"{file}:2: interfaces[0]: is taken"


def test_reading_again_gives_the_same(write):
    file = write(INTERFACES + COMPONENT + GRAPH)
    assert read_catalogue(file) == read_catalogue(file)


KEYS = st.sampled_from(
    [
        *(
            "interfaces",
            "component",
            "graph",
            "phase",
            "title",
            "slug",
            "description",
            "kind",
            "relative_path",
            "schema",
        ),
        *("default_value", "example_value", "overlay_segments", "look_up_table", "store_in_database", "name"),
        *("visible", "voxel_value", "color", "alpha", "image", "build", "archive", "reference", "inputs", "outputs"),
        *("time_limit", "memory_gb", "gpu_type", "model", "method", "nodes", "component", "type", "$ref", "other"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            "Image",
            "Segmentation",
            "INT",
            "images/x",
            "x.json",
            "a",
            "a.b",
            "exec",
            ".",
            "..",
            "",
            "[0 0 0 0]",
            "/",
            "\u202e",
        ]
    ),
    st.text(max_size=10),
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_definition_holds_gives_records_or_definition_errors(write, data):
    root = data.draw(st.sampled_from(["interfaces", "component", "graph"]))
    names = {
        "interfaces": [
            "title",
            "kind",
            "relative_path",
            "overlay_segments",
            "look_up_table",
            "schema",
            "default_value",
        ],
        "component": ["title", "image", "interfaces", "time_limit", "memory_gb", "model"],
        "graph": ["title", "inputs", "nodes", "outputs"],
    }[root]
    one = st.dictionaries(st.sampled_from(names) | KEYS, TREES, max_size=8)
    value = data.draw(one | TREES)
    text = yaml.safe_dump({root: [value] if root == "interfaces" else value}, allow_unicode=False)
    try:
        catalogue = read_catalogue(write(text))
    except DefinitionError as error:
        assert "\n" not in error.message
    except DefinitionErrors as error:
        assert len(error.problems) > 1
    else:
        assert slugs(catalogue)
        for interface in catalogue.interfaces:
            interface.clean()

"""Sound definitions with a little broken in them: each gives records that keep the rules, or errors with a place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.catalogue.reading import read_catalogue
from interfaces.errors import DefinitionError, DefinitionErrors

ROOT = Path(__file__).parents[3]
SOUND = [
    path.read_bytes() for path in sorted(ROOT.glob("examples/**/*.yaml")) + sorted(ROOT.glob("tests/puppet/**/*.yaml"))
]
SOUND.append(
    b"""\
look_up_tables:
  - {title: Red, color: "[0 0 0 0, 255 0 0 1]", alpha: "[0 0, 1 1]", range_max: 2, relative: true}
interfaces:
  - title: Lesion masks
    kind: Segmentation
    relative_path: images/masks
    overlay_segments:
      - &lesion {name: Lesion, voxel_value: 1, visible: true}
      - {name: Cyst, voxel_value: 2, visible: false}
    look_up_table: Red
  - title: Age
    kind: INT
    relative_path: age.json
    schema: {minimum: 0, enum: [1, 2, 50, 61], not: {const: 7}}
    default_value: 50
    example_value: 61
    store_in_database: true
"""
)
HOSTILE = [
    *(b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\r", b"\xc2\x85", b"&a "),
    *(b"*a", b"*lesion", b"<<: *lesion", b"!!python/name:os.system ", b"!!binary ", b"{", b"}"),
    *(b"[", b"]", b": ", b"- ", b"---\n", b"|\n", b"'"),
    *(b'"', b"%YAML 1.1\n", b"? ", b"# ", b"\n", b"  ", b"[" * 60),
    *(b"9" * 400, b".nan", b"1e999", b"null", b"true", b"\xe2\x80\xae", b'"\\ud800"'),
    *(b"images/", b"../", b"x" * 5000),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sound definition after one to four changes: of bytes, of lines, or of its encoding."""
    data = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 4))):
        lines = data.splitlines(keepends=True) or [b""]
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["insert", "cut", "repeat line", "drop line", "swap", "indent", "flip"])):
            case "insert":
                data = data[:at] + draw(st.sampled_from(HOSTILE)) + data[at:]
            case "cut":
                data = data[:at] + data[at + draw(st.integers(1, 30)) :]
            case "repeat line":
                data = b"".join([*lines[:one], lines[one], *lines[one:]])
            case "drop line":
                data = b"".join([*lines[:one], *lines[one + 1 :]])
            case "swap":
                lines[one], lines[other] = lines[other], lines[one]
                data = b"".join(lines)
            case "indent":
                lines[one] = b"  " + lines[one] if draw(st.booleans()) else lines[one].removeprefix(b"  ")
                data = b"".join(lines)
            case _ if data:
                at %= len(data)
                data = data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    return data if draw(st.integers(0, 15)) else data.decode("utf-8", "replace").encode("utf-16")


def _hold(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        catalogue = read_catalogue(path)
    except (DefinitionError, DefinitionErrors) as error:
        for problem in error.problems if isinstance(error, DefinitionErrors) else [error]:
            assert problem.file == path
            assert problem.message
            assert "\n" not in problem.message
            assert len(problem.message) < 1000
            assert problem.line is None or 1 <= problem.line <= len(data.decode("utf-8", "replace").splitlines()) + 2
    else:
        for interface in catalogue.interfaces:
            interface.clean()
        for table in catalogue.look_up_tables:
            table.clean()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated())
def test_a_definition_with_a_little_broken_in_it_gives_records_or_clear_errors(tmp_path, data):
    _hold(tmp_path / "any.yaml", data)


@pytest.mark.soak
@settings(deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated())
def test_many_definitions_with_a_little_broken_in_them_give_records_or_clear_errors(tmp_path, data):
    _hold(tmp_path / "any.yaml", data)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        ("interfaces: []".encode("utf-16"), 1, "is not UTF-8 text (the byte 0xff); save it as UTF-8"),
        ("interfaces: []".encode("utf-16-be"), None, "is not valid YAML"),
        (b"interfaces:\n\t- {title: a}", 2, "indent with blanks"),
        (b"interfaces:\n  - {title: a, title: b}", 2, "is there twice (first in line 2)"),
        (b"interfaces:\n  - {1: a}", 2, "has the key '1', which is not text; quote it"),
        (b"interfaces: !!python/object/apply:os.system [ls]", 1, "which is not allowed; leave it out"),
        (b"interfaces:\n  - {title: " + b"x" * 2_000_000 + b"}", None, "is too large for a definition"),
        (b"interfaces: " + b"[" * 1000, 1, "is nested more than 50 levels deep"),
        (b"\xef\xbb\xbfinterfaces: []", 1, "needs at least one interface"),
    ],
)
def test_hostile_yaml_gives_one_sentence_with_file_and_line(tmp_path, data, line, message):
    (tmp_path / "any.yaml").write_bytes(data)
    with pytest.raises(DefinitionError) as caught:
        read_catalogue(tmp_path / "any.yaml")
    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == (tmp_path / "any.yaml", line) or line is None
    assert "\n" not in str(caught.value)

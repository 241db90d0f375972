from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.catalogue import yaml_source
from interfaces.catalogue.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_VALUES, dotted, read_yaml
from interfaces.errors import DefinitionError

LOADERS = [base for name in ("CSafeLoader", "SafeLoader") if (base := getattr(yaml, name, None))]


@pytest.fixture(params=LOADERS, ids=lambda base: base.__name__)
def any_loader(request, monkeypatch):
    """With the loader in C, and with the one where PyYAML was built without it."""
    monkeypatch.setattr(yaml_source, "_LOADER", yaml_source._loader(request.param))


@pytest.fixture
def refusal(write):
    def refused(text: str | bytes) -> DefinitionError:
        path = write(text)
        with pytest.raises(DefinitionError) as caught:
            read_yaml(path)
        assert caught.value.file == path
        assert "\n" not in caught.value.message
        return caught.value

    return refused


def nested_aliases() -> str:
    rows = ["a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        rows.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    return "\n".join(rows)


@pytest.mark.usefixtures("any_loader")
class TestWithEachLoader:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("no", "no"),
            ("Yes", "Yes"),
            ("on", "on"),
            ("true", True),
            ("FALSE", False),
            ("~", None),
            ("", None),
            ("null", None),
            ("2024-01-01", "2024-01-01"),
            ("12:30:45", "12:30:45"),
            ("1_000", "1_000"),
            ("010", 10),
            ("0x1F", 31),
            ("0o17", 15),
            ("-7", -7),
            ("1e3", 1000.0),
            ("-.5", -0.5),
            ("3.", 3.0),
            ("1.2.3", "1.2.3"),
            ("2DBB", "2DBB"),
            ("'1'", "1"),
            ('"true"', "true"),
            ("!!str 12", "12"),
            ("|\n  two\n  lines\n", "two\nlines\n"),
            ("[1, {b: c}]", [1, {"b": "c"}]),
        ],
    )
    def test_a_value_means_what_it_means_in_the_core_schema(self, write, text, value):
        read = read_yaml(write(f"a: {text}")).data["a"]
        assert read == value
        assert type(read) is type(value)

    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("a: 1\nb: [1, 2\n", 3, "is not valid YAML"),
            ("a: 1\nb: c: d\n", 2, "not allowed"),
            ("a:\n\tb: 1", 2, "indent with blanks"),
            ("a: *nowhere", 1, "undefined alias"),
            ("a: 1\n\nb: 2\na: 3", 4, "is there twice (first in line 1)"),
            ("a: {b: 1, b: 2}", 1, "is there twice"),
            ("a: 1\n---\nb: 2", 2, "second document"),
            ("a: &x {y: *x}", 1, "refers to itself"),
            ("a:\n  1: one", 2, "has the key '1', which is not text; quote it"),
            ("true: one", 1, "has the key 'true', which is not text"),
            ("? [a, b]\n: c", 1, "not text"),
            ("a: {<<: {b: 1}}", 1, "merge key"),
            (f"? {'k' * 1001}\n: 1", 1, "has a key of more than 1,000 characters"),
            ("a: .nan", 1, "no JSON value"),
            ("a: -.INF", 1, "no JSON value"),
            ("a: 1e999", 1, "no JSON value"),
            (f"a: {'9' * 5000}", 1, "no JSON value"),
            ("a: !!int many", 1, "no JSON value"),
            ("\n\na: !!python/object/apply:os.system [ls]", 3, "tag"),
            ("a: !!python/name:os.system", 1, "tag"),
            ("a: !!binary aGVsbG8=", 1, "tag"),
            ("a: !!timestamp 2024-01-01", 1, "tag"),
            ("a: !!set {b, c}", 1, "tag"),
            ("a: !mine {b: 1}", 1, "tag"),
            ("a: 1\nb: \x00", 2, "character #x0000"),
            ("a: 1\nb: \x1b[2J", 2, "character #x001b"),
            ('a: "\\uD800"', 1, ""),
            ('a: "\\UFFFFFFFF"', None, ""),
            (b"a: 1\nb: \xff\xfe", 2, "not UTF-8 text (the byte 0xff)"),
        ],
    )
    def test_what_is_no_sound_yaml_is_refused_with_its_line(self, refusal, text, line, message):
        error = refusal(text)
        assert message in error.message
        assert line is None or error.line == line

    @pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 100_000, "[" * 60 + "]" * 60])
    def test_what_is_nested_too_deeply_is_refused(self, refusal, text):
        assert refusal(text).message == f"is nested more than {MAX_DEPTH} levels deep"

    def test_a_billion_laughs_end_in_one_clear_error(self, refusal):
        assert f"more than {MAX_VALUES:,} values" in refusal(nested_aliases()).message

    def test_aliases_that_nest_deeper_than_the_text_are_refused(self, refusal):
        text = "\n".join(["a0: &a0 [1]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 80))])
        assert "levels deep, aliases included" in refusal(text).message


def test_every_key_and_entry_has_its_line(write):
    source = read_yaml(write("# a remark\na: 1\nb:\n  - c: 2\n    d:\n      e: 3\n  - f\n"))
    assert {dotted(path): line for path, line in source.lines.items()} == {
        "": 2,
        "a": 2,
        "b": 3,
        "b[0]": 4,
        "b[0].c": 4,
        "b[0].d": 5,
        "b[0].d.e": 6,
        "b[1]": 7,
    }


def test_the_line_of_a_missing_key_is_that_of_what_should_hold_it(write):
    source = read_yaml(write("a: 1\nb:\n  c: 2\n"))
    assert source.line(("b", "d", 0, "e")) == 2
    assert source.line(("z",)) == 1


def test_an_alias_has_the_value_of_its_anchor(write):
    source = read_yaml(write("a: &one\n  b: 1\nc: *one\n"))
    assert source.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert source.line(("c",)) == 3


@pytest.mark.parametrize("text", ["", "# nothing but a remark\n", "---\n", "--- ~"])
def test_an_empty_file_is_none(write, text):
    assert read_yaml(write(text)).data is None


def test_a_byte_order_mark_is_passed_over(write):
    assert read_yaml(write(b"\xef\xbb\xbfa: 1")).data == {"a": 1}


def test_a_file_that_is_too_large_is_refused(refusal):
    assert "too large" in refusal("#" * (MAX_BYTES + 1)).message


def test_the_largest_file_is_read(write):
    assert read_yaml(write("a: 1\n#" + "x" * (MAX_BYTES - 6))).data == {"a": 1}


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DefinitionError, match="is not a file"):
        read_yaml(tmp_path)


# JSON escapes what is beyond as two surrogates, which YAML does not take.
CHARACTERS = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS)
# A key of more than 1,024 characters, escapes included, needs a mark in YAML.
KEY = st.text(CHARACTERS, max_size=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.dictionaries(KEY, JSON, max_size=4))
def test_every_json_object_is_read_as_itself(write, value):
    assert read_yaml(write(json.dumps(value, indent=1))).data == value


TOKENS = st.sampled_from(
    [
        *"[]{}:,-?&*!|>'\"#%@`~ \n\t\\",
        ": ",
        "- ",
        "a",
        "b: ",
        "&x ",
        "*x",
        "!!str ",
        "---\n",
        "...\n",
        "<<",
        "1",
        "é",
        "\0",
    ]
)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(TOKENS, max_size=30).map("".join) | st.text(max_size=40) | st.binary(max_size=40))
def test_whatever_is_in_a_file_gives_values_or_a_definition_error(write, text):
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    try:
        source = read_yaml(write(text))
    except DefinitionError as error:
        assert error.message
    else:
        assert json.loads(json.dumps(source.data, allow_nan=False)) == source.data

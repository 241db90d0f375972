"""Reading JSON from people and containers: what is refused, with which words, and that both paths read alike."""

from __future__ import annotations

import gc
import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces import json_parsing
from interfaces.errors import ValidationError
from interfaces.json_parsing import MAX_INTEGER_DIGITS, parse_json
from interfaces.json_values import MAX_DEPTH


def refusal(data: bytes | str, **options: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        parse_json(data, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("  true\n", True),
        ('"é\\u00e9\\n"', "éé\n"),
        ('"\\ud83d\\ude00"', "😀"),
        ("[1, 2.0, -0.0, 1E5]", [1, 2.0, -0.0, 1e5]),
        ('{"a": {"b": []}}', {"a": {"b": []}}),
        ('{"a": 1, "A": 2, "": 3}', {"a": 1, "A": 2, "": 3}),
        ('[{"a": 1}, {"a": 1}]', [{"a": 1}, {"a": 1}]),
        ('"\\u0000"', "\0"),
        ('"NaN"', "NaN"),
    ],
)
def test_json_is_read(text: str, value: Any) -> None:
    assert parse_json(text) == value == parse_json(text.encode())


def test_a_byte_order_mark_is_accepted() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1] == parse_json("\ufeff[1]")


def test_whole_numbers_stay_integers_and_others_floats() -> None:
    assert [type(item) for item in parse_json("[1, 1.0, 1e0, -0]")] == [int, float, float, int]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "the text is empty"),
        (" \n ", "the text is empty"),
        ("[1,\n 2,\n]", "at line 3, column 1"),
        ("{'a': 1}", "expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"a" 1}', "expecting ':' delimiter at line 1, column 6"),
        ('{"a": 1 "b": 2}', "expecting ',' delimiter at line 1, column 9"),
        ('["a\n"]', "invalid control character at line 1, column 4"),
        ('["\\x"]', "invalid \\escape at line 1, column 3"),
        ('["abc', "unterminated string starting at line 1, column 2"),
        ("[1] [2]", "extra data at line 1, column 5"),
        ("tru", "expecting value at line 1, column 1"),
        ("01", "at line 1, column 2"),
        ("[1.]", "at line 1, column 3"),
        ("{1: 2}", "at line 1, column 2"),
        ("// comment\n1", "expecting value at line 1, column 1"),
    ],
)
def test_malformed_json_is_refused_with_its_position(data: str, words: str) -> None:
    message = refusal(data)
    assert message.startswith("not valid JSON: ")
    assert words in message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff", "the byte 0xff at line 1, column 1"),
        ("é".encode("latin-1"), "the byte 0xe9 at line 1, column 1"),
        (b'["ab",\n "\xc3\xa9\xc3"]', "the byte 0xc3 at line 2, column 4"),
        ('{"a": 1}'.encode("utf-16"), "the byte 0xff at line 1, column 1"),
        (b'"\xed\xa0\x80"', "the byte 0xed"),
        (b'"\xc0\xaf"', "the byte 0xc0"),
    ],
)
def test_what_is_not_utf_8_is_refused_with_its_position(data: bytes, words: str) -> None:
    message = refusal(data)
    assert message.startswith("not UTF-8 text: ")
    assert words in message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1, "a": 1}', 'the key "a" is twice in one object at line 1, column 10'),
        ('[{"b": 1},\n {"x": {"y": 1, "z": 2,\n "y": 3}}]', '"y" is twice in one object at line 3, column 2'),
        ('{"a": [{"a": 1}], "b": ":", "a": 2}', '"a" is twice in one object at line 1, column 29'),
        ('{"a": 1, "\\u0061": 2}', '"a" is twice'),
        ('{"k:\\u003a": 1, "a": "\\u003A", "b": 1, "b": 2}', '"b" is twice'),
        ('{"a": {"b": 1}, "a": "\\u003a\\u003a"}', '"a" is twice'),
        ('{"": 1, "": 2}', '"" is twice'),
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str, where: str) -> None:
    assert where in refusal(text)
    assert where in refusal(text, nan_to_null=True)


def test_a_very_long_key_is_not_written_in_full() -> None:
    assert len(refusal(f'{{"{"k" * 10_000}": 1, "{"k" * 10_000}": 2}}')) < 200


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_from_a_person(constant: str) -> None:
    assert refusal(f'["{constant}",\n {constant}]') == (
        f"not valid JSON: {constant} at line 2, column 2 is not a number; use null"
    )


def test_what_is_no_number_is_null_in_the_output_of_a_component() -> None:
    text = '{"a": NaN, "b": [Infinity, -Infinity, 1], "c": "NaN"}'
    assert parse_json(text, nan_to_null=True) == {"a": None, "b": [None, None, 1], "c": "NaN"}


@pytest.mark.parametrize("text", ["nan", "inf", "+Infinity", "[nan]", "-NaN"])
def test_other_spellings_of_no_number_are_malformed_even_then(text: str) -> None:
    assert refusal(text, nan_to_null=True).startswith("not valid JSON: ")


@pytest.mark.parametrize("options", [{}, {"nan_to_null": True}])
def test_a_number_beyond_floats_is_refused_and_not_made_infinite(options: dict[str, Any]) -> None:
    assert (
        refusal("[1,\n -1e400]", **options) == "not valid JSON: the number at line 2, column 2 is too large for a float"
    )


def test_integers_beyond_64_bits_keep_all_their_digits() -> None:
    for integer in (2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**100, 10**19 - 1, -(10**18)):
        assert parse_json(f"[{integer}]") == [integer]
        assert parse_json(f'{{"a": {integer}}}') == {"a": integer}


def test_long_fractions_are_floats() -> None:
    assert parse_json(f"[0.{'3' * 5000}, 1.{'0' * 30}, 12345678901234567890.5]") == [1 / 3, 1.0, 12345678901234567890.5]


def test_digits_in_texts_may_be_many() -> None:
    digits = "1" * (MAX_INTEGER_DIGITS * 2)
    assert parse_json(f'["{digits}"]') == [digits]


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_is_bounded_in_its_digits(sign: str) -> None:
    largest = sign + "9" * MAX_INTEGER_DIGITS
    assert parse_json(f"[{largest}]") == [int(largest)]
    assert refusal(f"[0,\n {largest}0]") == "the integer at line 2, column 2 has more than 4,300 digits"


@pytest.mark.parametrize("text", ['"\\ud800"', '{"a": ["\\uDC00x"]}', '{"\\ud83d": 1}', '["\\ude00\\ud83d"]'])
def test_half_of_a_surrogate_pair_is_refused(text: str) -> None:
    message = refusal(text)
    assert "half of a surrogate pair" in message
    assert "at line 1, column " in message


def test_half_of_a_surrogate_pair_in_a_python_string_is_refused() -> None:
    assert "half of a surrogate pair at line 2, column 1" in refusal('"a\n\ud800"')


def test_an_escaped_backslash_before_a_u_is_no_surrogate() -> None:
    assert parse_json('["\\\\ud800", 1e5, 18446744073709551616]')[0] == "\\ud800"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    levels = opening.count("[") + opening.count("{")
    times = MAX_DEPTH // levels
    parse_json(opening * times + "1" + closing * times)
    assert "nested more than 500 levels deep at line 1" in refusal(opening * (times + 1) + "1" + closing * (times + 1))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_hostile_depth_is_refused_and_does_not_crash(text: str) -> None:
    assert "nested more than 500 levels deep" in refusal(text)


def test_brackets_in_texts_do_not_count_as_levels() -> None:
    assert parse_json(json.dumps(["[" * 10_000])) == ["[" * 10_000]


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    assert parse_json("[1]", max_bytes=3) == [1]
    assert refusal("[1" * 1000, max_bytes=3) == "the JSON is too large: 2,000 bytes, of which at most 3 are read"
    assert "4 bytes" in refusal('"é"', max_bytes=3)


def test_large_json_is_read_with_the_garbage_collector_left_as_it_was() -> None:
    text = json.dumps([{"point": [1.5, 2.5, 3.5]}] * 50_000)
    assert gc.isenabled()
    assert len(parse_json(text)) == 50_000
    assert gc.isenabled()
    refusal(text[:-1])
    assert gc.isenabled()
    gc.disable()
    try:
        parse_json(text)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_search_for_a_position_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interfaces.json_positions.MAX_SEARCHED", 10)
    assert refusal('{"abc": 1, "abc": 2}') == 'not valid JSON: the key "abc" is twice in one object'


def test_several_threads_may_read_at_once() -> None:
    text = json.dumps([{"a": index} for index in range(100_000)])
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(parse_json(text)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [100_000] * 4
    assert gc.isenabled()


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(value=values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
@settings(max_examples=150, deadline=None)
def test_whatever_json_can_write_is_read_back_alike(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    found = parse_json(text)
    assert repr(found) == repr(json.loads(text))  # repr tells 1 from 1.0, and -0.0 from 0.0


@given(data=st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0aNe1.-+nt \n', max_size=40).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_the_fast_path_accepts_only_what_the_strict_one_reads_alike(data: bytes) -> None:
    fast = json_parsing._parse_fast(data)
    try:
        strict = json_parsing._parse_strictly(data, nan_to_null=False)
    except ValidationError as error:
        assert fast is json_parsing._DOUBT, f"orjson took {data!r}, but: {error}"
    else:
        assert fast is json_parsing._DOUBT or repr(fast) == repr(strict)

"""What runs from the Prefect UI may reach, and that nobody else is limited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interfaces.access import (
    RUNNER_VARIABLE,
    allowed_path,
    check_definitions,
    check_function,
    check_uri,
    checked_input,
    checked_output,
    input_folders,
    is_limited,
    limited_access,
    output_folders,
)
from interfaces.errors import DefinitionError, ValidationError
from interfaces.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(RUNNER_VARIABLE, raising=False)
    get_settings.cache_clear()
    yield tmp_path / "home"
    get_settings.cache_clear()


@pytest.fixture
def allow(monkeypatch):
    def allow(**lists: list[object]) -> None:
        for name, values in lists.items():
            monkeypatch.setenv(f"COMPONENT_FLOWS_ACCESS__{name.upper()}", json.dumps([str(one) for one in values]))
        get_settings.cache_clear()

    return allow


@pytest.fixture
def scans(tmp_path, allow) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "brain.mha").touch()
    (tmp_path / "secret.mha").touch()
    (tmp_path / "scans-of-others").mkdir()
    allow(input_folders=[folder])
    return folder


def test_a_process_that_prefect_started_for_a_run_is_limited_and_no_other(monkeypatch):
    assert not is_limited()
    monkeypatch.setenv(RUNNER_VARIABLE, "b0a2a3c8-8b5b-4f6e-9d0e-1b5a1c0c9d7e")
    assert is_limited()
    with limited_access(False):
        assert not is_limited()
    assert is_limited()


def test_unless_set_inputs_lie_in_the_home_folder_and_so_do_results(home):
    assert (input_folders(), output_folders()) == ((home / "inputs",), (home / "outputs",))
    with pytest.raises(ValidationError, match=r"home/inputs\); put it there, or .*COMPONENT_FLOWS_ACCESS__INPUT_FOLD"):
        checked_input("/etc/passwd")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/root{scans}/../secret.mha",
        "/dev/stdin",
        "{scans}/../secret.mha",
        "{scans}/./../scans/../secret.mha",
        "../secret.mha",
        "{scans}-of-others",
        "{scans}/link",
        "{scans}/chain/secret.mha",
        "link",
        "~/../../secret.mha",
        "{scans}/a\0b",
        "",
    ],
)
def test_no_path_leads_out_of_the_folders(scans, path):
    (scans / "link").symlink_to(scans.parent / "secret.mha")
    (scans / "chain").symlink_to("link2")
    (scans / "link2").symlink_to("..")
    given = path.format(scans=scans)
    if given == "":
        assert checked_input(given) == (scans, scans)  # the folder itself, which may hold cases
    else:
        with pytest.raises(ValidationError, match="is not in a folder that runs from the Prefect UI may read"):
            checked_input(given)


def test_a_path_is_whole_or_relative_to_an_allowed_folder_and_links_within_are_followed(scans, tmp_path, allow):
    (scans / "latest.mha").symlink_to("brain.mha")
    (tmp_path / "other" / "deep").mkdir(parents=True)
    (tmp_path / "other" / "deep" / "heart.mha").touch()
    (tmp_path / "alias").symlink_to(scans)
    allow(input_folders=[tmp_path / "alias", tmp_path / "other"])
    assert checked_input(scans / "latest.mha") == (scans, scans / "brain.mha")
    assert checked_input(tmp_path / "alias" / "brain.mha") == (scans, scans / "brain.mha")
    assert checked_input("deep/heart.mha") == (tmp_path / "other", tmp_path / "other" / "deep" / "heart.mha")
    assert checked_input("not there") == (scans, scans / "not there")


def test_nothing_is_looked_up_for_a_path_that_lies_elsewhere(scans, monkeypatch):
    looked_up = []
    real = __import__("os").path.realpath
    monkeypatch.setattr("os.path.realpath", lambda path, **options: looked_up.append(str(path)) or real(path))
    assert allowed_path("/net/some-host/export", [scans]) is None
    assert looked_up == [str(scans)]


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("s3://scans/open/brain.mha", True),
        ("s3://scans/open", True),
        ("https://pacs.example/files/1", True),
        ("https://PACS.example/files/1", True),
        ("s3://scans/openly/brain.mha", False),
        ("s3://scans/open/../closed/brain.mha", False),
        ("s3://scans/open/%2e%2E/closed", False),
        ("s3://scans-of-others/open/brain.mha", False),
        ("https://pacs.example/files/./../admin", False),
        ("https://pacs.example/files\\..\\admin", False),
        ("https://pacs.example:8080/files/1", False),
        ("https://pacs.example.evil/files/1", False),
        ("http://pacs.example/files/1", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("http://127.0.0.1:4200/api/admin/settings", False),
        ("http://[::1]/files/1", False),
        ("file:///etc/passwd", False),
        ("local:///etc/passwd", False),
        ("simplecache::https://pacs.example/files/1", False),
        ("https://pacs.example/files/1::file:///etc/passwd", False),
        ("zip://x::https://pacs.example/files/1", False),
        ("https://pacs.example/files/1\r\nHost: other", False),
        ("https://pacs.example]/files/1", False),
    ],
)
def test_a_uri_is_read_only_below_what_is_allowed(allow, uri, allowed):
    allow(input_uris=["s3://scans/open/", "https://pacs.example/files"])
    if allowed:
        check_uri(uri)
    else:
        with pytest.raises(ValidationError, match="not among those that runs from the Prefect UI may read"):
            check_uri(uri)


def test_no_uri_is_read_unless_one_is_allowed():
    with pytest.raises(ValidationError, match=r"may read \(none\)"):
        check_uri("s3://scans/brain.mha")


@pytest.mark.parametrize(
    "secret", ["https://me:hunter-2@pacs.example/files/1", "https://pacs.example/files/1?sig=hunter-2"]
)
def test_a_uri_with_credentials_is_refused_without_repeating_them(allow, secret):
    allow(input_uris=["https://pacs.example/files"])
    with pytest.raises(ValidationError, match="has credentials in it") as caught:
        check_uri(secret)
    assert "hunter-2" not in str(caught.value)


def test_results_are_written_in_the_allowed_folders_only(home, tmp_path):
    assert checked_output("anywhere.csv") == Path("anywhere.csv")
    with limited_access():
        assert checked_output("today/table.csv") == home / "outputs" / "today" / "table.csv"
        assert (home / "outputs" / "today").is_dir()
        (home / "outputs" / "out.csv.part").symlink_to(tmp_path / "elsewhere")
        for wrong in ("/etc/cron.d/table.csv", "../table.csv", home / "component-flows.db", "", "out.csv"):
            with pytest.raises(DefinitionError, match="COMPONENT_FLOWS_ACCESS__OUTPUT_FOLDERS"):
                checked_output(wrong)


def test_definitions_and_functions_are_those_that_the_site_names(tmp_path, allow):
    check_definitions([tmp_path])
    check_function("os:system")
    with limited_access():
        with pytest.raises(DefinitionError, match="COMPONENT_FLOWS_ACCESS__DEFINITION_FOLDERS"):
            check_definitions([tmp_path])
        with pytest.raises(DefinitionError, match=r"'os:system' can't follow .* \(none can\)"):
            check_function("os:system")
        allow(definition_folders=[tmp_path / "ours"], functions=["ours:after"])
        check_definitions([tmp_path / "ours" / "one"])
        check_function("ours:after")
        with pytest.raises(DefinitionError, match="COMPONENT_FLOWS_ACCESS__DEFINITION_FOLDERS"):
            check_definitions([tmp_path / "ours", tmp_path / "theirs"])

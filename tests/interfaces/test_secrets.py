"""What is taken out of texts, and what is left alone."""

from __future__ import annotations

import logging
import subprocess
import sys
from urllib.parse import quote

import pytest

from interfaces import secrets
from interfaces.errors import DefinitionError, ServiceUnavailable
from interfaces.secrets import all_without_secrets, remember_secrets, secrets_of_url, without_secrets
from interfaces.secrets_in_logs import keep_secrets_out_of_logs
from interfaces.settings import get_settings


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(secrets, "_known", set())
    monkeypatch.setattr(secrets, "_pattern", None)
    for name in secrets.SECRET_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://u:p%40ss@h:5432/db", "postgresql://***@h:5432/db"),
        ("postgresql://u:pa/ss@h/db", "postgresql://***@h/db"),
        ("postgresql://u:p@ss@h/db?x=1", "postgresql://***@h/db?***"),
        ("https://u:p?w@h/db", "https://***@h/db"),
        ("https://u:p#w@h/db", "https://***@h/db"),
        ("https://token@h/x", "https://***@h/x"),
        ("https://u:p@host/x?X-Amz-Signature=abc&y=1", "https://***@host/x?***"),
        ("can't fetch 'https://host/x?sig=1': 403", "can't fetch 'https://host/x?***': 403"),
        ("https://host/x#access_token=1", "https://host/x#***"),
        ("https://a/x?k=1 and https://b/y?k=2", "https://a/x?*** and https://b/y?***"),
        ("s3://key:secret@bucket/a@b", "s3://***@b"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("{'Authorization': b'Bearer abc.def'}", "{'Authorization': b'Bearer ***'}"),
        ("host=h password=hunter2 user=u", "host=h password=*** user=u"),
        ("/x?X-Amz-Signature=abc&y=1", "/x?X-Amz-Signature=***&y=1"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text, clean):
    assert without_secrets(text) == clean
    assert without_secrets(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:4300/api/flow_runs/1",
        "http://[::1]:4300/a@b",
        "https://host/path@v1.2/x",
        "docker://localhost:5000/name@sha256:abc",
        "127.0.0.1:5000/name@sha256:abc",
        "s3://bucket/folder/scan 1.nii.gz",
        "unexpected token: '}' at line 3",
        "the password is wrong; a basic knowledge of tokens helps",
        "is it there? a=b, or what",
        "",
    ],
)
def test_what_is_no_secret_is_left_alone(text):
    assert without_secrets(text) == text


@pytest.mark.parametrize("form", [str, quote, lambda text: quote(text, safe=""), repr])
def test_what_is_known_is_taken_out_in_every_form(form):
    secret = "w@rd/7&ünder"
    assert form(secret).strip("'") in f"x{form(secret)}"
    remember_secrets(secret, None, "", "abc")
    assert "rd" not in without_secrets(f"x{form(secret)}y")
    assert without_secrets("abc") == "abc"  # too short to be looked for everywhere


def test_the_longest_of_two_secrets_goes_first():
    remember_secrets("hunter", "hunter-and-more")
    assert without_secrets("hunter-and-more hunter") == "*** ***"


def test_secrets_of_the_environment_are_looked_up_each_time(monkeypatch):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "site:from-the-environment")
    assert without_secrets("401 for from-the-environment") == "401 for ***"
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    assert without_secrets("from-the-environment") == "from-the-environment"


def test_json_is_cleaned_at_any_depth_names_included():
    given = {"https://a?k=1": [{"uri": "https://u:p@h/x"}, 1, None, True], "n": ("https://h?s=1",)}
    assert all_without_secrets(given) == {
        "https://a?***": [{"uri": "https://***@h/x"}, 1, None, True],
        "n": ["https://h?***"],
    }


def test_the_secrets_of_a_url_are_its_password_and_what_its_query_calls_one():
    url = "postgresql://u:p%40ss@h/db?sslpassword=other&sslmode=require"
    assert secrets_of_url(url) == ["p%40ss", "other"]
    assert secrets_of_url("s3://bucket/x") == []


@pytest.mark.parametrize("url", ["postgresql://u:pa@ss@h/db", "postgresql://u:pa@ss/w@h:5432/db"])
def test_a_password_with_an_at_that_is_not_encoded_is_refused_before_part_of_it_is_taken_for_a_host(monkeypatch, url):
    monkeypatch.setenv("COMPONENT_FLOWS_DATABASE_URL", url)
    get_settings.cache_clear()
    with pytest.raises(DefinitionError, match=r"COMPONENT_FLOWS_DATABASE_URL .* write '%40' for it") as caught:
        get_settings()
    assert "ss" not in str(caught.value).replace("password", "")
    monkeypatch.setenv("COMPONENT_FLOWS_DATABASE_URL", "postgresql://u:pa%40ss@h/db?host=/run/@a")
    assert get_settings().database_url is not None
    get_settings.cache_clear()


def test_errors_quote_nothing_secret_and_neither_do_settings(monkeypatch, tmp_path):
    assert str(ServiceUnavailable("can't reach https://u:p@h/x")) == "can't reach https://***@h/x"
    error = DefinitionError("https://h?k=1 is wrong", key="image")
    assert (error.message, str(error)) == ("https://h?*** is wrong", "image: https://h?*** is wrong")
    monkeypatch.setenv("COMPONENT_FLOWS_DATABASE_URL", "postgresql://u:planted-0815@h/db")
    monkeypatch.setenv("COMPONENT_FLOWS_STORAGE_URL", "ftp://u:planted-0816@h/db")
    get_settings.cache_clear()
    try:
        shown = f"{get_settings()!r} {get_settings()} {get_settings().model_dump()} {get_settings().model_dump_json()}"
        assert "planted" not in shown
        assert without_secrets("the driver says planted-0815 and planted-0816") == "the driver says *** and ***"
    finally:
        get_settings.cache_clear()


def test_log_records_are_clean_with_the_errors_behind_them(caplog):
    keep_secrets_out_of_logs()
    keep_secrets_out_of_logs()
    remember_secrets("planted-0817")
    try:
        try:
            raise OSError("GET https://h/x?k=planted")
        except OSError as error:
            raise RuntimeError("planted-0817 is wrong") from error
    except RuntimeError:
        logging.getLogger("prefect.flow_runs").exception("at %s", "https://u:planted@h/x")
        logging.getLogger("somebody.else").warning("at %s", "https://u:p@h/x")
    ours, theirs = caplog.records
    assert "planted" not in caplog.handler.format(ours)
    assert "RuntimeError: *** is wrong" in caplog.handler.format(ours)
    assert ours.exc_info is None  # some handlers would print the error itself again
    assert theirs.getMessage() == "at https://u:p@h/x"


def test_a_wrong_number_of_arguments_is_left_to_the_handlers(caplog):
    keep_secrets_out_of_logs()
    logging.raiseExceptions, before = False, logging.raiseExceptions
    try:
        logging.getLogger("prefect").warning("%s and %s", "one")
    finally:
        logging.raiseExceptions = before


def test_a_fault_that_nobody_caught_is_printed_without_secrets():
    code = (
        "import sys; from interfaces.secrets_in_logs import show_fault_without_secrets as show\n"
        "sys.excepthook = show\nraise OSError('GET https://u:planted@h/x?k=planted')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "OSError: GET https://***@h/x?***"
    assert "Traceback" in done.stderr
    # The line of the code itself is shown from its file, where there is one.
    assert "planted" not in done.stderr

"""What is said about an image's configuration."""

from __future__ import annotations

import pytest
from records import a_component

from interfaces.component import Method
from interfaces.containers.records import ImageInfo
from interfaces.findings import Level
from interfaces.image_lint import lint_image

GB = 2**30
GOOD = {
    "id": "sha256:1",
    "user": "user",
    "architecture": "amd64",
    "os": "linux",
    "entrypoint": ("python3", "/main.py"),
    "command": (),
    "size_bytes": GB,
    "repo_tags": (),
    "layers": 12,
}


def findings(*, method: Method = Method.EXEC, **changes):
    image = ImageInfo(**{**GOOD, **changes})
    return lint_image(image, a_component(method=method), max_bytes=10 * GB)


def test_a_good_image_is_not_talked_about():
    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": ""}, "it has no USER"),
        ({"user": "0:0"}, "its USER is '0:0'"),
        ({"entrypoint": (), "command": ()}, "neither ENTRYPOINT nor CMD"),
        ({"architecture": "arm64"}, "it is for linux/arm64, and linux/amd64 is needed"),
        ({"os": "windows"}, "it is for windows/amd64"),
        ({"size_bytes": 11 * GB}, "it has 11.0 GB, and at most 10.0 GB are taken"),
    ],
)
def test_what_would_be_refused_is_an_error_with_a_remedy(changes, words):
    [found] = findings(**changes)
    assert found.level is Level.ERROR
    assert words in found.sentence
    assert found.remedy


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size_bytes": 6 * GB}, "6.0 GB, of 10.0 GB at most"),
        ({"layers": 120}, "120 layers"),
        ({"entrypoint": ("/bin/sh", "-c", "python3 /main.py")}, "SIGTERM"),
        ({"entrypoint": (), "command": ("/bin/sh", "-c", "python3 /main.py")}, "SIGTERM"),
        ({"user": "1000:1000"}, "it sets no HOME"),
        ({"environment": {"HOME": "/output/home"}}, "no place for caches"),
        ({"volumes": ("/output",)}, "VOLUME /output is replaced"),
        ({"volumes": ("/tmp/x",)}, "VOLUME /tmp/x is replaced"),
        ({"volumes": ("/data",)}, "VOLUME /data is thrown away"),
        ({"has_health_check": True}, "HEALTHCHECK is never run"),
        ({"ports": ("80/tcp",)}, "exposes 80/tcp"),
    ],
)
def test_what_may_surprise_is_a_warning_with_a_remedy(changes, words):
    [found] = findings(**changes)
    assert found.level is Level.WARNING
    assert words in found.sentence
    assert found.remedy


def test_a_number_with_a_home_of_its_own_is_fine():
    assert findings(user="1000", environment={"HOME": "/home/user"}) == []


def test_the_port_of_a_component_that_is_called_over_http_is_fine():
    assert findings(method=Method.INVOKE, ports=("4743/tcp",)) == []
    assert findings(ports=("4743/tcp",)) != []


def test_errors_come_first():
    levels = [one.level for one in findings(has_health_check=True, user="", layers=120)]
    assert levels == [Level.ERROR, Level.WARNING, Level.WARNING]

"""The engine's JSON as records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interfaces.containers.engine_facts import container_from, engine_time, image_from


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-04T05:06:07.123456789Z", datetime(2025, 3, 4, 5, 6, 7, 123456, UTC)),
        ("2025-03-04T05:06:07.1Z", datetime(2025, 3, 4, 5, 6, 7, 100000, UTC)),
        ("2025-03-04T05:06:07Z", datetime(2025, 3, 4, 5, 6, 7, 0, UTC)),
        ("2025-03-04T05:06:07.5+02:00", datetime(2025, 3, 4, 3, 6, 7, 500000, UTC)),
        ("2025-03-04T05:06:07-01:00", datetime(2025, 3, 4, 6, 6, 7, 0, UTC)),
    ],
)
def test_a_time_of_the_engine_is_utc_to_the_microsecond(text, expected):
    assert engine_time(text) == expected
    assert engine_time(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        engine_time(text)


@pytest.mark.parametrize("config", [None, {}, {"User": None, "Cmd": None, "Entrypoint": None, "Labels": None}])
def test_an_image_that_says_little_has_empty_facts(config):
    image = image_from({"Id": "sha256:1", "Config": config, "RepoTags": None})
    assert (image.user, image.command, image.entrypoint, image.repo_tags, image.labels) == ("", (), (), (), {})


def test_a_container_without_a_name_is_still_found():
    container = container_from({"Id": "1", "Names": None, "State": "dead", "Created": 0, "Labels": None})
    assert (container.name, container.state, container.labels) == ("", "dead", {})
    assert container.created_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_an_image_that_says_much_keeps_it():
    config = {
        "Env": ["HOME=/home/user", "EMPTY=", "A=b=c"],
        "Volumes": {"/data": {}},
        "ExposedPorts": {"80/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "true"]},
    }
    image = image_from({"Id": "sha256:1", "Config": config, "RootFS": {"Layers": ["sha256:2", "sha256:3"]}})
    assert image.environment == {"HOME": "/home/user", "EMPTY": "", "A": "b=c"}
    assert (image.volumes, image.ports, image.has_health_check, image.layers) == (("/data",), ("80/tcp",), True, 2)
    assert not image_from({"Id": "1", "Config": {"Healthcheck": {"Test": ["NONE"]}}}).has_health_check
